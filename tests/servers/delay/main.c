/*
 * The loop: receive what has come, send what is due, sleep until 80 us before the next is due, and spin for the rest.
 * The receive time of a message is taken when epoll wakes; with --spin that is when it came.
 */
#include "delay.h"
#include <fcntl.h>
#include <math.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#define SPIN_NS    80000
#define REORDER_NS 100000000
#define EVENTS     256
#define ADDRESSES  65536 /* datagram clients are told apart by this many buckets of their address */

/* A connection, or one datagram client's address. Freed when it has gone and no reply of its own is left in the queue.
 */
struct client {
	int fd; /* -1: gone */
	bool is_stream, read_ended, watches_out;
	unsigned int n_owed; /* replies in the queue */
	long long last_due_ns, read_after_ns;
	uint64_t n_replies;
	struct reply *held; /* by reorder: settled when the next has left, or when it is due itself */
	struct peer_text out;
	socklen_t addr_len;
	struct sockaddr_storage addr;
	struct client *next; /* in its bucket */
};

struct server {
	struct options options;
	int epoll, listener, signals;
	uint64_t n_orders;
	long long started_ns, queue_free_ns, now_ns;
	struct queue queue;
	struct totals totals;
	struct arrivals arrivals;
	struct client **buckets;
	unsigned short random[3]; /* of erand48: from 0, so that each run draws the same */
	char buffer[PEER_BUFFER];
};

/* --- clients --------------------------------------------------------------------------------------------------- */

static void client_watch(struct server *s, struct client *c, int operation)
{
	struct epoll_event event = {.data.ptr = c};

	if (!c->read_ended)
		event.events |= EPOLLIN;
	if (c->out.n)
		event.events |= EPOLLOUT;
	c->watches_out = c->out.n;
	epoll_ctl(s->epoll, operation, c->fd, &event);
}

static void client_free_if_done(struct client *c)
{
	if (!c->is_stream || c->fd >= 0 || c->n_owed)
		return;
	free(c->out.p);
	free(c);
}

/* Closes; the replies still queued are dropped when their time comes. */
static void client_close(struct client *c, bool reset)
{
	struct linger linger = {.l_onoff = 1};

	if (c->fd < 0)
		return;
	if (reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(c->fd);
	c->fd = -1;
	c->out.n = 0;
}

/* Write what is waiting; false when the client has gone. */
static bool client_flush(struct server *s, struct client *c)
{
	ssize_t n = c->out.n ? send(c->fd, c->out.p, c->out.n, MSG_NOSIGNAL) : 0;

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		client_close(c, false);
		return false;
	}
	if (n > 0) {
		c->out.n -= n;
		memmove(c->out.p, c->out.p + n, c->out.n);
	}
	if (c->watches_out != (c->out.n > 0))
		client_watch(s, c, EPOLL_CTL_MOD);
	return true;
}

static struct client *client_of_address(struct server *s, const struct sockaddr_storage *addr, socklen_t addr_len)
{
	const unsigned char *bytes = (const unsigned char *)addr;
	struct client **at, *c;
	uint32_t hash = 2166136261u;

	for (socklen_t i = 0; i < addr_len; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	for (at = &s->buckets[hash % ADDRESSES]; *at; at = &(*at)->next)
		if ((*at)->addr_len == addr_len && !memcmp(&(*at)->addr, addr, addr_len))
			return *at;
	*at = c = calloc(1, sizeof(*c));
	if (!c)
		peer_die(3, "out of memory");
	c->fd = s->listener;
	c->addr = *addr;
	c->addr_len = addr_len;
	s->totals.connections++;
	return c;
}

/* --- replies --------------------------------------------------------------------------------------------------- */

static void transmit(struct server *s, struct reply *reply)
{
	struct client *c = reply->client;
	struct peer_text text = {0};

	if (c->is_stream) {
		reply_write(&c->out, &s->options, reply);
		if (reply->spoil == SPOIL_DUPLICATE)
			reply_write(&c->out, &s->options, reply);
		client_flush(s, c);
		return;
	}
	reply_write(&text, &s->options, reply);
	for (int i = 0; i < (reply->spoil == SPOIL_DUPLICATE ? 2 : 1); i++)
		sendto(c->fd, text.p, text.n, 0, (struct sockaddr *)&c->addr, c->addr_len);
	free(text.p);
}

/* The end of a conversation that has been half-closed, once nothing is owed. */
static void client_end_if_done(struct client *c)
{
	if (c->is_stream && c->fd >= 0 && c->read_ended && !c->n_owed && !c->out.n)
		client_close(c, false);
}

static void reply_perform(struct server *s, struct reply *reply)
{
	struct client *c = reply->client;

	switch (reply->spoil) {
	case SPOIL_LOSE: break;
	case SPOIL_EARLY_END:
	case SPOIL_RESET: client_close(c, reply->spoil == SPOIL_RESET); break;
	case SPOIL_SHORT_REPLY:
	case SPOIL_RESET_IN_REPLY:
		transmit(s, reply);
		client_close(c, reply->spoil == SPOIL_RESET_IN_REPLY);
		break;
	default:
		transmit(s, reply);
		c->n_replies++;
		s->totals.replies += reply->spoil <= SPOIL_REORDER || reply->spoil == SPOIL_LATE;
	}
	s->totals.spoilt[reply->spoil]++;
}

/* Its time has come: perform it, unless the client has gone or has had all the replies that it gets. */
static void reply_settle(struct server *s, struct reply *reply)
{
	struct client *c = reply->client;

	reply->settled = true;
	c->n_owed--;
	if (c->held == reply)
		c->held = NULL;
	if (c->fd < 0) {
		s->totals.unanswered++;
	} else if (c->is_stream && s->options.reset_every && c->n_replies >= (uint64_t)s->options.reset_every) {
		client_close(c, true);
		s->totals.resets_after++;
	} else {
		reply_perform(s, reply);
	}
}

static void reply_leave(struct server *s, struct reply *reply)
{
	struct client *c = reply->client;

	if (!reply->settled) { /* else it followed another before its time; its client may be freed */
		if (c->held == reply)
			reply->spoil = SPOIL_NONE; /* no other came in time: it leaves in order after all */
		reply_settle(s, reply);
		if (c->held && c->held->order < reply->order) /* an earlier one of the client overtakes nothing */
			reply_settle(s, c->held);
		client_end_if_done(c);
		client_free_if_done(c);
	}
	free(reply);
}

/* How long the one queue takes for the next message. */
static long long service_ns(struct server *s)
{
	double mean_ns = (double)s->options.service_ns;

	return s->options.exponential ? (long long)(-log(1 - erand48(s->random)) * mean_ns) : s->options.service_ns;
}

/* A message has come: decide what happens to it, and when. */
static void message_accept(struct server *s, struct client *c, size_t n)
{
	const struct options *o = &s->options;
	struct reply *reply = malloc(sizeof(*reply) + n);
	long long due_ns = s->now_ns + o->delay_ns;

	if (!reply)
		peer_die(3, "out of memory");
	if (o->arrivals)
		arrivals_add(&s->arrivals, s->now_ns);
	*reply = (struct reply){.order = ++s->n_orders, .client = c, .n = n};
	memcpy(reply->bytes, s->buffer, n);
	reply->spoil = spoil_choose(o, ++s->totals.messages);
	if (o->service_ns) {
		s->queue_free_ns = (s->queue_free_ns > s->now_ns ? s->queue_free_ns : s->now_ns) + service_ns(s);
		if (due_ns < s->queue_free_ns)
			due_ns = s->queue_free_ns;
	}
	if (reply->spoil == SPOIL_LATE)
		due_ns += o->late_ns;
	if (c->is_stream && due_ns < c->last_due_ns)
		due_ns = c->last_due_ns; /* a stream's replies keep their order, unless they are to be reordered */
	c->last_due_ns = due_ns;
	if (reply->spoil == SPOIL_REORDER && c->held) {
		reply->spoil = SPOIL_NONE; /* one at a time */
	} else if (reply->spoil == SPOIL_REORDER) {
		c->held = reply;
		due_ns += REORDER_NS;
	}
	reply->due_ns = due_ns;
	c->n_owed++;
	queue_push(&s->queue, reply);
}

/* --- the loop -------------------------------------------------------------------------------------------------- */

static void client_accept(struct server *s)
{
	struct client *c;
	int fd, on = 1;

	while ((fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		c = calloc(1, sizeof(*c));
		if (!c)
			peer_die(3, "out of memory");
		c->fd = fd;
		c->is_stream = true;
		if (s->options.endpoint.family != AF_UNIX)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		client_watch(s, c, EPOLL_CTL_ADD);
		s->totals.connections++;
	}
}

static void client_read(struct server *s, struct client *c, uint32_t events)
{
	size_t most = s->options.slow_read_ns ? (size_t)s->options.slow_read_bytes : sizeof(s->buffer);
	ssize_t n;

	if (events & EPOLLOUT && !client_flush(s, c)) {
		client_free_if_done(c);
		return;
	}
	client_end_if_done(c);
	if (c->fd < 0 || c->read_ended || s->now_ns < c->read_after_ns) {
		client_free_if_done(c);
		return;
	}
	n = recv(c->fd, s->buffer, most < sizeof(s->buffer) ? most : sizeof(s->buffer), 0);
	c->read_after_ns = s->now_ns + s->options.slow_read_ns;
	if (n > 0) {
		message_accept(s, c, n);
	} else if (n == 0) {
		c->read_ended = true;
		client_watch(s, c, EPOLL_CTL_MOD);
		client_end_if_done(c);
	} else if (errno != EAGAIN && errno != EINTR) {
		client_close(c, false);
	}
	client_free_if_done(c);
}

static void datagrams_read(struct server *s)
{
	struct sockaddr_storage addr;
	socklen_t addr_len;
	ssize_t n;

	for (int i = 0; i < 64; i++) {
		addr_len = sizeof(addr);
		n = recvfrom(s->listener, s->buffer, sizeof(s->buffer), MSG_DONTWAIT, (struct sockaddr *)&addr,
		             &addr_len);
		if (n < 0)
			return;
		if (n > 0 && addr_len > sizeof(sa_family_t))
			message_accept(s, client_of_address(s, &addr, addr_len), n);
	}
}

/* How long epoll may sleep: until SPIN_NS before the next reply; 0 to spin. */
static struct timespec sleep_time(const struct server *s)
{
	const struct reply *first = queue_first(&s->queue);
	long long wait_ns = first ? first->due_ns - peer_now_ns(CLOCK_MONOTONIC) - SPIN_NS : 60000000000;

	if (wait_ns < 0 || s->options.spin)
		wait_ns = 0;
	return (struct timespec){wait_ns / 1000000000, wait_ns % 1000000000};
}

static void stand_still(struct server *s)
{
	long long every_ns = s->options.stall_every_ns, in_period_ns = (s->now_ns - s->started_ns) % every_ns;
	long long until_ns = s->now_ns - in_period_ns + every_ns;
	struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};

	if (in_period_ns < every_ns - s->options.stall_for_ns)
		return;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	s->now_ns = peer_now_ns(CLOCK_MONOTONIC);
}

/* One turn; false when SIGTERM or SIGINT has come. */
static bool turn(struct server *s)
{
	struct epoll_event events[EVENTS];
	struct timespec wait = sleep_time(s);
	int n = epoll_pwait2(s->epoll, events, EVENTS, &wait, NULL);

	if (s->options.slow_read_ns)
		usleep(200); /* what rests is readable all the time */
	s->now_ns = peer_now_ns(CLOCK_MONOTONIC);
	if (s->options.stall_every_ns)
		stand_still(s);
	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr == &s->signals)
			return false;
		if (events[i].data.ptr != &s->listener)
			client_read(s, events[i].data.ptr, events[i].events);
		else if (s->options.endpoint.type == SOCK_STREAM)
			client_accept(s);
		else
			datagrams_read(s);
	}
	while (queue_first(&s->queue) && queue_first(&s->queue)->due_ns <= peer_now_ns(CLOCK_MONOTONIC))
		reply_leave(s, queue_pop(&s->queue));
	return true;
}

static void watch(struct server *s, int *fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = fd};

	epoll_ctl(s->epoll, EPOLL_CTL_ADD, *fd, &event);
}

static void start(struct server *s)
{
	struct rlimit limit;
	int bytes = 8 << 20;
	sigset_t set;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	prctl(PR_SET_TIMERSLACK, 1);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->buckets = calloc(ADDRESSES, sizeof(*s->buckets));
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (!s->buckets || s->epoll < 0 || s->signals < 0)
		peer_die(3, "start: %s", strerror(errno));
	s->listener = peer_listen(&s->options.endpoint, SOCK_NONBLOCK);
	setsockopt(s->listener, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	watch(s, &s->signals);
	watch(s, &s->listener);
	s->started_ns = peer_now_ns(CLOCK_MONOTONIC);
	peer_ready(s->options.ready_fd, &s->options.endpoint);
}

int main(int argc, char **argv)
{
	struct server *s = calloc(1, sizeof(*s));
	int error = 0;

	if (!s)
		peer_die(3, "out of memory");
	options_parse(&s->options, argc, argv);
	peer_bound_life();
	start(s);
	while (turn(s))
		;
	for (size_t i = 0; i < s->queue.n; i++)
		s->totals.unanswered += !s->queue.at[i]->settled;
	if (peer_path(&s->options.endpoint))
		unlink(peer_path(&s->options.endpoint));
	if (s->options.totals)
		error = totals_write(&s->totals, s->options.totals);
	if (!error && s->options.arrivals)
		error = arrivals_write(&s->arrivals, s->options.arrivals);
	if (error)
		peer_die(3, "%s: %s", s->options.totals, strerror(-error));
	return 0;
}

/*
 * The loop: receive what has come, send what is due, sleep until 80 us before the next is due, and spin for the rest.
 * The receive time of a message is taken when epoll wakes; with --spin that is when it came.
 */
#include "server.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#define SPIN_NS      80000
#define IDLE_NS      60000000000 /* with nothing to send */
#define BUFFER_BYTES (8 << 20)   /* so that the kernel drops no datagram before we read it */
#define EVENTS       256

/* How long epoll may sleep: until SPIN_NS before the next reply; 0 to spin. */
static struct timespec sleep_time(const struct server *s)
{
	const struct reply *first = queue_first(&s->queue);
	long long wait_ns = first ? first->due_ns - peer_now_ns(CLOCK_MONOTONIC) - SPIN_NS : IDLE_NS;

	if (wait_ns < 0 || s->options.spin)
		wait_ns = 0;
	return (struct timespec){wait_ns / 1000000000, wait_ns % 1000000000};
}

/* Until the period is over, or a signal has come, which the next turn sees. */
static void stand_still(struct server *s)
{
	long long every_ns = s->options.stall_every_ns, in_period_ns = (s->now_ns - s->started_ns) % every_ns;
	long long rest_ns = every_ns - in_period_ns;
	struct timespec rest = {rest_ns / 1000000000, rest_ns % 1000000000};

	if (in_period_ns < every_ns - s->options.stall_for_ns)
		return;
	ppoll(&(struct pollfd){.fd = s->signals, .events = POLLIN}, 1, &rest, NULL);
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
	int bytes = BUFFER_BYTES;
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

static void write_files(const struct server *s)
{
	const struct options *o = &s->options;
	int error = o->totals ? totals_write(&s->totals, o->totals) : 0;

	if (error)
		peer_die(3, "%s: %s", o->totals, strerror(-error));
	error = o->arrivals ? arrivals_write(&s->arrivals, o->arrivals) : 0;
	if (error)
		peer_die(3, "%s: %s", o->arrivals, strerror(-error));
}

int main(int argc, char **argv)
{
	struct server *s = calloc(1, sizeof(*s));

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
	write_files(s);
	return 0;
}

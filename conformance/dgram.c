#include "dgram.h"
#include "altered.h"
#include "ts_clock.h"
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define N_FENCE    11
#define GLIMPSE_NS (20 * TS_MS) /* between two looks whether a server of ours has ended */

static void report_errors(const struct ts_endpoint *ep, int fd)
{
	int on = 1;

	if (ep->addr.ss_family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	if (ep->addr.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
}

/* A case's later clients have longer paths, by these: some servers keep the length of the first. */
static const char longer[] = "-longer-and-longer-until-it-fills-what-somebody-has-found-long-enough-for-it";
#define LONGER 3

static int bind_path(struct dgram *d, enum dgram_name name)
{
	struct sockaddr_un own = {.sun_family = AF_UNIX};
	int n_longer = name == DGRAM_LONG ? (int)sizeof(longer) - 1 : (d->number - 1) % 4 * LONGER;

	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(d->path, sizeof(d->path), "/tmp/tsconform-%d.%03d%.*s", (int)getpid(), ++d->turn->subject->n_paths,
	         n_longer, longer);
	snprintf(own.sun_path, sizeof(own.sun_path), "%s", d->path);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&own, sizeof(own)) == 0) {
		chmod(d->path, 0777); /* the server may be another user's */
		return fd;
	}
	d->path[0] = '\0';
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * Where the server has a path, its client has one, too: the libraries of some languages can answer no other. Elsewhere,
 * and where none can be made, the kernel finds a name.
 */
static int open_socket(struct dgram *d, enum dgram_name name)
{
	const struct ts_endpoint *ep = &d->turn->subject->endpoint;
	int fd = ts_endpoint_path(ep) && name != DGRAM_ABSTRACT ? bind_path(d, name) : -1;

	return fd >= 0 ? fd : ts_endpoint_socket(ep, SOCK_NONBLOCK);
}

struct dgram *dgram_open_as(struct turn *t, enum dgram_name name)
{
	struct dgram *d = t->blame == NOBODY ? calloc(1, sizeof(*d)) : NULL;

	if (!d)
		return NULL;
	d->turn = t;
	d->number = ++t->n_clients_made;
	d->last_ns = INT64_MIN;
	d->fd = open_socket(d, name);
	if (d->fd < 0) {
		turn_fail(t, OURSELVES, "cannot make a datagram socket: %s%s", strerror(-d->fd),
		          ts_endpoint_advice(&t->subject->endpoint, -d->fd, false));
		free(d);
		return NULL;
	}
	report_errors(&t->subject->endpoint, d->fd);
	return d;
}

struct dgram *dgram_open(struct turn *t)
{
	return dgram_open_as(t, DGRAM_USUAL);
}

void dgram_free(struct dgram *d)
{
	if (!d)
		return;
	close(d->fd);
	if (d->path[0] != '\0')
		unlink(d->path);
	free(d);
}

static bool refused(struct turn *t, int error)
{
	t->subject->gone = true;
	return !turn_sees_end(t, GONE) && turn_fail(t, GONE, "nobody receives the datagrams (%s)", strerror(error));
}

static bool nobody_there(int error)
{
	return error == ECONNREFUSED || error == ENOENT || error == ENOTCONN;
}

bool dgram_send(struct dgram *d, const void *bytes, size_t n)
{
	struct turn *t = d ? d->turn : NULL;
	int64_t deadline = ts_clock_mono_ns() + TS_S;

	if (!t || t->blame != NOBODY || turn_sees_end(t, GONE))
		return false;
	for (;;) {
		const struct ts_endpoint *ep = &t->subject->endpoint;
		ssize_t sent = sendto(d->fd, bytes, n, MSG_NOSIGNAL, (const struct sockaddr *)&ep->addr, ep->addr_len);
		int error = errno;
		if (sent >= 0)
			break;
		bool again = error == EAGAIN || error == EINTR || error == ENOBUFS || nobody_there(error);
		if (nobody_there(error) && turn_sees_end(t, GONE))
			return false;
		if (!again || ts_clock_mono_ns() > deadline)
			return nobody_there(error)
			               ? refused(t, error)
			               : turn_fail(t, OURSELVES, "cannot send a datagram of %zu bytes: %s%s", n,
			                           strerror(error), ts_endpoint_advice(ep, error, false));
		ts_clock_sleep_until(ts_clock_mono_ns() + 5 * TS_MS);
	}
	d->n_tail = n < sizeof(d->tail) ? n : sizeof(d->tail);
	memcpy(d->tail, (const char *)bytes + n - d->n_tail, d->n_tail);
	trace_add(&t->trace, ts_clock_mono_ns(), d->number, "send", bytes, n);
	return true;
}

/* An address in its family's own shape. */
union address {
	struct sockaddr_storage any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

static bool same_address(struct dgram *d, const union address *asked, const union address *from, socklen_t n_from)
{
	if (asked->any.ss_family == AF_INET)
		return asked->in.sin_port == from->in.sin_port &&
		       (asked->in.sin_addr.s_addr == from->in.sin_addr.s_addr ||
		        asked->in.sin_addr.s_addr == INADDR_ANY);
	if (asked->any.ss_family == AF_INET6)
		return asked->in6.sin6_port == from->in6.sin6_port &&
		       memcmp(&asked->in6.sin6_addr, &from->in6.sin6_addr, sizeof(asked->in6.sin6_addr)) == 0;
	if (n_from <= sizeof(sa_family_t) || (asked->un.sun_path[0] != 0) != (from->un.sun_path[0] != 0))
		return false;
	/* A path may be bound under another spelling, or moved since: but it is that of the first reply. */
	if (d->home[0] == '\0')
		snprintf(d->home, sizeof(d->home), "%s", from->un.sun_path);
	return strcmp(d->home, from->un.sun_path) == 0;
}

/* Until something comes, or the deadline, or the end of a server of ours: then nothing comes any more. */
static int wait_for_one(struct dgram *d, int64_t deadline)
{
	struct pollfd poll_fd = {.fd = d->fd, .events = POLLIN};
	const struct launch *launch = d->turn->subject->launch;

	for (;;) {
		int64_t left = deadline - ts_clock_mono_ns();
		int64_t step = launch && left > GLIMPSE_NS ? GLIMPSE_NS : left;
		struct timespec ts = {.tv_sec = step / TS_S, .tv_nsec = step % TS_S};
		if (left <= 0)
			return 0;
		if (ppoll(&poll_fd, 1, &ts, NULL) != 0)
			return 1;
		/* Its last reply may have come meanwhile. */
		if (launch_ended(launch, NULL, 0) && poll(&poll_fd, 1, 0) == 0 && turn_sees_end(d->turn, SILENCE))
			return -ESRCH;
	}
}

int dgram_receive(struct dgram *d, int64_t wait_ns)
{
	int64_t deadline = ts_clock_mono_ns() + wait_ns;
	const union address asked = {.any = d->turn->subject->endpoint.addr};
	union address from = {0};

	for (;;) {
		socklen_t n_from = sizeof(from.any);
		ssize_t n = recvfrom(d->fd, d->bytes, sizeof(d->bytes), 0, (struct sockaddr *)&from.any, &n_from);
		if (n >= 0) {
			struct ts_endpoint ep = {.transport = d->turn->subject->endpoint.transport,
			                         .addr_len = n_from,
			                         .addr = from.any};
			d->n = (size_t)n;
			d->foreign = !same_address(d, &asked, &from, n_from);
			if (d->foreign && n_from > sizeof(sa_family_t))
				ts_endpoint_text(&ep, d->from, sizeof(d->from));
			else if (d->foreign)
				snprintf(d->from, sizeof(d->from), "a socket without a name");
			bool stray = d->foreign && (d->n_tail == 0 || !memmem(d->bytes, d->n, d->tail, d->n_tail));
			trace_add(&d->turn->trace, ts_clock_mono_ns(), d->number, stray ? "stray" : "recv", d->bytes,
			          d->n);
			if (!stray)
				return 1;
			if (ts_clock_mono_ns() >= deadline)
				return 0;
			continue;
		}
		int error = errno;
		if (nobody_there(error) && turn_sees_end(d->turn, SILENCE))
			return -ESRCH;
		if (error != EAGAIN && error != EINTR)
			return -error;
		int got = wait_for_one(d, deadline);
		if (got <= 0)
			return got;
	}
}

/* A further datagram is answered, and what went before is not: it is lost, not late. */
static bool passed_over(struct dgram *d)
{
	struct turn *t = d->turn;
	char fence[N_FENCE];

	turn_letters(t, fence, N_FENCE);
	return dgram_send(d, fence, N_FENCE) && dgram_receive(d, turn_wait_ns(t)) == 1 && d->n > N_FENCE &&
	       memcmp(d->bytes + d->n - N_FENCE, fence, N_FENCE) == 0;
}

static bool failed(struct turn *t, int error)
{
	return error == ESRCH || nobody_there(error)
	               ? refused(t, error)
	               : turn_fail(t, OURSELVES, "cannot receive a datagram: %s", strerror(error));
}

/* No reply came in time. */
static bool unanswered(struct dgram *d, const char *bytes, size_t n)
{
	struct turn *t = d->turn;
	double waited_s = (double)turn_wait_ns(t) / 1e9;
	bool lost = passed_over(d), repeated = lost && dgram_repeats(d, bytes, n);
	char which[80];

	snprintf(t->expected, sizeof(t->expected), "one reply datagram");
	snprintf(t->actual, sizeof(t->actual), lost ? "none, but one to the next datagram" : "silence");
	if (t->blame != NOBODY)
		return false;
	t->sort = LOST;
	return turn_fail(t, lost ? BYTES : SILENCE, "a datagram of %zu bytes%s was not answered within %.1f s%s%s", n,
	                 repeated ? ", the same as the one before it," : "", waited_s,
	                 lost ? ", and the next one was" : "", altered_which(bytes, n, which, sizeof(which)));
}

bool dgram_await(struct dgram *d)
{
	struct turn *t = d->turn;
	int got = dgram_receive(d, turn_wait_ns(t));

	if (got < 0)
		failed(t, -got);
	if (got == 0 && t->blame == NOBODY)
		t->sort = t->subject->loses ? LOST : ANY;
	if (got == 0)
		turn_fail(t, SILENCE, "no reply came within %.1f s", (double)turn_wait_ns(t) / 1e9);
	return got == 1;
}

bool dgram_expect(struct dgram *d, const void *bytes, size_t n, int64_t sent_ns)
{
	struct turn *t = d->turn;

	if (t->blame != NOBODY)
		return false;
	int got = dgram_receive(d, turn_wait_ns(t));
	if (got < 0)
		return failed(t, -got);
	if (got == 0)
		return unanswered(d, bytes, n);
	return dgram_judge(d, bytes, n, sent_ns);
}

bool dgram_say(struct dgram *d, const void *bytes, size_t n)
{
	int64_t sent_ns = ts_clock_wall_ns();

	return dgram_send(d, bytes, n) && dgram_expect(d, bytes, n, sent_ns);
}

bool dgram_say_letters(struct dgram *d, size_t n)
{
	char letters[4096];

	if (!d)
		return false;
	turn_letters(d->turn, letters, n);
	return dgram_say(d, letters, n);
}

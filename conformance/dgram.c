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
#define BEHIND_NS  (60 * TS_MS) /* so long a reply may take to come behind another's copy */
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
	static _Atomic int n_made;
	struct sockaddr_un own = {.sun_family = AF_UNIX};
	int n_longer = name == DGRAM_LONG ? (int)sizeof(longer) - 1 : (d->number - 1) % 4 * LONGER;

	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(d->path, sizeof(d->path), "/tmp/tsconform-%d.%03d%.*s", (int)getpid(), ++n_made, n_longer, longer);
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
		turn_fail(t, OURSELVES, "cannot make a datagram socket: %s", strerror(-d->fd));
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
			return nobody_there(error) ? refused(t, error)
			                           : turn_fail(t, OURSELVES, "cannot send a datagram of %zu bytes: %s",
			                                       n, strerror(error));
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
			if (stray)
				continue;
			return 1;
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

static uint64_t hash_of(const char *bytes, size_t n)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 1099511628211u;
	return hash;
}

/* A reply that came before, once more? It is as long as that, and ends with the bytes that were answered. Where those
 * are the beginning of what was sent now, it is this datagram's own reply, cut short; and where they are all of it,
 * they tell nothing. */
static bool came_before(const struct dgram *d, const char *sent, size_t n)
{
	for (int i = 0; i < d->n_past && i < DGRAM_PAST; i++) {
		const struct dgram_past *past = &d->past[i];
		if (past->n > 0 && past->n <= n && hash_of(sent, past->n) == past->hash)
			continue;
		if (past->n > 0 && d->n == past->n_reply && hash_of(d->bytes + d->n - past->n, past->n) == past->hash)
			return true;
	}
	return false;
}

/* The same was sent before, and its reply may have come twice: then this datagram's own is still to come. */
static bool came_before_its_own(struct dgram *d, const char *sent, size_t n)
{
	uint64_t hash = hash_of(sent, n);
	bool same = false;

	for (int i = 0; i < d->n_past && i < DGRAM_PAST; i++)
		same |= d->past[i].n == n && d->past[i].hash == hash;
	return same && dgram_receive(d, BEHIND_NS + 2 * d->turn->subject->dialect.rtt_ns) == 1;
}

static void remember(struct dgram *d, const char *bytes, size_t n)
{
	d->past[d->n_past++ % DGRAM_PAST] = (struct dgram_past){.n = n, .n_reply = d->n, .hash = hash_of(bytes, n)};
}

static enum sort sort_of(struct dgram *d, const char *sent, size_t n, enum ts_reply_verdict verdict)
{
	if (came_before(d, sent, n) || (verdict == TS_REPLY_STALE_TIME && came_before_its_own(d, sent, n)))
		return TWICE;
	return verdict == TS_REPLY_STALE_TIME || verdict == TS_REPLY_FUTURE_TIME ? WRONG_TIME
	       : verdict == TS_REPLY_NO_BRACKET                                  ? NO_STAMP
	       : verdict == TS_REPLY_BAD_TIME                                    ? OTHER_TIME
	       : verdict == TS_REPLY_BAD_SEPARATOR                               ? OTHER_SEPARATOR
	                                                                         : ANY;
}

#define N_LONG 1000

/* More came back than was sent: what is left of a longer message? Two more show it: nobody else is there in these
 * turns. */
static bool is_uncleared(struct dgram *d)
{
	struct turn *t = d->turn;
	char text[N_LONG];
	size_t n_head = 1 + t->subject->dialect.rule.n_separator + N_FENCE;

	if (!t->row || t->row->n_clients > 1)
		return false;
	turn_letters(t, text, N_LONG);
	if (!dgram_send(d, text, N_LONG) || dgram_receive(d, turn_wait_ns(t)) != 1)
		return false;
	turn_letters(t, text, N_FENCE);
	if (!dgram_send(d, text, N_FENCE) || dgram_receive(d, turn_wait_ns(t)) != 1)
		return false;
	const char *close = memchr(d->bytes, ']', d->n), *end = d->bytes + d->n;
	size_t n_more = close && (size_t)(end - close) > n_head ? (size_t)(end - close) - n_head : 0;
	size_t n_left = n_more < N_LONG - N_FENCE ? n_more : N_LONG - N_FENCE;
	return n_left > 0 && memcmp(close + n_head, text + N_FENCE, n_left) == 0;
}

bool dgram_judge(struct dgram *d, const void *bytes, size_t n, int64_t sent_ns)
{
	struct turn *t = d->turn;
	const struct dialect *dialect = &t->subject->dialect;
	char quoted[160], off[60] = "";
	int64_t stamp_ns = 0;

	if (t->blame != NOBODY)
		return false;
	if (!dialect->known)
		return turn_fail(t, BYTES, "the server does not answer with [time]data");
	if (d->foreign) {
		t->sort = OTHER_SOURCE;
		return turn_fail(t, BYTES, "the reply came from %s, not from the address that was asked", d->from);
	}
	enum ts_reply_verdict verdict = n == 0 ? dialect_judge_bare(dialect, d->bytes, d->n, sent_ns, &stamp_ns)
	                                       : ts_reply_datagram(&dialect->rule, bytes, n, d->bytes, d->n, sent_ns,
	                                                           ts_clock_wall_ns(), &stamp_ns);
	if (verdict == TS_REPLY_LEGAL && d->last_ns != INT64_MIN &&
	    stamp_ns + dialect->stamp.resolution_ns <= d->last_ns)
		verdict = TS_REPLY_STALE_TIME;
	if (verdict == TS_REPLY_LEGAL) {
		t->subject->n_judged++;
		d->last_ns = stamp_ns;
		remember(d, bytes, n);
		return true;
	}
	snprintf(t->expected, sizeof(t->expected), "[time]%.*s and then %s", (int)dialect->rule.n_separator,
	         dialect->rule.separator, trace_quote(bytes, n, quoted, sizeof(quoted)));
	snprintf(t->actual, sizeof(t->actual), "%s", trace_quote(d->bytes, d->n, quoted, sizeof(quoted)));
	t->sort = sort_of(d, bytes, n, verdict);
	if (t->sort == TWICE)
		return turn_fail(t, BYTES, "the reply to an earlier datagram came once more");
	const char *how = t->sort == ANY ? altered_reply(&dialect->rule, bytes, n, d->bytes, d->n) : NULL;
	if (how)
		return turn_fail(t, BYTES, "%s", how);
	t->sort = verdict == TS_REPLY_SHORT ? CUT : verdict == TS_REPLY_EXCESS ? LEFTOVER : t->sort;
	if (t->sort == LEFTOVER)
		return turn_fail(
		        t, BYTES,
		        is_uncleared(d)
		                ? "bytes of an earlier message follow the data"
		                : "bytes follow the data that are not of its message, perhaps of an earlier one");
	if (t->sort == WRONG_TIME)
		altered_time(&dialect->rule, d->bytes, d->n, ts_clock_wall_ns(), off, sizeof(off));
	return turn_fail(t, BYTES, "%s (a datagram of %zu bytes was answered with %zu)",
	                 *off ? off : ts_reply_verdict_text(verdict), n, d->n);
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
	bool lost = passed_over(d);
	char which[80];

	snprintf(t->expected, sizeof(t->expected), "one reply datagram");
	snprintf(t->actual, sizeof(t->actual), lost ? "none, but one to the next datagram" : "silence");
	if (t->blame != NOBODY)
		return false;
	t->sort = LOST;
	return turn_fail(t, lost ? BYTES : SILENCE, "a datagram of %zu bytes was not answered within %.1f s%s%s", n,
	                 waited_s, lost ? ", and the next one was" : "", altered_which(bytes, n, which, sizeof(which)));
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

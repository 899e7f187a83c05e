/* Bytes to the server and back. */
#include "peer_inside.h"
#include "ts_clock.h"
#include "ts_signal.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define FENCE_NS      (400 * TS_MS) /* and ten round trips: so long without a reply */
#define FENCE_REST_NS (50 * TS_MS)  /* the same, from a server that keeps rests */
#define N_FENCE       7
#define AGAIN         (128 << 10) /* bytes of a message that is sent once more, at most */

int peer_wait(int fd, short events, int64_t wait_ns)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};
	struct timespec ts = {.tv_sec = wait_ns / TS_S, .tv_nsec = wait_ns % TS_S};

	if (wait_ns < 0)
		ts = (struct timespec){0};
	if (wait_ns > 200 * TS_MS) /* so that a stop is noticed, whichever thread the signal went to */
		ts = (struct timespec){.tv_nsec = 200 * TS_MS};
	int n = ppoll(&poll_fd, 1, &ts, NULL);
	return n > 0 ? poll_fd.revents : 0;
}

/*
 * Acknowledge at once what came: a server whose kernel holds small segments back (Nagle's algorithm) would wait 40 ms
 * for that, and we for the server.
 */
static void acknowledge(const struct peer *p)
{
	int on = 1;

	if (p->turn->subject->endpoint.transport == TS_TCP)
		setsockopt(p->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

static bool read_some(struct peer *p)
{
	static _Thread_local char buffer[PEER_READ_BYTES];
	struct trace *trace = &p->turn->trace;
	ssize_t n = recv(p->fd, buffer, p->read_max ? p->read_max : sizeof(buffer), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	p->progress_ns = ts_clock_mono_ns();
	if (n <= 0) {
		p->ended = true;
		p->reset = n < 0;
		trace_add(trace, p->progress_ns, p->number, n < 0 ? "recv RST" : "recv FIN", NULL, 0);
		return true;
	}
	acknowledge(p);
	trace_add(trace, p->progress_ns, p->number, "recv", buffer, (size_t)n);
	return peer_judge(p, buffer, (size_t)n);
}

static void write_some(struct peer *p)
{
	size_t n_left = p->n_in - p->n_written;
	int64_t wall_ns = ts_clock_wall_ns();
	ssize_t n = send(p->fd, p->in + p->n_written, n_left, MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	p->progress_ns = ts_clock_mono_ns();
	if (n < 0) {
		p->n_in = p->n_written; /* what could not be sent is not owed; the end is noticed by reading */
		p->broken = true;
		return;
	}
	/* A one-shot server may look at its clock before it reads: the common SocketServer listing does. */
	if (p->reply.matched == p->n_written && !p->turn->subject->dialect.one_shot)
		p->sent_ns = wall_ns;
	trace_add(&p->turn->trace, p->progress_ns, p->number, "send", p->in + p->n_written, (size_t)n);
	p->n_written += (size_t)n;
}

bool peer_pump(struct peer *p, int64_t wait_ns)
{
	bool writes = p->n_written < p->n_in && !p->broken;
	if (ts_signal_stop())
		return turn_fail(p->turn, OURSELVES, "the suite was stopped");
	int events = peer_wait(p->fd, (short)((p->ended || p->deaf ? 0 : POLLIN) | (writes ? POLLOUT : 0)), wait_ns);

	if (events & POLLOUT && writes)
		write_some(p);
	if (events & (POLLIN | POLLHUP | POLLERR) && !p->ended && !p->deaf)
		return read_some(p);
	return true;
}

static void remember(struct peer *p, const void *bytes, size_t n)
{
	size_t left = p->n_told < sizeof(p->told) ? sizeof(p->told) - p->n_told : 0;

	memcpy(p->told + sizeof(p->told) - left, bytes, n < left ? n : left);
	p->n_told += n;
}

bool peer_send(struct peer *p, const void *bytes, size_t n)
{
	if (!p || p->turn->blame != NOBODY)
		return false;
	if (p->n_in > 0 && peer_answered(p)) {
		ts_reply_next(&p->reply);
		p->rested_ns = ts_clock_mono_ns() - p->progress_ns;
		p->n_in = p->n_written = p->n_first = p->n_fence = 0;
	}
	if (p->n_in + n > p->size_in) {
		size_t size = p->size_in * 2 > p->n_in + n ? p->size_in * 2 : p->n_in + n + 256;
		char *in = realloc(p->in, size);
		if (!in)
			return turn_fail(p->turn, OURSELVES, "out of memory for a message");
		p->in = in;
		p->size_in = size;
	}
	memcpy(p->in + p->n_in, bytes, n);
	p->n_in += n;
	remember(p, bytes, n);
	p->progress_ns = ts_clock_mono_ns();
	if (!p->broken)
		write_some(p);
	return true;
}

bool peer_flush(struct peer *p)
{
	if (!p)
		return false;
	while (p->n_written < p->n_in && !p->ended && !p->broken) {
		if (p->turn->blame != NOBODY)
			return false;
		int64_t left = p->progress_ns + turn_wait_ns(p->turn) - ts_clock_mono_ns();
		if (left <= 0)
			return peer_too_late(p);
		if (!peer_pump(p, left))
			return false;
	}
	return p->turn->blame == NOBODY;
}

/*
 * While the queue of its callers is full, the server's machine does not take what a caller sends: what comes behind
 * that then may be taken for the first, or be reset.
 */
static bool is_on_the_way(const struct peer *p)
{
	return p->turn->subject->endpoint.transport == TS_TCP && peer_taken(p) < p->n_written;
}

static bool may_fence(const struct peer *p)
{
	return p->n_fence == 0 && !p->again && p->n_written == p->n_in && !p->half_closed && !p->broken && !p->dumb &&
	       !p->turn->subject->dialect.one_shot;
}

/* Until when to wait for the next byte: the fence, or the last moment. */
static int64_t wait_until_ns(struct peer *p)
{
	const bool soon = p->turn->subject->holds_rests && peer_owed(p) < p->n_in;
	int64_t fence_ns = p->progress_ns + (soon ? FENCE_REST_NS : FENCE_NS) + 10 * p->turn->subject->dialect.rtt_ns;
	int64_t last_ns = p->progress_ns + turn_wait_ns(p->turn);

	if (!may_fence(p) || fence_ns > last_ns)
		return last_ns;
	if (ts_clock_mono_ns() < fence_ns)
		return fence_ns;
	if (is_on_the_way(p))
		return last_ns;
	size_t before = p->n_in;
	p->n_held = peer_owed(p);
	trace_add(&p->turn->trace, ts_clock_mono_ns(), p->number, "no reply", NULL, 0);
	peer_send_letters(p, N_FENCE);
	p->n_fence = p->n_in - before;
	return p->progress_ns + turn_wait_ns(p->turn);
}

/* A message was answered when the fence had come behind it: was that by chance? */
static bool answers_alone(struct peer *p)
{
	size_t n = p->n_in - p->n_fence;

	const bool is_rest = peer_holds_rest(p);

	if (p->n_fence == 0 || n > AGAIN || (is_rest && p->turn->subject->holds_rests))
		return true;
	char *message = malloc(n);
	if (!message)
		return turn_fail(p->turn, OURSELVES, "out of memory for a message of %zu bytes", n);
	memcpy(message, p->in, n);
	p->again = true;
	bool ok = peer_say(p, message, n);
	p->again = false;
	free(message);
	return ok || (is_rest && peer_excuse_rest(p));
}

bool peer_await(struct peer *p)
{
	if (!p)
		return false;
	while (!peer_answered(p) || p->broken) {
		int64_t left = wait_until_ns(p) - ts_clock_mono_ns();
		if (p->turn->blame != NOBODY)
			return false;
		if (p->ended)
			return peer_early_end(p);
		if (ts_clock_mono_ns() >= p->progress_ns + turn_wait_ns(p->turn))
			return peer_too_late(p);
		if (left > 0 && !peer_pump(p, left))
			return false;
	}
	if (p->turn->blame != NOBODY || !peer_lines_fit(p))
		return false;
	p->turn->subject->n_judged++;
	return answers_alone(p);
}

bool peer_answered_within(struct peer *p, int64_t wait_ns)
{
	int64_t deadline = ts_clock_mono_ns() + wait_ns, left;

	if (!p)
		return false;
	while (!peer_answered(p) && !p->ended && (left = deadline - ts_clock_mono_ns()) > 0)
		if (p->turn->blame != NOBODY || !peer_pump(p, left))
			return false;
	return peer_answered(p);
}

bool peer_listen(struct peer *p, int64_t wait_ns)
{
	int64_t deadline = ts_clock_mono_ns() + wait_ns, left;

	if (!p)
		return false;
	const int64_t before = p->n_read;
	while (!p->ended && p->n_read == before && (left = deadline - ts_clock_mono_ns()) > 0)
		if (p->turn->blame != NOBODY || !peer_pump(p, left))
			break;
	return p->n_read > before;
}

bool peer_answered_but(struct peer *p, size_t n_left)
{
	while (p && !p->ended && peer_owed(p) > n_left && peer_listen(p, turn_wait_ns(p->turn)))
		;
	return p && peer_owed(p) <= n_left;
}

static void raise_to(_Atomic size_t *most, size_t n)
{
	size_t before = *most;

	while (n > before && !atomic_compare_exchange_weak(most, &before, n))
		;
}

/* Under how many stamps did a message come back? Where it was cut, its pieces are as large as the largest that was not,
 * or larger. */
static void note_chunks(const struct peer *p, size_t n)
{
	struct subject *s = p->turn->subject;
	const unsigned n_stamps = p->n_fence == 0 ? p->reply.n_stamps : 0;

	if (n_stamps > 0 && !s->dialect.line)
		raise_to(n_stamps == 1 ? &s->whole_bytes : &s->chunk_bytes, (n + n_stamps - 1) / n_stamps);
}

bool peer_say(struct peer *p, const void *bytes, size_t n)
{
	const bool alone = peer_owed(p) == 0;
	const bool ok = peer_send(p, bytes, n) && peer_await(p);

	if (ok && alone)
		note_chunks(p, n);
	return ok;
}

bool peer_send_letters(struct peer *p, size_t n)
{
	char framed[8192 + 2];

	return p && peer_send(p, framed, turn_framed_letters(p->turn, n, framed));
}

bool peer_say_letters(struct peer *p, size_t n)
{
	return peer_send_letters(p, n) && peer_await(p);
}

bool peer_rest(struct peer *p, int64_t ns)
{
	if (!p)
		return false;
	const int64_t since_ns = p->progress_ns, deadline = ts_clock_mono_ns() + ns;
	int64_t left;

	while ((left = deadline - ts_clock_mono_ns()) > 0) {
		if (p->turn->blame != NOBODY || !peer_pump(p, left))
			return false;
		if (p->ended) {
			p->turn->sort = IDLE_END;
			return turn_fail(p->turn, BYTES,
			                 "the server ended a conversation that its client had not ended, after a rest "
			                 "of %.1f s",
			                 (double)(p->progress_ns - since_ns) / 1e9);
		}
	}
	return p->turn->blame == NOBODY;
}

#include "peer.h"
#include "ts_clock.h"
#include "ts_signal.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES     65536
#define REFUSED_FOR_NS (1 * TS_S)     /* a refused connect is tried again for so long */
#define END_WITHIN_NS  (2500 * TS_MS) /* the protocol's 2 s, and what a busy machine adds */
#define POLITE_BYTES   (1 << 18)

/* --- connecting ------------------------------------------------------------------------------------------ */

static int wait_for(int fd, short events, int64_t wait_ns)
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

/* One attempt. 0, or -errno; -ETIMEDOUT when the deadline passed. */
static int connect_once(const struct ts_endpoint *ep, bool small_buffers, int64_t deadline_ns, int *fd)
{
	int error = 0, small = 4096;
	socklen_t n = sizeof(error);

	*fd = ts_endpoint_socket(ep, SOCK_NONBLOCK);
	if (*fd < 0)
		return *fd;
	if (small_buffers)
		setsockopt(*fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (connect(*fd, (const struct sockaddr *)&ep->addr, ep->addr_len) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	while (!wait_for(*fd, POLLOUT, deadline_ns - ts_clock_mono_ns()))
		if (ts_clock_mono_ns() >= deadline_ns || ts_signal_stop())
			return -ETIMEDOUT;
	getsockopt(*fd, SOL_SOCKET, SO_ERROR, &error, &n);
	return -error;
}

static bool refused(int result)
{
	return result == -ECONNREFUSED || result == -ENOENT || result == -ECONNRESET;
}

static int connect_until(const struct ts_endpoint *ep, bool small_buffers, int64_t wait_ns, int *fd)
{
	int64_t begin = ts_clock_mono_ns();

	for (;;) {
		int result = connect_once(ep, small_buffers, begin + wait_ns, fd);
		int64_t waited = ts_clock_mono_ns() - begin;
		bool again = (refused(result) && waited < REFUSED_FOR_NS) || result == -EAGAIN || result == -EINTR;
		if (result == 0)
			return 0;
		if (*fd >= 0)
			close(*fd);
		if (!again || waited > wait_ns)
			return result;
		ts_clock_sleep_until(ts_clock_mono_ns() + 10 * TS_MS);
	}
}

static struct peer *adopt(struct turn *t, int fd)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (!p || t->n_peers == TURN_PEERS) {
		free(p);
		close(fd);
		turn_fail(t, OURSELVES, "out of memory for a test client");
		return NULL;
	}
	p->turn = t;
	p->fd = fd;
	ts_reply_init(&p->reply);
	p->progress_ns = ts_clock_mono_ns();
	p->sent_ns = ts_clock_wall_ns();
	t->peers[t->n_peers++] = p;
	p->number = ++t->n_clients_made;
	trace_add(&t->trace, p->progress_ns, p->number, "connect", NULL, 0);
	return p;
}

struct peer *peer_try(struct turn *t, int64_t wait_ns, bool small_buffers)
{
	int fd;

	turn_share_end(t);
	if (t->blame != NOBODY || connect_until(&t->subject->endpoint, small_buffers, wait_ns, &fd) < 0)
		return NULL;
	return adopt(t, fd);
}

struct peer *peer_open(struct turn *t)
{
	int fd;

	turn_share_end(t);
	if (t->blame != NOBODY)
		return NULL;
	int result = connect_until(&t->subject->endpoint, false, turn_wait_ns(t), &fd);
	if (result == 0)
		return adopt(t, fd);
	if (refused(result)) {
		t->subject->gone = true;
		turn_fail(t, GONE, "the server refuses to be connected to (%s)", strerror(-result));
	} else if (result == -ETIMEDOUT || result == -EAGAIN) {
		turn_fail(t, SILENCE, "the connection was not taken within %.1f s", (double)turn_wait_ns(t) / 1e9);
	} else {
		turn_fail(t, OURSELVES, "cannot connect: %s", strerror(-result));
	}
	return NULL;
}

/* --- judging --------------------------------------------------------------------------------------------- */

size_t peer_owed(const struct peer *p)
{
	return p->n_in - (p->reply.matched < p->n_in ? p->reply.matched : p->n_in);
}

static bool answered(const struct peer *p)
{
	return p->n_written == p->n_in && ts_reply_complete(&p->reply, p->n_in);
}

static bool blame_bytes(struct peer *p, const char *why, const char *out, size_t n_out)
{
	struct turn *t = p->turn;
	char quoted[160];
	size_t from = p->reply.matched < p->n_in ? p->reply.matched : p->n_in;
	size_t n_next = p->n_in - from < 40 ? p->n_in - from : 40;

	if (t->blame == NOBODY) {
		snprintf(t->expected, sizeof(t->expected), "[time]%.*s and then %s",
		         (int)t->subject->dialect.rule.n_separator, t->subject->dialect.rule.separator,
		         n_next ? trace_quote(p->in + from, n_next, quoted, sizeof(quoted)) : "nothing more");
		snprintf(t->actual, sizeof(t->actual), "%s", trace_quote(out, n_out, quoted, sizeof(quoted)));
	}
	return turn_fail(t, BYTES, "%s (after %zu of %zu bytes answered)", why, from, p->n_in);
}

/* A line server gives each line one stamp. */
static bool lines_fit(struct peer *p)
{
	size_t n_lines = 0;

	if (!p->turn->subject->dialect.line)
		return true;
	for (size_t i = 0; i < p->n_in; i++)
		n_lines += p->in[i] == '\n';
	n_lines += p->n_in > 0 && p->in[p->n_in - 1] != '\n';
	if (p->reply.n_stamps == n_lines)
		return true;
	return turn_fail(p->turn, BYTES, "%zu lines were answered with %u stamps", n_lines, p->reply.n_stamps);
}

static bool judge(struct peer *p, const char *out, size_t n_out)
{
	const struct dialect *d = &p->turn->subject->dialect;

	for (size_t i = 0; i < n_out && p->n_first < sizeof(p->first); i++)
		p->first[p->n_first++] = out[i];
	p->n_read += (int64_t)n_out;
	if (p->dumb)
		return true;
	if (!d->known)
		return turn_fail(p->turn, BYTES, "the server does not answer with [time]data");
	uint64_t base = ts_reply_base(&p->reply);
	enum ts_reply_verdict verdict = ts_reply_feed(&p->reply, &d->rule, p->in + base, p->n_written - base, out,
	                                              n_out, p->sent_ns, ts_clock_wall_ns());
	if (verdict != TS_REPLY_LEGAL)
		return blame_bytes(p, ts_reply_verdict_text(verdict), n_out < 120 ? p->first : out,
		                   n_out < 120 ? p->n_first : n_out);
	return true;
}

/* --- moving bytes ---------------------------------------------------------------------------------------- */

static bool read_some(struct peer *p)
{
	static _Thread_local char buffer[READ_BYTES];
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
	trace_add(trace, p->progress_ns, p->number, "recv", buffer, (size_t)n);
	return judge(p, buffer, (size_t)n);
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

/* Wait for the socket for at most wait_ns, then move what can be moved. False: something was wrong with the bytes. */
static bool pump(struct peer *p, int64_t wait_ns)
{
	bool writes = p->n_written < p->n_in && !p->broken;
	if (ts_signal_stop())
		return turn_fail(p->turn, OURSELVES, "the suite was stopped");
	int events = wait_for(p->fd, (short)((p->ended || p->deaf ? 0 : POLLIN) | (writes ? POLLOUT : 0)), wait_ns);

	if (events & POLLOUT && writes)
		write_some(p);
	if (events & (POLLIN | POLLHUP | POLLERR) && !p->ended && !p->deaf)
		return read_some(p);
	return true;
}

bool peer_send(struct peer *p, const void *bytes, size_t n)
{
	if (!p || p->turn->blame != NOBODY)
		return false;
	if (p->n_in > 0 && answered(p)) {
		ts_reply_next(&p->reply);
		p->n_in = p->n_written = p->n_first = 0;
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
	p->progress_ns = ts_clock_mono_ns();
	if (!p->broken)
		write_some(p);
	return true;
}

static bool too_late(struct peer *p)
{
	size_t n = p->n_in, owed = peer_owed(p);
	struct turn *t = p->turn;

	snprintf(t->expected, sizeof(t->expected), "a reply to all %zu bytes", n);
	snprintf(t->actual, sizeof(t->actual), "%zu bytes answered, then silence", n - owed);
	return turn_fail(t, SILENCE, "%zu of %zu bytes sent were not answered, and nothing came for %.1f s", owed, n,
	                 (double)turn_wait_ns(t) / 1e9);
}

static bool early_end(struct peer *p)
{
	struct turn *t = p->turn;

	snprintf(t->expected, sizeof(t->expected), "a reply to all %zu bytes", p->n_in);
	snprintf(t->actual, sizeof(t->actual), "%zu bytes answered, then %s", p->n_in - peer_owed(p),
	         p->reset ? "RST" : "FIN");
	return turn_fail(t, BYTES, "the server ended the conversation%s with %zu of %zu bytes unanswered",
	                 p->reset ? " by a reset" : "", peer_owed(p), p->n_in);
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
			return too_late(p);
		if (!pump(p, left))
			return false;
	}
	return p->turn->blame == NOBODY;
}

bool peer_stuff(struct peer *p)
{
	if (!p || p->turn->blame != NOBODY)
		return false;
	p->deaf = true;
	while (p->n_written < p->n_in && !p->broken) {
		size_t before = p->n_written;
		pump(p, 200 * TS_MS);
		if (p->n_written == before)
			break;
	}
	p->deaf = false;
	p->progress_ns = ts_clock_mono_ns();
	return true;
}

bool peer_await(struct peer *p)
{
	if (!p)
		return false;
	while (!answered(p) || p->broken) {
		int64_t left = p->progress_ns + turn_wait_ns(p->turn) - ts_clock_mono_ns();
		if (p->turn->blame != NOBODY)
			return false;
		if (p->ended)
			return early_end(p);
		if (left <= 0)
			return too_late(p);
		if (!pump(p, left))
			return false;
	}
	return p->turn->blame == NOBODY && lines_fit(p);
}

bool peer_answered_within(struct peer *p, int64_t wait_ns)
{
	int64_t deadline = ts_clock_mono_ns() + wait_ns, left;

	while (!answered(p) && !p->ended && (left = deadline - ts_clock_mono_ns()) > 0)
		if (p->turn->blame != NOBODY || !pump(p, left))
			return false;
	return answered(p);
}

bool peer_listen(struct peer *p, int64_t wait_ns)
{
	int64_t before = p->n_read, deadline = ts_clock_mono_ns() + wait_ns, left;

	while (!p->ended && p->n_read == before && (left = deadline - ts_clock_mono_ns()) > 0)
		if (p->turn->blame != NOBODY || !pump(p, left))
			break;
	return p->n_read > before;
}

bool peer_say(struct peer *p, const void *bytes, size_t n)
{
	return peer_send(p, bytes, n) && peer_await(p);
}

bool peer_say_letters(struct peer *p, size_t n)
{
	char letters[4096], framed[4096 + 2];

	if (!p)
		return false;
	turn_letters(p->turn, letters, n);
	return peer_say(p, framed, turn_frame(p->turn, letters, n, framed));
}

bool peer_rest(struct peer *p, int64_t ns)
{
	if (!p)
		return false;
	int64_t deadline = ts_clock_mono_ns() + ns, left;

	while ((left = deadline - ts_clock_mono_ns()) > 0) {
		if (p->turn->blame != NOBODY || !pump(p, left))
			return false;
		if (p->ended)
			return turn_fail(p->turn, BYTES,
			                 "the server ended a conversation that its client had not ended");
	}
	return p->turn->blame == NOBODY;
}

/* --- ends ------------------------------------------------------------------------------------------------ */

bool peer_half_close(struct peer *p)
{
	if (!peer_flush(p))
		return false;
	if (!p->half_closed) {
		shutdown(p->fd, SHUT_WR);
		p->half_closed = true;
		p->progress_ns = ts_clock_mono_ns();
		trace_add(&p->turn->trace, p->progress_ns, p->number, "send FIN", NULL, 0);
	}
	return true;
}

static bool judge_end(struct peer *p)
{
	bool nothing = p->n_in == 0 && p->reply.read == 0;
	enum ts_reply_verdict verdict = nothing ? TS_REPLY_LEGAL : ts_reply_end(&p->reply, p->n_in);

	if (p->dumb || p->turn->blame != NOBODY)
		return p->turn->blame == NOBODY;
	if (verdict == TS_REPLY_SHORT || (p->n_in > 0 && p->reply.read == 0))
		return early_end(p);
	if (verdict != TS_REPLY_LEGAL)
		return blame_bytes(p, ts_reply_verdict_text(verdict), p->first, p->n_first);
	if (p->reset)
		p->turn->unclean = true;
	return lines_fit(p);
}

bool peer_read_end(struct peer *p)
{
	if (!p)
		return false;
	struct turn *t = p->turn;

	while (!p->ended) {
		if (p->dumb && p->n_read > POLITE_BYTES)
			return turn_fail(t, BYTES, "the server floods its client: more than %d bytes came",
			                 POLITE_BYTES);
		bool owes = !answered(p) && p->n_in > 0;
		int64_t allowed = owes ? turn_wait_ns(t) : END_WITHIN_NS + 2 * t->subject->dialect.rtt_ns;
		if (!owes && t->subject->slow_end)
			allowed = 100 * TS_MS;
		int64_t left = p->progress_ns + allowed - ts_clock_mono_ns();
		if (t->blame != NOBODY)
			return false;
		if (left > 0 && !pump(p, left))
			return false;
		if (left > 0)
			continue;
		if (owes)
			return too_late(p);
		if (t->subject->slow_end)
			return true; /* said once already, by the case that is about it */
		snprintf(t->expected, sizeof(t->expected), "the server's FIN within 2 s of the client's");
		snprintf(t->actual, sizeof(t->actual), "no FIN within %.1f s", (double)allowed / 1e9);
		return turn_fail(t, SILENCE, "the server did not end the conversation after its client had");
	}
	return judge_end(p);
}

bool peer_finish(struct peer *p)
{
	return peer_half_close(p) && peer_read_end(p);
}

static void forget(struct peer *p)
{
	struct turn *t = p->turn;

	for (int i = 0; i < t->n_peers; i++)
		if (t->peers[i] == p)
			t->peers[i] = t->peers[--t->n_peers];
	if (t->talk == p)
		t->talk = NULL;
	close(p->fd);
	ts_reply_release(&p->reply);
	free(p->in);
	free(p);
}

void peer_reset(struct peer *p)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	if (!p)
		return;
	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	trace_add(&p->turn->trace, ts_clock_mono_ns(), p->number, "send RST", NULL, 0);
	forget(p);
}

void peer_close(struct peer *p)
{
	if (!p)
		return;
	trace_add(&p->turn->trace, ts_clock_mono_ns(), p->number, "close", NULL, 0);
	forget(p);
}

void peer_free(struct peer *p, int64_t wait_ns)
{
	static _Thread_local char sink[READ_BYTES];
	int64_t deadline = ts_clock_mono_ns() + wait_ns, left, n_total = 0;

	shutdown(p->fd, SHUT_WR);
	while (!p->ended && n_total < POLITE_BYTES && (left = deadline - ts_clock_mono_ns()) > 0) {
		if (!wait_for(p->fd, POLLIN, left) && ts_signal_stop())
			break;
		ssize_t n = recv(p->fd, sink, sizeof(sink), 0);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			p->ended = true;
		n_total += n > 0 ? n : 0;
	}
	forget(p);
}

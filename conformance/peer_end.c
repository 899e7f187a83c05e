/* How a test client leaves: politely, or not. */
#include "peer_inside.h"
#include "ts_clock.h"
#include "ts_signal.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SAID_NS (20 * TS_MS) /* where it is known, and was said, that no end comes */

void peer_cork(struct peer *p)
{
	int on = 1;

	if (p && p->turn->subject->endpoint.transport == TS_TCP)
		setsockopt(p->fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
}

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
		return peer_early_end(p);
	if (verdict != TS_REPLY_LEGAL)
		return peer_blame_bytes(p, verdict, p->first, p->n_first, p->n_first);
	if (p->reset)
		p->turn->unclean = true;
	return peer_lines_fit(p);
}

bool peer_read_end(struct peer *p)
{
	if (!p)
		return false;
	struct turn *t = p->turn;

	int64_t begin_ns = ts_clock_mono_ns(), before = p->n_read;

	while (!p->ended) {
		if (p->dumb && p->n_read > PEER_POLITE_BYTES)
			return turn_fail(t, BYTES, "the server floods its client: more than %d bytes came",
			                 PEER_POLITE_BYTES);
		if (p->dumb && p->n_read > before &&
		    ts_clock_mono_ns() - begin_ns > turn_wait_ns(t) + PEER_END_WITHIN_NS)
			return turn_fail(t, BYTES, "the server goes on sending after its client's end");
		bool owes = !peer_answered(p) && p->n_in > 0;
		int64_t allowed = owes ? turn_wait_ns(t)
		                       : PEER_END_WITHIN_NS + turn_busy_ns() + 2 * t->subject->dialect.least_rtt_ns;
		if (!owes && t->subject->slow_end)
			allowed = SAID_NS;
		int64_t left = p->progress_ns + allowed - ts_clock_mono_ns();
		if (t->blame != NOBODY)
			return false;
		if (left > 0 && !peer_pump(p, left))
			return false;
		if (left > 0)
			continue;
		if (owes)
			return peer_too_late(p);
		if (t->subject->slow_end)
			return true; /* said once already, by the case that is about it */
		snprintf(t->expected, sizeof(t->expected), "the server's FIN within 2 s of the client's");
		snprintf(t->actual, sizeof(t->actual), "no FIN within %.1f s", (double)allowed / 1e9);
		return turn_fail(t, SILENCE, "the server did not end the conversation within 2 s of its client's end");
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
	static _Thread_local char sink[PEER_READ_BYTES];
	int64_t deadline = ts_clock_mono_ns() + wait_ns, left, n_total = 0;

	if (!p)
		return;
	int64_t most = PEER_POLITE_BYTES + 4 * (int64_t)peer_owed(p); /* to leave sooner would reset */

	shutdown(p->fd, SHUT_WR);
	while (!p->ended && n_total < most && (left = deadline - ts_clock_mono_ns()) > 0) {
		if (!peer_wait(p->fd, POLLIN, left) && ts_signal_stop())
			break;
		ssize_t n = recv(p->fd, sink, sizeof(sink), 0);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			p->ended = true;
		n_total += n > 0 ? n : 0;
	}
	forget(p);
}

void peer_leave(struct peer *p)
{
	if (peer_finish(p))
		peer_free(p, 0);
}

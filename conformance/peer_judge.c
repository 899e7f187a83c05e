/* What came is held to the law, and what did not come is named. (peer_blame.c: what came and is wrong.) */
#include "altered.h"
#include "peer_inside.h"
#include "ts_clock.h"
#include <stdio.h>
#include <string.h>

size_t peer_owed(const struct peer *p)
{
	return p ? p->n_in - (p->reply.matched < p->n_in ? p->reply.matched : p->n_in) : 0;
}

bool peer_answered(const struct peer *p)
{
	return p && p->n_written == p->n_in && ts_reply_complete(&p->reply, p->n_in);
}

void peer_contrast(const struct peer *p, const char *expected)
{
	char came[sizeof(p->turn->actual)];

	if (p->n_first > 0)
		trace_quote(p->first, p->n_first, came, sizeof(came));
	else
		snprintf(came, sizeof(came), "%s", p->reset ? "RST" : p->ended ? "FIN" : "nothing");
	turn_contrast(p->turn, expected, came);
}

bool peer_lines_fit(struct peer *p)
{
	size_t n_lines = 0;

	if (!p->turn->subject->dialect.line || p->pieces)
		return true;
	for (size_t i = 0; i < p->n_in; i++)
		n_lines += p->in[i] == '\n';
	n_lines += p->n_in > 0 && p->in[p->n_in - 1] != '\n';
	if (p->reply.n_stamps == n_lines)
		return true;
	if (p->turn->blame == NOBODY)
		p->turn->sort = p->reply.n_stamps > n_lines ? LINE_SPLIT : LINES_JOINED;
	peer_contrast(p, n_lines == 1 ? "one stamp, before the line" : "one stamp before each line");
	return turn_fail(p->turn, BYTES, "%zu line%s answered with %u stamp%s", n_lines,
	                 n_lines == 1 ? " was" : "s were", p->reply.n_stamps, p->reply.n_stamps == 1 ? "" : "s");
}

#define FEW 120 /* so few bytes are better shown with what came before them */

/* The checker has just found a wrong byte in these; n_before had come before them. */
static bool blame_bytes(struct peer *p, enum ts_reply_verdict verdict, const char *out, size_t n_out, uint64_t n_before)
{
	uint64_t n_right = p->reply.read;

	if (n_out < FEW && n_right <= p->n_first)
		return peer_blame_bytes(p, verdict, p->first, p->n_first, (size_t)n_right);
	return peer_blame_bytes(p, verdict, out, n_out, n_right > n_before ? (size_t)(n_right - n_before) : 0);
}

bool peer_judge(struct peer *p, const char *out, size_t n_out)
{
	const struct dialect *d = &p->turn->subject->dialect;

	for (size_t i = 0; i < n_out && p->n_first < sizeof(p->first); i++)
		p->first[p->n_first++] = out[i];
	p->turn->subject->n_served += p->n_read == 0;
	p->n_read += (int64_t)n_out;
	if (p->dumb)
		return true;
	if (!d->known)
		return turn_fail(p->turn, BYTES, "the server does not answer with [time]data");
	p->n_due = peer_owed(p);
	uint64_t base = ts_reply_base(&p->reply), n_before = p->reply.read;
	enum ts_reply_verdict verdict = ts_reply_feed(&p->reply, &d->rule, p->in + base, p->n_written - base, out,
	                                              n_out, p->sent_ns, ts_clock_wall_ns());
	if (verdict != TS_REPLY_LEGAL)
		return blame_bytes(p, verdict, out, n_out, n_before);
	return true;
}

bool peer_too_late(struct peer *p)
{
	size_t n = p->n_in - p->n_fence, owed = peer_owed(p) - (p->n_fence < peer_owed(p) ? p->n_fence : 0);
	struct turn *t = p->turn;
	char which[80];

	snprintf(t->expected, sizeof(t->expected), "a reply to all %zu bytes", n);
	snprintf(t->actual, sizeof(t->actual), "%zu bytes answered, then silence", n - owed);
	t->sort = t->blame != NOBODY ? t->sort : p->again || owed < n ? PARTLY : NO_ANSWER;
	altered_which(p->in + n - owed, owed, which, sizeof(which));
	if (p->again)
		return turn_fail(t, SILENCE,
		                 "%zu of %zu bytes are answered only when more is sent: nothing came for %.1f s%s",
		                 owed, n, (double)turn_wait_ns(t) / 1e9, which);
	return turn_fail(t, SILENCE, "%zu of %zu bytes sent were not answered, and nothing came for %.1f s%s", owed, n,
	                 (double)turn_wait_ns(t) / 1e9, which);
}

#define MUCH      4096          /* bytes before: it may be for these */
#define RESTED_NS (500 * TS_MS) /* a server that ends a conversation then, may do so for that */

bool peer_early_end(struct peer *p)
{
	struct turn *t = p->turn;
	size_t owed = peer_owed(p);
	const size_t n_before = p->n_told - p->n_in;
	char which[80], when[80];

	snprintf(when, sizeof(when), "%s", p->half_closed ? "after its client's end " : "");
	if (!p->half_closed && n_before >= MUCH)
		snprintf(when, sizeof(when), "after %zu bytes of a conversation, all answered, ", n_before);
	snprintf(t->expected, sizeof(t->expected), "a reply to all %zu bytes", p->n_in);
	snprintf(t->actual, sizeof(t->actual), "%zu bytes answered, then %s", p->n_in - owed, p->reset ? "RST" : "FIN");
	if (t->blame == NOBODY)
		t->sort = p->half_closed ? OWED_END : p->rested_ns > RESTED_NS ? IDLE_END : EARLY_END;
	if (p->n_in == 0 && p->n_read > 0) {
		snprintf(t->expected, sizeof(t->expected), "the server goes on until its client ends the conversation");
		return turn_fail(t, BYTES,
		                 "the server ended the conversation%s before its client had: all was answered",
		                 p->reset ? " by a reset" : "");
	}
	if (p->n_in == 0) {
		snprintf(t->expected, sizeof(t->expected), "the server waits for its client's first message");
		snprintf(t->actual, sizeof(t->actual), "%s", p->reset ? "RST" : "FIN");
		return turn_fail(t, BYTES, "the server ended the conversation%s before its client had sent anything",
		                 p->reset ? " by a reset" : "");
	}
	if (t->sort == IDLE_END && t->blame == NOBODY)
		snprintf(when, sizeof(when), "after its client had rested for %.1f s, ", (double)p->rested_ns / 1e9);
	return turn_fail(t, BYTES, "%sthe server ended the conversation%s with %zu of %zu bytes unanswered%s", when,
	                 p->reset ? " by a reset" : "", owed, p->n_in,
	                 altered_which(p->in + p->n_in - owed, owed, which, sizeof(which)));
}

/* What came is held to the law, and what did not come is named. */
#include "altered.h"
#include "peer_inside.h"
#include "ts_clock.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

size_t peer_owed(const struct peer *p)
{
	return p->n_in - (p->reply.matched < p->n_in ? p->reply.matched : p->n_in);
}

bool peer_answered(const struct peer *p)
{
	return p->n_written == p->n_in && ts_reply_complete(&p->reply, p->n_in);
}

/* The data is there, and what stands between ] and it is not what stood there before. */
static bool separated_otherwise(const struct peer *p)
{
	const char *end = p->first + p->n_first, *close = memchr(p->first, ']', p->n_first);
	const char *at = close ? close + 1 : end;

	while (at < end && !isalnum((unsigned char)*at))
		at++;
	size_t n = (size_t)(end - at) < p->n_in ? (size_t)(end - at) : p->n_in;
	return n > 0 && p->first[0] == '[' && memcmp(at, p->in, n) == 0;
}

/* Which case is about it? */
static enum sort sort_of(const struct peer *p, enum ts_reply_verdict verdict)
{
	switch (verdict) {
	case TS_REPLY_STALE_TIME:
	case TS_REPLY_FUTURE_TIME: return WRONG_TIME;
	default: break;
	}
	if (p->n_written == p->n_in && peer_owed(p) == 0)
		return p->half_closed ? AFTER_END : UNASKED;
	switch (verdict) {
	case TS_REPLY_EMPTY_CHUNK: return UNASKED;
	case TS_REPLY_NO_BRACKET: return NO_STAMP;
	case TS_REPLY_BAD_TIME: return OTHER_TIME;
	case TS_REPLY_BAD_SEPARATOR: return OTHER_SEPARATOR;
	case TS_REPLY_WRONG_DATA: return separated_otherwise(p) ? OTHER_SEPARATOR : ANY;
	default: return ANY;
	}
}

/* Where at the end of the output does the reply to the fence begin, and to nothing else? As far as it has come. NULL:
 * there is none. */
static const char *fence_reply(const struct peer *p, const char *out, size_t n_out)
{
	const char *end = out + n_out, *last = p->n_fence > 0 && n_out > 0 ? memrchr(out, '[', n_out) : NULL;
	const char *close = last ? memchr(last, ']', (size_t)(end - last)) : NULL;
	size_t n_head = p->turn->subject->dialect.rule.n_separator + 1;

	if (!close || (size_t)(end - close) <= n_head)
		return NULL;
	size_t n = (size_t)(end - close) - n_head;
	return n <= p->n_fence && memcmp(close + n_head, p->in + p->n_in - p->n_fence, n) == 0 ? last : NULL;
}

/* In what known way is the one reply made of the one message? With a fence, of what was sent before it. */
static const char *how_altered(const struct peer *p, const char *out, size_t n_out)
{
	const char *end = p->n_fence > 0 ? fence_reply(p, out, n_out) : out + n_out;

	if (!end || (p->n_fence == 0 && p->reply.n_stamps > 1))
		return NULL;
	return altered_reply(&p->turn->subject->dialect.rule, p->in, p->n_in - p->n_fence, out, (size_t)(end - out));
}

/* Was the fence answered, and what was sent before it not all? */
static bool is_passed_over(const struct peer *p, const char *out, size_t n_out, size_t from)
{
	return from + p->n_fence < p->n_in && fence_reply(p, out, n_out);
}

/* The sentence for this verdict. */
static bool blame(struct peer *p, enum ts_reply_verdict verdict, const char *out, size_t n_out, size_t from)
{
	struct turn *t = p->turn;
	bool timely = verdict != TS_REPLY_STALE_TIME && verdict != TS_REPLY_FUTURE_TIME;
	const char *how = timely ? how_altered(p, out, n_out) : NULL;
	char off[60] = "";

	if (how)
		return turn_fail(t, BYTES, "%s", how);
	if (is_passed_over(p, out, n_out, from))
		return turn_fail(t, BYTES, "%zu of %zu bytes were not answered, and the message after them was",
		                 p->n_in - p->n_fence - from, p->n_in - p->n_fence);
	if (!timely)
		altered_time(&t->subject->dialect.rule, out, n_out, ts_clock_wall_ns(), off, sizeof(off));
	return turn_fail(t, BYTES, "%s (after %zu of %zu bytes answered)", *off ? off : ts_reply_verdict_text(verdict),
	                 from, p->n_in);
}

bool peer_blame_bytes(struct peer *p, enum ts_reply_verdict verdict, const char *out, size_t n_out)
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
	t->sort = t->blame == NOBODY ? sort_of(p, verdict) : t->sort;
	if (t->blame == NOBODY && t->sort == ANY && is_passed_over(p, out, n_out, from))
		t->sort = PASSED_OVER;
	return blame(p, verdict, out, n_out, from);
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
	return turn_fail(p->turn, BYTES, "%zu line%s answered with %u stamps", n_lines,
	                 n_lines == 1 ? " was" : "s were", p->reply.n_stamps);
}

bool peer_judge(struct peer *p, const char *out, size_t n_out)
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
		return peer_blame_bytes(p, verdict, n_out < 120 ? p->first : out, n_out < 120 ? p->n_first : n_out);
	return true;
}

bool peer_too_late(struct peer *p)
{
	size_t n = p->n_in - p->n_fence, owed = peer_owed(p) - (p->n_fence < peer_owed(p) ? p->n_fence : 0);
	struct turn *t = p->turn;

	snprintf(t->expected, sizeof(t->expected), "a reply to all %zu bytes", n);
	snprintf(t->actual, sizeof(t->actual), "%zu bytes answered, then silence", n - owed);
	if (p->again)
		return turn_fail(t, SILENCE,
		                 "%zu of %zu bytes are answered only when more is sent: nothing came for %.1f s", owed,
		                 n, (double)turn_wait_ns(t) / 1e9);
	t->sort = t->blame == NOBODY ? NO_ANSWER : t->sort;
	return turn_fail(t, SILENCE, "%zu of %zu bytes sent were not answered, and nothing came for %.1f s", owed, n,
	                 (double)turn_wait_ns(t) / 1e9);
}

bool peer_early_end(struct peer *p)
{
	struct turn *t = p->turn;
	size_t owed = peer_owed(p);
	char which[80];

	snprintf(t->expected, sizeof(t->expected), "a reply to all %zu bytes", p->n_in);
	snprintf(t->actual, sizeof(t->actual), "%zu bytes answered, then %s", p->n_in - owed, p->reset ? "RST" : "FIN");
	if (t->blame == NOBODY && !p->half_closed)
		t->sort = EARLY_END;
	if (p->n_in == 0) {
		snprintf(t->expected, sizeof(t->expected), "the server waits for its client's first message");
		snprintf(t->actual, sizeof(t->actual), "%s", p->reset ? "RST" : "FIN");
		return turn_fail(t, BYTES, "the server ended the conversation%s before its client had sent anything",
		                 p->reset ? " by a reset" : "");
	}
	return turn_fail(t, BYTES, "the server ended the conversation%s with %zu of %zu bytes unanswered%s",
	                 p->reset ? " by a reset" : "", owed, p->n_in,
	                 altered_which(p->in + p->n_in - owed, owed, which, sizeof(which)));
}

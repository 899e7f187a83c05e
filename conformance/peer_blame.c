/* Wrong bytes came: in which way, and in which words? */
#include "altered.h"
#include "peer_inside.h"
#include "spoiled.h"
#include "ts_clock.h"
#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define BEHIND_NS (100 * TS_MS) /* so long a reply may take to come behind what nobody asked for */

#define LIKE 6 /* so many bytes alike are not so by chance */

static bool is_timely(enum ts_reply_verdict verdict)
{
	return verdict != TS_REPLY_STALE_TIME && verdict != TS_REPLY_FUTURE_TIME;
}

/* The data goes on, and what stands between the ] and it is not what stood there before. */
static bool separated_otherwise(const struct peer *p, const struct spoiled *s)
{
	const char *end = s->rest + s->n_rest, *due = p->in + s->matched, *at = s->rest;
	const size_t n_due = p->n_in - s->matched;
	const char *close = s->n_rest > 0 && *at == '[' ? memchr(at, ']', s->n_rest) : NULL;

	at = close ? close + 1 : at;
	for (; (close || s->rest == s->data) && n_due > 0 && at < end; at++) {
		size_t n = (size_t)(end - at) < n_due ? (size_t)(end - at) : n_due;
		bool plain = isalnum((unsigned char)*at);
		if ((plain || n == n_due) && memcmp(at, due, n) == 0)
			return true;
		if (plain)
			return false;
	}
	return false;
}

/* All of the data came back, and then bytes that are no stamp; or those of an earlier message, in the middle of it. */
static bool is_leftover(const struct peer *p, const struct spoiled *s, enum ts_reply_verdict verdict, bool earlier)
{
	bool unseen = verdict == TS_REPLY_EXCESS && s->n_rest == 0;

	return unseen || spoiled_goes_on(s, p->n_in) || (earlier && s->matched > s->chunk);
}

/* Are the wrong bytes, with a stamp before them or without, those that another client of this turn has sent? */
static bool is_of_another(const struct peer *p, const struct spoiled *s)
{
	const struct turn *t = p->turn;

	for (int i = 0; i < t->n_peers && s->n_rest >= LIKE; i++) {
		const struct peer *q = t->peers[i];
		if (q != p && q->n_in >= LIKE &&
		    (spoiled_is_from(s, q->in, q->n_in) || memmem(s->rest, s->n_rest, q->in, LIKE)))
			return true;
	}
	return false;
}

/* Does the message begin as the conversation did? Then what came may be its own. */
static bool begins_alike(const struct peer *p)
{
	size_t n = p->n_in < LIKE ? p->n_in : LIKE;

	return p->n_told > p->n_in && memcmp(p->told, p->in, n) == 0;
}

static const char twice[] = "the reply comes twice", leftover[] = "more than the data came";

/* In a way that the place of the first wrong byte shows? A sentence, and the sort; NULL: in none. */
static const char *known_way(const struct peer *p, const struct spoiled *s, enum ts_reply_verdict verdict,
                             enum sort *sort)
{
	const struct ts_reply_rule *rule = &p->turn->subject->dialect.rule;
	size_t n_before = p->n_told - p->n_in, n_kept = sizeof(p->told);
	bool earlier = spoiled_is_from(s, p->told, n_before < n_kept ? n_before : n_kept);

	if (s->data > p->first && !begins_alike(p) &&
	    spoiled_has_all(s, p->told, p->n_told < n_kept ? p->n_told : n_kept, n_before)) {
		*sort = ALL_SO_FAR;
		return "all that the client has sent so far came back, and not its last message alone";
	}
	if ((*sort == ANY || *sort == UNASKED || *sort == AFTER_END) && is_of_another(p, s)) {
		*sort = OF_ANOTHER;
		return "data came that another client has sent";
	}
	if (*sort == ANY && s->matched == 0 && spoiled_is_again(s, p->told, n_before < n_kept ? n_before : 0)) {
		*sort = UNASKED;
		return "the reply to the message before came once more";
	}
	bool is_twice = spoiled_comes_twice(s, rule, p->in, p->n_in);
	if ((*sort == UNASKED || *sort == AFTER_END) && is_twice)
		return "the reply came once more";
	if (*sort != ANY)
		return NULL;
	if (is_twice || spoiled_is_chunk_again(s, rule, p->in, p->n_in)) {
		*sort = REPEATED;
		return twice;
	}
	if (!is_leftover(p, s, verdict, earlier))
		return NULL;
	*sort = LEFTOVER;
	return earlier ? "bytes of an earlier message follow the data" : leftover;
}

/* Is it what was sent later, and does the reply to what was sent before stand behind it? */
static bool is_out_of_order(const struct peer *p, const struct spoiled *s)
{
	const char *due = p->in + s->chunk, *end = p->in + p->n_in - p->n_fence;
	const char *later =
	        s->n_data > 0 && end > due ? memmem(due + 1, (size_t)(end - due) - 1, s->data, s->n_data) : NULL;
	size_t n_due = later ? (size_t)(later - due) : 0;

	return spoiled_is_before(s, &p->turn->subject->dialect.rule, due, n_due < LIKE ? n_due : LIKE);
}

/* Other data came: what comes behind it? Among several clients it may be another's. A sentence, and the sort; or NULL.
 */
static const char *how_with_next(struct peer *p, struct spoiled *s, enum sort *sort)
{
	const struct turn *t = p->turn;
	const struct ts_reply_rule *rule = &t->subject->dialect.rule;
	size_t n = p->n_in - p->n_fence;
	const char *how = NULL;
	bool more = true;

	if (!t->row || t->row->stage != ASIDE || t->row->n_clients > 1 || s->matched >= n || s->data == p->first)
		return NULL;
	p->dumb = true; /* it is judged already */
	while (!how && more) {
		spoiled_find(s, rule, p->in, p->n_in, p->first, p->n_first);
		if (spoiled_is_chunk_again(s, rule, p->in, p->n_in)) {
			*sort = REPEATED;
			how = twice;
		} else if (spoiled_is_before(s, rule, p->in, n)) {
			*sort = UNASKED;
			how = "something that no message had asked for came before the reply";
		} else if (is_out_of_order(p, s)) {
			how = "the replies came in another order than the messages";
		} else {
			more = p->n_first < sizeof(p->first) &&
			       peer_listen(p, BEHIND_NS + 2 * t->subject->dialect.rtt_ns);
		}
	}
	p->dumb = false;
	return how;
}

/* Which case is about it? */
static enum sort sort_of(const struct peer *p, const struct spoiled *s, enum ts_reply_verdict verdict)
{
	if (!is_timely(verdict))
		return WRONG_TIME;
	bool is_bare = verdict == TS_REPLY_EMPTY_CHUNK; /* it may have come in one receive with what was owed */
	if (p->n_written == p->n_in && (p->n_due == 0 || (is_bare && peer_owed(p) == 0)))
		return p->half_closed ? AFTER_END : UNASKED;
	switch (verdict) {
	case TS_REPLY_EMPTY_CHUNK: return UNASKED;
	case TS_REPLY_NO_BRACKET: return NO_STAMP;
	case TS_REPLY_BAD_TIME: return OTHER_TIME;
	case TS_REPLY_BAD_SEPARATOR: return OTHER_SEPARATOR;
	case TS_REPLY_WRONG_DATA: return separated_otherwise(p, s) ? OTHER_SEPARATOR : ANY;
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

/* So many bytes were answered. The first of the fence may be like the next of what it fences, by chance. */
static size_t answered(const struct peer *p, const char *out, size_t n_out, size_t n_right)
{
	size_t n = p->reply.matched < p->n_in ? (size_t)p->reply.matched : p->n_in;
	const char *right = out + n_right, *fence = fence_reply(p, out, n_out);
	const char *close = fence && fence < right ? memchr(fence, ']', (size_t)(right - fence)) : NULL;
	ptrdiff_t chance = close ? right - close - 1 - (ptrdiff_t)p->turn->subject->dialect.rule.n_separator : 0;

	return chance > 0 && (size_t)chance <= n ? n - (size_t)chance : n;
}

/* Was the fence answered, and what was sent before it not all? */
static bool is_passed_over(const struct peer *p, const char *out, size_t n_out, size_t from)
{
	return from + p->n_fence < p->n_in && fence_reply(p, out, n_out);
}

/* All of the data came and more, or not all of it? */
static enum sort sort_by_length(const struct peer *p, size_t from, bool passed_over)
{
	if (from >= p->n_in - p->n_fence)
		return LEFTOVER;
	return !passed_over ? ANY : from > 0 ? CUT : PASSED_OVER;
}

/* What came where the data's next byte was due, after `from` of them? */
static void what_came_instead(const struct peer *p, size_t from, const char *wrong, size_t n_wrong, char *text,
                              size_t size)
{
	if (!*altered_moved(p->in, p->n_in, from, wrong, n_wrong, text, size))
		altered_byte(p->in + from, p->n_in - from, wrong, n_wrong, text, size);
}

/* The sentence for this verdict; `from`: so many bytes were answered. */
static void say(struct peer *p, enum ts_reply_verdict verdict, const char *out, size_t n_out, size_t n_right,
                size_t from, char *text, size_t size)
{
	const struct turn *t = p->turn;
	const size_t n_before = p->n_told - p->n_in; /* in this conversation, all answered */
	char off[240] = "", before[60] = "";

	if (is_passed_over(p, out, n_out, from)) {
		const size_t n = p->n_in - p->n_fence - from;
		snprintf(text, size, "%zu of %zu bytes were not answered, and the message after them was%s", n,
		         p->n_in - p->n_fence, altered_which(p->in + from, n, off, sizeof(off)));
		return;
	}
	if (verdict == TS_REPLY_NO_BRACKET && n_out > n_right) {
		char quoted[120];
		snprintf(off, sizeof(off), "%s: %s", ts_reply_verdict_text(verdict),
		         trace_quote(out + n_right, n_out - n_right, quoted, sizeof(quoted)));
	}
	if (t->sort == OTHER_SEPARATOR) /* the law blames the data where they begin like the separator */
		verdict = TS_REPLY_BAD_SEPARATOR;
	if (!is_timely(verdict))
		turn_wrong_time(t, out + n_right, n_out - n_right, p->sent_ns, p->reply.last_stamp_ns, off,
		                sizeof(off));
	if (verdict == TS_REPLY_BAD_TIME)
		altered_time_text(out + n_right, n_out - n_right, ts_clock_wall_ns(), off, sizeof(off));
	if (verdict == TS_REPLY_BAD_SEPARATOR) {
		const char *stamp = n_right > 0 ? memrchr(out, '[', n_right) : NULL;
		stamp = stamp ? stamp : out;
		altered_separator(&t->subject->dialect.rule, stamp, (size_t)(out + n_out - stamp), p->in + from,
		                  p->n_in - from, off, sizeof(off));
	}
	if (verdict == TS_REPLY_WRONG_DATA)
		what_came_instead(p, from, out + n_right, n_out - n_right, off, sizeof(off));
	if (n_before > 0)
		snprintf(before, sizeof(before), ", and %zu in the messages before", n_before);
	snprintf(text, size, "%s (after %zu of %zu bytes answered%s)", *off ? off : ts_reply_verdict_text(verdict),
	         from, p->n_in, before);
}

#define SHOWN 60 /* so many right bytes do not hide the wrong ones */

static void show(struct turn *t, const char *next, size_t n_next, const char *out, size_t n_out, size_t n_right)
{
	size_t skipped = n_right > SHOWN ? n_right - SHOWN / 2 : 0;
	const struct ts_reply_rule *rule = &t->subject->dialect.rule;
	char quoted[160];

	snprintf(t->expected, sizeof(t->expected), "[time]%.*s and then %s", (int)rule->n_separator, rule->separator,
	         n_next ? trace_quote(next, n_next < 40 ? n_next : 40, quoted, sizeof(quoted)) : "nothing more");
	snprintf(t->actual, sizeof(t->actual), "%s%s", skipped ? "... " : "",
	         trace_quote(out + skipped, n_out - skipped, quoted, sizeof(quoted)));
}

/* Of what came when all was answered; NULL: something was owed. */
static const char *too_much(const struct peer *p, enum ts_reply_verdict verdict, enum sort sort)
{
	if (sort == AFTER_END && verdict == TS_REPLY_EMPTY_CHUNK)
		return "the client's end was answered, too: a stamp came without data";
	if (sort == AFTER_END)
		return "something came after the client's end that nobody had asked for";
	return sort == UNASKED && peer_owed(p) == 0 ? "something came that no message had asked for" : NULL;
}

bool peer_blame_bytes(struct peer *p, enum ts_reply_verdict verdict, const char *out, size_t n_out, size_t n_right)
{
	struct turn *t = p->turn;
	struct spoiled s;
	char text[400];

	if (t->blame != NOBODY)
		return false;
	spoiled_find(&s, &t->subject->dialect.rule, p->in, p->n_in, p->first, p->n_first);
	size_t from = answered(p, out, n_out, n_right);
	show(t, p->in + from, p->n_in - from, out, n_out, n_right);
	t->sort = sort_of(p, &s, verdict);
	const bool passed_over = is_passed_over(p, out, n_out, from);
	const char *how = is_timely(verdict) ? how_altered(p, out, n_out) : NULL;
	if (how && (t->sort == UNASKED || t->sort == AFTER_END)) /* a stamp alone may be what is left of a reply */
		t->sort = ANY;
	if (!how && is_timely(verdict))
		how = known_way(p, &s, verdict, &t->sort);
	if (how == leftover)
		how = altered_more(p->in, p->n_in, s.rest, s.n_rest, text, sizeof(text));
	how = how ? how : too_much(p, verdict, t->sort);
	if (how && t->sort == ANY)
		t->sort = sort_by_length(p, from, passed_over);
	if (how)
		return turn_fail(t, BYTES, "%s", how);
	say(p, verdict, out, n_out, n_right, from, text, sizeof(text));
	if (t->sort == ANY)
		how = how_with_next(p, &s, &t->sort);
	if (!how && t->sort == ANY && passed_over)
		t->sort = sort_by_length(p, from, passed_over);
	return turn_fail(t, BYTES, "%s", how ? how : text);
}

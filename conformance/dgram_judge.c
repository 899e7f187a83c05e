/* Is this datagram the reply to that? And if not, in which way, and in which words? */
#include "altered.h"
#include "dgram.h"
#include "ts_clock.h"
#include <stdio.h>
#include <string.h>

#define BEHIND_NS (60 * TS_MS) /* so long a reply may take to come behind another's copy */
#define LIKE      6            /* so many bytes tell where they are from */
#define N_LONG    1000
#define N_SHORT   11

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

bool dgram_repeats(const struct dgram *d, const void *bytes, size_t n)
{
	const struct dgram_past *last = d->n_past > 0 ? &d->past[(d->n_past - 1) % DGRAM_PAST] : NULL;

	return last && last->n == n && last->hash == hash_of(bytes, n);
}

static void remember(struct dgram *d, const char *bytes, size_t n)
{
	d->past[d->n_past++ % DGRAM_PAST] = (struct dgram_past){.n = n, .n_reply = d->n, .hash = hash_of(bytes, n)};
}

/* The data is there, and what stands between the ] and it is not what stood there before. */
static bool separated_otherwise(const struct dgram *d, const char *sent, size_t n)
{
	const char *close = memchr(d->bytes, ']', d->n), *end = d->bytes + d->n;
	size_t n_between = close && n > 0 && (size_t)(end - close) > n ? (size_t)(end - close) - 1 - n : 0;

	return n_between > 0 && n_between < sizeof(d->turn->subject->dialect.rule.separator) &&
	       ts_reply_separator_max(close + 1, n_between) == n_between && memcmp(end - n, sent, n) == 0;
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

/* More came back than was sent: what is left of a longer message? Two more show it, unless those of another client come
 * between. */
static bool is_uncleared(struct dgram *d)
{
	struct turn *t = d->turn;
	char text[N_LONG];
	size_t n_head = 1 + t->subject->dialect.rule.n_separator + N_SHORT;

	if (!t->row || t->row->n_clients > 1)
		return false;
	turn_letters(t, text, N_LONG);
	if (!dgram_send(d, text, N_LONG) || dgram_receive(d, turn_wait_ns(t)) != 1)
		return false;
	turn_letters(t, text, N_SHORT);
	if (!dgram_send(d, text, N_SHORT) || dgram_receive(d, turn_wait_ns(t)) != 1)
		return false;
	const char *close = memchr(d->bytes, ']', d->n), *end = d->bytes + d->n;
	size_t n_more = close && (size_t)(end - close) > n_head ? (size_t)(end - close) - n_head : 0;
	size_t n_left = n_more < N_LONG - N_SHORT ? n_more : N_LONG - N_SHORT;
	return n_left > 0 && memcmp(close + n_head, text + N_SHORT, n_left) == 0;
}

static void say_more(const struct dgram *d, const char *sent, size_t n, char *text, size_t size)
{
	const char *close = memchr(d->bytes, ']', d->n), *end = d->bytes + d->n;
	size_t n_right = 1 + d->turn->subject->dialect.rule.n_separator + n;
	bool seen = close && (size_t)(end - close) > n_right;

	altered_more(sent, n, seen ? close + n_right : NULL, seen ? (size_t)(end - close) - n_right : 0, text, size);
}

/* Does the rest of the data come in another datagram? */
static bool goes_on(struct dgram *d, const char *bytes, size_t n)
{
	const char *close = memchr(d->bytes, ']', d->n);
	size_t n_head = 1 + d->turn->subject->dialect.rule.n_separator;
	size_t n_got =
	        close && (size_t)(d->bytes + d->n - close) > n_head ? (size_t)(d->bytes + d->n - close) - n_head : 0;
	size_t n_next = n - n_got < LIKE ? n - n_got : LIKE;

	return n_got > 0 && n_got < n && dgram_receive(d, BEHIND_NS) == 1 &&
	       memmem(d->bytes, d->n, bytes + n_got, n_next);
}

bool dgram_judge(struct dgram *d, const void *bytes, size_t n, int64_t sent_ns)
{
	struct turn *t = d->turn;
	const struct dialect *dialect = &t->subject->dialect;
	char quoted[160], off[240] = "";
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
	if (d->n == 0 && n > 0)
		return turn_fail(t, BYTES, "an empty datagram came, where the reply to one of %zu bytes was due", n);
	if (t->sort == TWICE)
		return turn_fail(t, BYTES, "the reply to an earlier datagram came once more");
	const char *how = t->sort == ANY ? altered_reply(&dialect->rule, bytes, n, d->bytes, d->n) : NULL;
	if (how)
		return turn_fail(t, BYTES, "%s", how);
	/* The law blames the data where what stands before it begins like the separator. */
	if (verdict == TS_REPLY_WRONG_DATA && t->sort == ANY && separated_otherwise(d, bytes, n)) {
		t->sort = OTHER_SEPARATOR;
		verdict = TS_REPLY_BAD_SEPARATOR;
	}
	const size_t n_reply = d->n;
	if (verdict == TS_REPLY_SHORT && goes_on(d, bytes, n))
		return turn_fail(t, BYTES, "one datagram was answered with several, each with a part of the data");
	t->sort = verdict == TS_REPLY_SHORT ? CUT : verdict == TS_REPLY_EXCESS ? LEFTOVER : t->sort;
	if (t->sort == LEFTOVER) {
		say_more(d, bytes, n, off, sizeof(off));
		return turn_fail(t, BYTES, "%s", is_uncleared(d) ? "bytes of an earlier message follow the data" : off);
	}
	if (t->sort == WRONG_TIME)
		turn_wrong_time(t, d->bytes, d->n, sent_ns, d->last_ns, off, sizeof(off));
	if (verdict == TS_REPLY_BAD_TIME)
		altered_time_text(d->bytes, d->n, ts_clock_wall_ns(), off, sizeof(off));
	if (verdict == TS_REPLY_BAD_SEPARATOR)
		altered_separator(&dialect->rule, d->bytes, d->n, bytes, n, off, sizeof(off));
	return turn_fail(t, BYTES, "%s (a datagram of %zu bytes was answered with %zu)",
	                 *off ? off : ts_reply_verdict_text(verdict), n, n_reply);
}

#include "ts_reply_inner.h"
#include <stdlib.h>
#include <string.h>

/* Where an alternative stands. */
enum {
	START,   /* a stamp must follow */
	STAMPED, /* data must follow */
	DATA,    /* either may */
	MODES = 3,
	HELD_IS_DATA = 4, /* flag of ts_reply.state: the held bytes are the next of I */
};

/* One alternative: `matched` bytes of I are answered by the first `at` bytes of O. */
struct way {
	uint64_t at, matched;
	int64_t last_ns; /* time of its last stamp */
	uint32_t n_stamps;
	uint8_t mode;
	bool waits;        /* at a '[' that may become a stamp: nothing to do until more of O comes */
	bool held_is_data; /* of one that waits: the rest of O would do as data, too */
};

struct ts_reply_ways {
	unsigned n;
	struct way way[TS_REPLY_WAYS];
};

/* One call of ts_reply_feed. */
struct feed {
	struct ts_reply_judge judge;
	struct ts_reply_ways ways;
	const char *in; /* I from in_begin to in_end */
	uint64_t in_begin, in_end;
	const char *out; /* O from out_begin to out_end */
	uint64_t out_begin, out_end;
	enum ts_reply_verdict verdict; /* of the alternative that died last */
	struct ts_reply_seen seen;     /* at seen_at, so that alternatives share one look */
	uint64_t seen_at;
};

/* --- the alternatives -----------------------------------------------------------------------------------------------
 */

static void die(struct feed *f, struct way *way, enum ts_reply_verdict verdict)
{
	f->verdict = verdict;
	*way = f->ways.way[--f->ways.n];
}

/* Does `a` allow all that `b` does? A smaller time of the last stamp allows more, and so does standing in data. */
static bool covers(const struct way *a, const struct way *b)
{
	return a->at == b->at && a->matched == b->matched && a->mode >= b->mode && a->last_ns <= b->last_ns;
}

/* Of two alternatives of which one covers the other, one is enough. Returns true when `new` is then no longer needed.
 */
static bool merge(struct feed *f, const struct way *new)
{
	for (unsigned i = 0; i < f->ways.n; i++) {
		struct way *old = &f->ways.way[i];
		if (old == new)
			continue;
		if (covers(old, new))
			return true;
		if (covers(new, old)) {
			*old = *new;
			return true;
		}
	}
	return false;
}

static void add(struct feed *f, const struct way *new)
{
	struct way *least = &f->ways.way[0];

	if (merge(f, new))
		return;
	if (f->ways.n < TS_REPLY_WAYS) {
		f->ways.way[f->ways.n++] = *new;
		return;
	}
	for (unsigned i = 1; i < f->ways.n; i++)
		if (f->ways.way[i].matched < least->matched)
			least = &f->ways.way[i];
	if (new->matched > least->matched)
		*least = *new;
}

/* --- one step --------------------------------------------------------------------------------------------------------
 */

/* Take O up to the next '[' as data. */
static void step_data(struct feed *f, struct way *way)
{
	const char *o = f->out + (way->at - f->out_begin);
	const char *i = f->in + (way->matched - f->in_begin);
	size_t n_out = (size_t)(f->out_end - way->at);
	size_t n_in = (size_t)(f->in_end - way->matched);
	const char *bracket = memchr(o + 1, '[', n_out - 1);
	size_t n = bracket ? (size_t)(bracket - o) : n_out;
	size_t n_same = n < n_in ? n : n_in;

	if (memcmp(o, i, n_same) != 0) {
		die(f, way, TS_REPLY_WRONG_DATA);
		return;
	}
	if (n_same < n) {
		die(f, way, TS_REPLY_EXCESS);
		return;
	}
	way->at += n;
	way->matched += n;
	way->mode = DATA;
	if (f->ways.n > 1 && merge(f, way))
		*way = f->ways.way[--f->ways.n];
}

static const struct ts_reply_seen *look(struct feed *f, uint64_t at)
{
	if (f->seen_at != at) {
		f->seen = ts_reply_look(&f->judge, f->out + (at - f->out_begin), (size_t)(f->out_end - at));
		f->seen_at = at;
	}
	return &f->seen;
}

/* Why a '[' that is not the next byte of I is no stamp, either. */
static enum ts_reply_verdict blame(const struct way *way, const struct ts_reply_seen *seen, uint64_t in_end)
{
	if (way->mode == START || (seen->like_stamp && seen->verdict != TS_REPLY_BAD_TIME))
		return seen->verdict;
	if (way->matched == in_end)
		return TS_REPLY_EXCESS;
	return seen->like_stamp ? seen->verdict : TS_REPLY_WRONG_DATA;
}

/* At a '[' where a stamp may stand, and data too if `is_data`. */
static void step_bracket(struct feed *f, struct way *way, bool is_data)
{
	struct ts_reply_seen seen = *look(f, way->at);

	if (seen.sight == TS_REPLY_CUT) {
		way->waits = true;
		return;
	}
	if (seen.sight == TS_REPLY_STAMP && f->judge.rule->check_time &&
	    seen.begin_ns + seen.resolution_ns <= way->last_ns && way->last_ns != INT64_MIN) {
		seen.sight = TS_REPLY_NO_STAMP;
		seen.verdict = TS_REPLY_STALE_TIME;
		seen.like_stamp = true;
	}
	if (seen.sight == TS_REPLY_NO_STAMP) {
		if (is_data)
			step_data(f, way);
		else
			die(f, way, blame(way, &seen, f->in_end));
		return;
	}
	struct way stamped = {.at = way->at + seen.n,
	                      .matched = way->matched,
	                      .last_ns = seen.begin_ns,
	                      .n_stamps = way->n_stamps + 1,
	                      .mode = STAMPED};
	if (!is_data) {
		*way = stamped;
		return;
	}
	step_data(f, way);
	add(f, &stamped);
}

static void step(struct feed *f, struct way *way)
{
	char c = f->out[way->at - f->out_begin];
	bool is_data = way->mode != START && way->matched < f->in_end && c == f->in[way->matched - f->in_begin];

	if (c == '[' && way->mode != STAMPED)
		step_bracket(f, way, is_data);
	else if (is_data)
		step_data(f, way);
	else if (way->mode == START)
		die(f, way, TS_REPLY_NO_BRACKET);
	else if (way->mode == STAMPED && c == '[')
		die(f, way, TS_REPLY_EMPTY_CHUNK);
	else
		die(f, way, way->matched == f->in_end ? TS_REPLY_EXCESS : TS_REPLY_WRONG_DATA);
}

/* Follow all alternatives through the bytes of `out`, always the one that is furthest behind, so that they meet. */
static void run(struct feed *f, const char *out, uint64_t out_begin, size_t n)
{
	f->out = out;
	f->out_begin = out_begin;
	f->out_end = out_begin + n;
	f->seen_at = UINT64_MAX;
	for (unsigned i = 0; i < f->ways.n; i++)
		f->ways.way[i].waits = false;
	for (;;) {
		struct way *behind = NULL;
		for (unsigned i = 0; i < f->ways.n; i++) {
			struct way *way = &f->ways.way[i];
			if (!way->waits && way->at < f->out_end && (!behind || way->at < behind->at))
				behind = way;
		}
		if (!behind)
			return;
		step(f, behind);
	}
}

/* --- between calls ---------------------------------------------------------------------------------------------------
 */

static bool forked(const struct ts_reply *r)
{
	return r->ways && r->ways->n > 1;
}

static void load(const struct ts_reply *r, struct feed *f)
{
	if (forked(r)) {
		f->ways.n = r->ways->n;
		memcpy(f->ways.way, r->ways->way, r->ways->n * sizeof(struct way));
	} else {
		f->ways.n = 1;
		f->ways.way[0] = (struct way){.at = r->read - r->n_held,
		                              .matched = ts_reply_base(r),
		                              .last_ns = r->last_stamp_ns,
		                              .n_stamps = r->n_stamps,
		                              .mode = r->state & MODES};
	}
	if (r->n_memo)
		f->judge.memo = (struct ts_reply_memo){.bytes = r->text,
		                                       .n = r->n_memo,
		                                       .begin_ns = r->last_stamp_ns,
		                                       .resolution_ns = r->memo_resolution_ns};
}

/* Would the rest of O, from where the alternative waits, do as data? Then all of O may have been answered. */
static bool rest_is_data(const struct feed *f, const struct way *way)
{
	size_t n = (size_t)(f->out_end - way->at);

	return way->mode == DATA && f->in_end - way->matched >= n &&
	       memcmp(f->out + (way->at - f->out_begin), f->in + (way->matched - f->in_begin), n) == 0;
}

static uint64_t way_matched(const struct way *way, uint64_t out_end)
{
	return way->matched + (way->held_is_data ? out_end - way->at : 0);
}

/* The one to report: it stands in data if any does, and has matched most. */
static const struct way *furthest(const struct feed *f)
{
	const struct way *best = &f->ways.way[0];

	for (unsigned i = 1; i < f->ways.n; i++) {
		const struct way *way = &f->ways.way[i];
		bool in_data = way->mode == DATA, best_in_data = best->mode == DATA;
		if (in_data != best_in_data ? in_data : way_matched(way, f->out_end) > way_matched(best, f->out_end))
			best = way;
	}
	return best;
}

static void store_ways(struct ts_reply *r, struct feed *f, const struct way *best)
{
	if (f->ways.n > 1 && !r->ways)
		r->ways = malloc(sizeof(*r->ways));
	if (!r->ways)
		return;
	if (f->ways.n > 1)
		memcpy(r->ways->way, f->ways.way, f->ways.n * sizeof(struct way));
	else
		r->ways->way[0] = *best;
	r->ways->n = f->ways.n;
}

static void store_text(struct ts_reply *r, const struct feed *f, uint64_t held_from)
{
	const struct ts_reply_memo *memo = &f->judge.memo;

	r->n_held = (uint8_t)(f->out_end - held_from);
	if (r->n_held) {
		memmove(r->text, f->out + (held_from - f->out_begin), r->n_held);
		r->n_memo = 0;
	} else if (!memo->bytes || memo->begin_ns != r->last_stamp_ns || forked(r)) {
		r->n_memo = 0;
	} else if (memo->bytes != r->text) {
		memcpy(r->text, memo->bytes, memo->n);
		r->n_memo = (uint8_t)memo->n;
		r->memo_resolution_ns = memo->resolution_ns;
	}
}

static void store(struct ts_reply *r, struct feed *f)
{
	uint64_t held_from = f->out_end;

	for (unsigned i = 0; i < f->ways.n; i++) {
		struct way *way = &f->ways.way[i];
		way->held_is_data = way->waits && rest_is_data(f, way);
		if (way->at < held_from)
			held_from = way->at;
	}
	const struct way *best = furthest(f);
	r->matched = way_matched(best, f->out_end);
	r->n_stamps = best->n_stamps;
	r->last_stamp_ns = best->last_ns;
	r->state = (uint8_t)(best->mode | (best->held_is_data ? HELD_IS_DATA : 0));
	store_ways(r, f, best);
	if (!forked(r))
		held_from = best->at;
	store_text(r, f, held_from);
}

/* --- the interface ---------------------------------------------------------------------------------------------------
 */

void ts_reply_init(struct ts_reply *r)
{
	memset(r, 0, sizeof(*r));
	r->last_stamp_ns = INT64_MIN;
}

void ts_reply_release(struct ts_reply *r)
{
	free(r->ways);
	r->ways = NULL;
}

void ts_reply_next(struct ts_reply *r)
{
	if (r->ways)
		r->ways->n = 0;
	if (r->n_held)
		r->n_memo = 0;
	r->matched = r->read = 0;
	r->n_stamps = 0;
	r->n_held = 0;
	r->state = START;
	r->verdict = TS_REPLY_LEGAL;
}

enum ts_reply_verdict ts_reply_feed(struct ts_reply *r, const struct ts_reply_rule *rule, const char *in, size_t n_in,
                                    const char *out, size_t n_out, int64_t sent_ns, int64_t read_ns)
{
	struct feed f;
	char joint[2 * TS_REPLY_STAMP_MAX];

	if (r->verdict != TS_REPLY_LEGAL || n_out == 0)
		return r->verdict;
	f.judge = (struct ts_reply_judge){.rule = rule, .sent_ns = sent_ns, .read_ns = read_ns};
	f.in = in;
	f.in_begin = ts_reply_base(r);
	f.in_end = f.in_begin + n_in;
	load(r, &f);

	uint64_t out_begin = r->read;
	bool done = false;
	if (r->n_held) { /* the bytes that wait, and as many new ones as decide what they are */
		size_t n_new = n_out < TS_REPLY_STAMP_MAX ? n_out : TS_REPLY_STAMP_MAX;
		memcpy(joint, r->text, r->n_held);
		memcpy(joint + r->n_held, out, n_new);
		run(&f, joint, out_begin - r->n_held, r->n_held + n_new);
		done = n_new == n_out;
	}
	if (!done && f.ways.n > 0)
		run(&f, out, out_begin, n_out);
	r->read += n_out;
	if (f.ways.n == 0)
		r->verdict = (uint8_t)f.verdict;
	else
		store(r, &f);
	return r->verdict;
}

uint64_t ts_reply_base(const struct ts_reply *r)
{
	uint64_t base = r->matched - (r->state & HELD_IS_DATA ? r->n_held : 0u);

	if (forked(r)) {
		base = UINT64_MAX;
		for (unsigned i = 0; i < r->ways->n; i++)
			base = r->ways->way[i].matched < base ? r->ways->way[i].matched : base;
	}
	return base;
}

static bool way_complete(const struct way *way, uint64_t out_end, uint64_t n_total)
{
	return way->mode == DATA && (way->at == out_end || way->held_is_data) && way_matched(way, out_end) == n_total;
}

bool ts_reply_complete(const struct ts_reply *r, uint64_t n_total)
{
	if (r->verdict != TS_REPLY_LEGAL)
		return false;
	if (r->read == 0)
		return n_total == 0;
	if (!forked(r))
		return (r->state & MODES) == DATA && (r->n_held == 0 || r->state & HELD_IS_DATA) &&
		       r->matched == n_total;
	for (unsigned i = 0; i < r->ways->n; i++)
		if (way_complete(&r->ways->way[i], r->read, n_total))
			return true;
	return false;
}

enum ts_reply_verdict ts_reply_end(struct ts_reply *r, uint64_t n_total)
{
	if (r->verdict != TS_REPLY_LEGAL || ts_reply_complete(r, n_total))
		return r->verdict;
	if (r->matched < n_total)
		r->verdict = TS_REPLY_SHORT;
	else if ((r->state & MODES) == STAMPED)
		r->verdict = TS_REPLY_EMPTY_CHUNK;
	else
		r->verdict = TS_REPLY_EXCESS;
	return r->verdict;
}

enum ts_reply_verdict ts_reply_datagram(const struct ts_reply_rule *rule, const char *in, size_t n_in, const char *out,
                                        size_t n_out, int64_t sent_ns, int64_t read_ns, int64_t *stamp_ns)
{
	struct ts_reply_judge judge = {.rule = rule, .sent_ns = sent_ns, .read_ns = read_ns};

	if (n_out == 0 || out[0] != '[')
		return TS_REPLY_NO_BRACKET;
	struct ts_reply_seen seen = ts_reply_look(&judge, out, n_out);
	if (judge.memo.bytes && stamp_ns)
		*stamp_ns = judge.memo.begin_ns;
	if (seen.sight == TS_REPLY_CUT)
		return memchr(out, ']', n_out) ? TS_REPLY_BAD_SEPARATOR : TS_REPLY_BAD_TIME;
	if (seen.sight == TS_REPLY_NO_STAMP)
		return seen.verdict;
	size_t n_data = n_out - seen.n, n_same = n_data < n_in ? n_data : n_in;
	if (n_same > 0 && memcmp(out + seen.n, in, n_same) != 0)
		return TS_REPLY_WRONG_DATA;
	return n_data < n_in ? TS_REPLY_SHORT : n_data > n_in ? TS_REPLY_EXCESS : TS_REPLY_LEGAL;
}

const char *ts_reply_verdict_text(enum ts_reply_verdict verdict)
{
	static const char *const texts[] = {
	        [TS_REPLY_LEGAL] = "legal",
	        [TS_REPLY_NO_BRACKET] = "a stamp had to begin here, and there is no '['",
	        [TS_REPLY_BAD_TIME] = "what stands between the brackets is no time of the server's kind",
	        [TS_REPLY_STALE_TIME] = "the time lies before the moment of sending, or went back",
	        [TS_REPLY_FUTURE_TIME] = "the time lies after the moment of reading",
	        [TS_REPLY_BAD_SEPARATOR] = "what follows the ']' is not the server's separator",
	        [TS_REPLY_EMPTY_CHUNK] = "a stamp stands there without data",
	        [TS_REPLY_WRONG_DATA] = "a byte is neither the next of the data nor the beginning of a stamp",
	        [TS_REPLY_EXCESS] = "there is more than all of the data",
	        [TS_REPLY_SHORT] = "the reply ended before all of the data came back",
	};

	return texts[verdict];
}

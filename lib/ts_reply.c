#include "ts_reply_inside.h"
#include <stdlib.h>
#include <string.h>

/* In ts_reply.state, beside the place: the held bytes are the next of I. */
#define HELD_IS_DATA 4
#define PLACES       3

/* --- between calls ----------------------------------------------------------------------------------------------- */

static bool forked(const struct ts_reply *r)
{
	return r->ways && r->ways->n > 1;
}

static void load(const struct ts_reply *r, struct ts_reply_walk *f)
{
	if (forked(r)) {
		f->ways.n = r->ways->n;
		memcpy(f->ways.way, r->ways->way, r->ways->n * sizeof(struct ts_reply_way));
	} else {
		f->ways.n = 1;
		f->ways.way[0] = (struct ts_reply_way){.at = r->read - r->n_held,
		                                       .matched = ts_reply_base(r),
		                                       .last_ns = r->last_stamp_ns,
		                                       .n_stamps = r->n_stamps,
		                                       .mode = r->state & PLACES};
	}
	if (r->n_memo)
		f->judge.memo = (struct ts_reply_memo){.bytes = r->text,
		                                       .n = r->n_memo,
		                                       .begin_ns = r->last_stamp_ns,
		                                       .resolution_ns = r->memo_resolution_ns};
}

/* Would the rest of O, from where the alternative waits, do as data? Then all of O may have been answered. */
static bool rest_is_data(const struct ts_reply_walk *f, const struct ts_reply_way *way)
{
	size_t n = (size_t)(f->out_end - way->at);

	return way->mode == TS_REPLY_AT_DATA && f->in_end - way->matched >= n &&
	       memcmp(f->out + (way->at - f->out_begin), f->in + (way->matched - f->in_begin), n) == 0;
}

static uint64_t way_matched(const struct ts_reply_way *way, uint64_t out_end)
{
	return way->matched + (way->held_is_data ? out_end - way->at : 0);
}

/* The one to report: it stands in data if any does, and has matched most. */
static const struct ts_reply_way *furthest(const struct ts_reply_walk *f)
{
	const struct ts_reply_way *best = &f->ways.way[0];

	for (unsigned i = 1; i < f->ways.n; i++) {
		const struct ts_reply_way *way = &f->ways.way[i];
		bool in_data = way->mode == TS_REPLY_AT_DATA, best_in_data = best->mode == TS_REPLY_AT_DATA;
		if (in_data != best_in_data ? in_data : way_matched(way, f->out_end) > way_matched(best, f->out_end))
			best = way;
	}
	return best;
}

static void store_ways(struct ts_reply *r, struct ts_reply_walk *f, const struct ts_reply_way *best)
{
	if (f->ways.n > 1 && !r->ways)
		r->ways = malloc(sizeof(*r->ways));
	if (!r->ways)
		return;
	if (f->ways.n > 1)
		memcpy(r->ways->way, f->ways.way, f->ways.n * sizeof(struct ts_reply_way));
	else
		r->ways->way[0] = *best;
	r->ways->n = f->ways.n;
}

static void store_text(struct ts_reply *r, const struct ts_reply_walk *f, uint64_t held_from)
{
	const struct ts_reply_memo *memo = &f->judge.memo;

	r->n_held = (uint8_t)(f->out_end - held_from);
	if (r->n_held) {
		memmove(r->text, f->out + (held_from - f->out_begin), r->n_held);
		r->n_memo = 0;
	} else if (!memo->bytes || memo->begin_ns != r->last_stamp_ns) {
		r->n_memo = 0;
	} else if (memo->bytes != r->text) {
		memcpy(r->text, memo->bytes, memo->n);
		r->n_memo = (uint8_t)memo->n;
		r->memo_resolution_ns = memo->resolution_ns;
	}
}

static void store(struct ts_reply *r, struct ts_reply_walk *f)
{
	uint64_t held_from = f->out_end;

	for (unsigned i = 0; i < f->ways.n; i++) {
		struct ts_reply_way *way = &f->ways.way[i];
		way->held_is_data = way->waits && rest_is_data(f, way);
		if (way->at < held_from)
			held_from = way->at;
	}
	const struct ts_reply_way *best = furthest(f);
	r->matched = way_matched(best, f->out_end);
	r->n_stamps = best->n_stamps;
	r->last_stamp_ns = best->last_ns;
	r->state = (uint8_t)(best->mode | (best->held_is_data ? HELD_IS_DATA : 0));
	store_ways(r, f, best);
	if (!forked(r))
		held_from = best->at;
	store_text(r, f, held_from);
}

/* --- the interface ----------------------------------------------------------------------------------------------- */

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
	r->state = TS_REPLY_AT_START;
	r->verdict = TS_REPLY_LEGAL;
}

size_t ts_reply_stamp_again(const struct ts_reply *r, const struct ts_reply_rule *rule, const char *out, size_t n_out,
                            int64_t sent_ns, int64_t read_ns)
{
	size_t n = r->n_memo;

	if (r->read > 0 || r->verdict != TS_REPLY_LEGAL || n == 0 || n_out <= n || memcmp(out, r->text, n) != 0)
		return 0;
	if (!ts_reply_memo_holds(r->last_stamp_ns, read_ns) ||
	    ts_reply_window(rule, r->last_stamp_ns, r->memo_resolution_ns, sent_ns, read_ns) != TS_REPLY_LEGAL)
		return 0;
	return n;
}

/*
 * The common case: a message's first bytes of O are the stamp that this connection had last, and data with no '[' in
 * it. If so they are legal, and are taken here; if not, nothing has been done. What the walk does beyond this is not
 * needed then: the stamp was read when its bytes came first, so that only the window is left to judge; it cannot go
 * back, being the last one itself; and data that holds no '[' can be read in one way only, which is one comparison.
 */
static bool take_plain(struct ts_reply *r, const struct ts_reply_rule *rule, const char *in, size_t n_in,
                       const char *out, size_t n_out, int64_t sent_ns, int64_t read_ns)
{
	size_t n_stamp = ts_reply_stamp_again(r, rule, out, n_out, sent_ns, read_ns), n_data = n_out - n_stamp;

	if (n_stamp == 0 || n_data > n_in || memcmp(out + n_stamp, in, n_data) != 0 || memchr(in, '[', n_data))
		return false;
	r->matched = n_data;
	r->read = n_out;
	r->n_stamps = 1;
	r->state = TS_REPLY_AT_DATA;
	return true;
}

/* Everything else. Apart, because its alternatives need room on the stack that the common case shall not pay for. */
static __attribute__((noinline)) enum ts_reply_verdict take_any(struct ts_reply *r, const struct ts_reply_rule *rule,
                                                                const char *in, size_t n_in, const char *out,
                                                                size_t n_out, int64_t sent_ns, int64_t read_ns)
{
	struct ts_reply_walk f;
	char joint[2 * TS_REPLY_STAMP_MAX];

	f.judge = (struct ts_reply_judge){.rule = rule, .sent_ns = sent_ns, .read_ns = read_ns};
	f.died = (struct ts_reply_way){0};
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
		ts_reply_run(&f, joint, out_begin - r->n_held, r->n_held + n_new);
		done = n_new == n_out;
	}
	if (!done && f.ways.n > 0)
		ts_reply_run(&f, out, out_begin, n_out);
	r->read += n_out;
	if (f.ways.n > 0) {
		store(r, &f);
		return TS_REPLY_LEGAL;
	}
	r->matched = f.died.matched;
	r->read = f.died.at;
	r->verdict = (uint8_t)f.verdict;
	return r->verdict;
}

enum ts_reply_verdict ts_reply_feed(struct ts_reply *r, const struct ts_reply_rule *rule, const char *in, size_t n_in,
                                    const char *out, size_t n_out, int64_t sent_ns, int64_t read_ns)
{
	if (r->verdict != TS_REPLY_LEGAL || n_out == 0)
		return r->verdict;
	if (take_plain(r, rule, in, n_in, out, n_out, sent_ns, read_ns))
		return TS_REPLY_LEGAL;
	return take_any(r, rule, in, n_in, out, n_out, sent_ns, read_ns);
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

static bool way_complete(const struct ts_reply_way *way, uint64_t out_end, uint64_t n_total)
{
	return way->mode == TS_REPLY_AT_DATA && (way->at == out_end || way->held_is_data) &&
	       way_matched(way, out_end) == n_total;
}

bool ts_reply_complete(const struct ts_reply *r, uint64_t n_total)
{
	if (r->verdict != TS_REPLY_LEGAL)
		return false;
	if (r->read == 0)
		return n_total == 0;
	if (!forked(r))
		return (r->state & PLACES) == TS_REPLY_AT_DATA && (r->n_held == 0 || r->state & HELD_IS_DATA) &&
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
	else if ((r->state & PLACES) == TS_REPLY_AT_STAMPED)
		r->verdict = TS_REPLY_EMPTY_CHUNK;
	else
		r->verdict = TS_REPLY_EXCESS;
	return r->verdict;
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

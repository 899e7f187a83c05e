#include "ts_reply_inside.h"
#include <string.h>

/* --- the alternatives -------------------------------------------------------------------------------------------- */

static void die(struct ts_reply_walk *f, struct ts_reply_way *way, enum ts_reply_verdict verdict)
{
	f->verdict = verdict;
	if (way->matched >= f->died.matched)
		f->died = *way;
	*way = f->ways.way[--f->ways.n];
}

/* Does `a` allow all that `b` does? A smaller time of the last stamp allows more, and so does standing in data. */
static bool covers(const struct ts_reply_way *a, const struct ts_reply_way *b)
{
	return a->at == b->at && a->matched == b->matched && a->mode >= b->mode && a->last_ns <= b->last_ns;
}

/* Of two alternatives of which one covers the other, one is enough. Returns true when `new` is the one too many. */
static bool merge(struct ts_reply_walk *f, const struct ts_reply_way *new)
{
	for (unsigned i = 0; i < f->ways.n; i++) {
		struct ts_reply_way *old = &f->ways.way[i];
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

static void add(struct ts_reply_walk *f, const struct ts_reply_way *new)
{
	struct ts_reply_way *least = &f->ways.way[0];

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

/* --- one step ---------------------------------------------------------------------------------------------------- */

/* Of n bytes, how many are the same before the first that is not? */
static size_t n_alike(const char *a, const char *b, size_t n)
{
	size_t i = 0;

	if (memcmp(a, b, n) == 0)
		return n;
	while (a[i] == b[i])
		i++;
	return i;
}

/* Take O up to the next '[' as data. */
static void step_data(struct ts_reply_walk *f, struct ts_reply_way *way)
{
	const char *o = f->out + (way->at - f->out_begin);
	const char *i = f->in + (way->matched - f->in_begin);
	size_t n_out = (size_t)(f->out_end - way->at);
	size_t n_in = (size_t)(f->in_end - way->matched);
	const char *bracket = memchr(o + 1, '[', n_out - 1);
	size_t n = bracket ? (size_t)(bracket - o) : n_out;
	size_t n_same = n < n_in ? n : n_in;

	size_t n_right = n_alike(o, i, n_same);

	way->at += n_right;
	way->matched += n_right;
	way->mode = TS_REPLY_AT_DATA;
	if (n_right < n) {
		die(f, way, n_right < n_same ? TS_REPLY_WRONG_DATA : TS_REPLY_EXCESS);
		return;
	}
	if (f->ways.n > 1 && merge(f, way))
		*way = f->ways.way[--f->ways.n];
}

static const struct ts_reply_seen *look(struct ts_reply_walk *f, uint64_t at)
{
	if (f->seen_at != at) {
		f->seen = ts_reply_look(&f->judge, f->out + (at - f->out_begin), (size_t)(f->out_end - at));
		f->seen_at = at;
	}
	return &f->seen;
}

/* Why a '[' that is not the next byte of I is no stamp, either. */
static enum ts_reply_verdict blame(const struct ts_reply_way *way, const struct ts_reply_seen *seen, uint64_t in_end)
{
	if (way->mode == TS_REPLY_AT_START || (seen->like_stamp && seen->verdict != TS_REPLY_BAD_TIME))
		return seen->verdict;
	if (way->matched == in_end)
		return TS_REPLY_EXCESS;
	return seen->like_stamp ? seen->verdict : TS_REPLY_WRONG_DATA;
}

/* At a '[' where a stamp may stand, and data too if `is_data`. */
static void step_bracket(struct ts_reply_walk *f, struct ts_reply_way *way, bool is_data)
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
	struct ts_reply_way stamped = {.at = way->at + seen.n,
	                               .matched = way->matched,
	                               .last_ns = seen.begin_ns,
	                               .n_stamps = way->n_stamps + 1,
	                               .mode = TS_REPLY_AT_STAMPED};
	if (!is_data) {
		*way = stamped;
		return;
	}
	step_data(f, way);
	add(f, &stamped);
}

static void step(struct ts_reply_walk *f, struct ts_reply_way *way)
{
	char c = f->out[way->at - f->out_begin];
	bool is_data =
	        way->mode != TS_REPLY_AT_START && way->matched < f->in_end && c == f->in[way->matched - f->in_begin];

	if (c == '[' && way->mode != TS_REPLY_AT_STAMPED)
		step_bracket(f, way, is_data);
	else if (is_data)
		step_data(f, way);
	else if (way->mode == TS_REPLY_AT_START)
		die(f, way, TS_REPLY_NO_BRACKET);
	else if (way->mode == TS_REPLY_AT_STAMPED && c == '[')
		die(f, way, TS_REPLY_EMPTY_CHUNK);
	else
		die(f, way, way->matched == f->in_end ? TS_REPLY_EXCESS : TS_REPLY_WRONG_DATA);
}

/* Always the one that is furthest behind is next, so that those that will agree meet. */
void ts_reply_run(struct ts_reply_walk *f, const char *out, uint64_t out_begin, size_t n)
{
	f->out = out;
	f->out_begin = out_begin;
	f->out_end = out_begin + n;
	f->seen_at = UINT64_MAX;
	for (unsigned i = 0; i < f->ways.n; i++)
		f->ways.way[i].waits = false;
	for (;;) {
		struct ts_reply_way *behind = NULL;
		for (unsigned i = 0; i < f->ways.n; i++) {
			struct ts_reply_way *way = &f->ways.way[i];
			if (!way->waits && way->at < f->out_end && (!behind || way->at < behind->at))
				behind = way;
		}
		if (!behind)
			return;
		step(f, behind);
	}
}

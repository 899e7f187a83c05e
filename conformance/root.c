#include "root.h"
#include "result.h"
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The case about a way of going wrong, and more cases in which it is no side matter. Patterns of fnmatch(3). once: only
 * of what came at the first look, and not at the second, when there is nobody else. every: it is about every reply, and
 * so what others have met is its finding, too (root is an id then).
 */
static const struct {
	enum sort sort;
	const char *root, *spared, *spared_too;
	bool once, every;
	enum sort named;
} roots[] = {
        {NO_STAMP, "format.bracket-open", "format.bracket-*", "stream.lockstep"},
        {OTHER_TIME, "format.time-text-steady", "format.time-text*", "time.[cz]*", .every = true},
        {OTHER_SEPARATOR, "format.separator-steady", "format.separator-*", "format.reply", .every = true},
        {WRONG_TIME, "time.zone-steady", "time.zone-true", "time.zone-true", .named = OTHER_ZONE},
        {WRONG_TIME, "time.zone-true", "time.calendar", "time.calendar"},
        {WRONG_TIME, "time.[!c]*", "time.[!c]*", "time.[!c]*"},
        {WRONG_TIME, "time.window", "time.[!cnz]*", "time.zone-true"},
        {UNASKED, "stream.no-unasked", "stream.no-*", "format.nothing-after", .every = true},
        {AFTER_END, "end.half-close", "end.no-empty-reply", "end.no-empty-reply"},
        {AFTER_END, "end.no-flood", "end.*", "end.*", .every = true},
        {EARLY_END, "stream.kept-many", "stream.kept-*", "format.reply"},
        {EARLY_END, "stream.kept-[it]*", "stream.kept-*", "format.reply"},
        {EARLY_END, "end.one-shot-whole", "format.reply", "data.sizes"},
        {EARLY_END, "data.one-byte", "stream.kept-*", "format.reply"},
        {EARLY_END, "concurrency.churn", "concurrency.*", "concurrency.*", .once = true},
        {IDLE_END, "stream.kept-idle", "stream.kept-*", "stream.kept-*"},
        {OWED_END, "end.half-close-owed", "end.half-close", "line.*"},
        {LOST, "datagram.many", "datagram.burst", "datagram.clients"},
        {PASSED_OVER, "stream.lockstep", "stream.lockstep", "stream.lockstep"},
        {CUT, "data.sizes", "@(data.every-byte|datagram.large)", "line.long", .every = true},
        {LINE_SPLIT, "line.long", "line.*", "line.*"},
        {LINES_JOINED, "line.each", "line.*", "line.*"},
        {TWICE, "datagram.once", "datagram.*", "datagram.*", .every = true},
        {REPEATED, "format.reply", "format.reply", "format.reply"},
        {REPEATED, "format.nothing-after", "format.reply", "format.reply", .every = true},
        {ALL_SO_FAR, "stream.lockstep", "format.reply", "format.reply"},
        {LEFTOVER, "format.nothing-after", "format.reply", "format.reply", .every = true},
        {OF_ANOTHER, "concurrency.no-cross-talk", "concurrency.no-cross-talk", "concurrency.no-cross-talk"},
        {OTHER_SOURCE, "datagram.source", "datagram.source", "datagram.source"},
        {PARTLY, "data.sizes", "data.sizes", "data.one-byte"},
        {PARTLY, "data.one-byte", "data.sizes", "data.one-byte"},
        {NO_ANSWER, "stream.kept-many", "stream.kept-*", "stream.lockstep"},
};

static bool fits(const char *pattern, const struct result *r)
{
	return fnmatch(pattern, r->row->id, FNM_EXTMATCH) == 0;
}

static enum sort sort_of_root(size_t i)
{
	return roots[i].named != ANY ? roots[i].named : roots[i].sort;
}

bool root_is(const struct result *r)
{
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
		if (r->blame != NOBODY && r->sort == sort_of_root(i) && fits(roots[i].root, r))
			return true;
	return false;
}

/* Is case r one that the root at row i speaks for? */
static bool speaks_for(size_t i, const struct result *r)
{
	return r->blame != NOBODY && r->sort == roots[i].sort && (r->flaky || !roots[i].once) &&
	       !fits(roots[i].root, r) && !fits(roots[i].spared, r) && !fits(roots[i].spared_too, r);
}

bool root_may_come(const struct result *r)
{
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
		if (r->row->stage == FIRST && speaks_for(i, r))
			return true;
	return false;
}

/* That the root was right at the second look may mean that another was to blame: this one? With --exec each is looked
 * at with nobody else there. */
static bool may_be_cause(const struct report *report, const struct result *r)
{
	bool alone = report->subject->launch && r->sort == EARLY_END;

	return fits("concurrency.*", r) || (alone && result_suspicion(r) > 0);
}

#define GATHERED 3 /* cases that a fault now and then has spoilt */

/* How many has it spoilt, judged or not? *first: of them. */
static int n_spoilt(const struct report *report, size_t i, const struct result **first)
{
	int n = 0;

	for (size_t j = 0; j < report->n; j++) {
		const struct result *r = &report->results[j];
		if (!r->selected || !speaks_for(i, r) || (r->done && r->status != FAIL))
			continue;
		*first = n == 0 ? r : *first;
		n++;
	}
	return n;
}

static void take_over(struct result *root, const struct result *first, int n)
{
	root->blame = first->blame;
	root->sort = first->sort;
	root->flaky = first->flaky;
	root->seen_in = first->row;
	snprintf(root->message, sizeof(root->message), "in %s and %d cases more: %.600s", first->row->id, n - 1,
	         first->message);
	memcpy(root->expected, first->expected, sizeof(root->expected));
	memcpy(root->actual, first->actual, sizeof(root->actual));
	free(root->trace);
	root->trace = first->trace ? strdup(first->trace) : NULL;
}

void root_gather(struct report *report)
{
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		struct result *root = roots[i].every ? result_of(report, roots[i].root) : NULL;
		const struct result *first = NULL;

		if (!root || !root->selected || root->blame != NOBODY || root->duration_ns == 0)
			continue;
		int n = n_spoilt(report, i, &first);
		if (n < GATHERED)
			continue;
		take_over(root, first, n);
		result_judge(report, root);
	}
}

static bool is_end(enum sort sort)
{
	return sort == EARLY_END || sort == OWED_END;
}

/* A script of random steps finds what no other case does: what another has found in the same way is that one's. */
static const struct result *found_without_chance(const struct report *report, const struct result *r)
{
	if (!fits("stream.random", r) || r->blame != BYTES || r->sort == ANY)
		return NULL;
	for (size_t j = 0; j < report->n; j++) {
		const struct result *other = &report->results[j];
		if (other != r && other->done && other->status == FAIL && !other->flaky &&
		    (other->sort == r->sort || (is_end(other->sort) && is_end(r->sort))))
			return other;
	}
	return NULL;
}

const struct result *root_of(const struct report *report, const struct result *r)
{
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		if (!speaks_for(i, r))
			continue;
		for (size_t j = 0; j < report->n; j++) {
			const struct result *root = &report->results[j];
			if (root->done && root->status == FAIL && root->sort == sort_of_root(i) &&
			    fits(roots[i].root, root) && !(root->flaky && may_be_cause(report, r)))
				return root;
		}
	}
	return found_without_chance(report, r);
}

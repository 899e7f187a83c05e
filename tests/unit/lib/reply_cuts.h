/*
 * Feeding an output to the law of replies: whole, byte by byte, cut once at every offset, and in random splits; as the
 * first of a connection, and after a message that was answered with the stamp of now. All of them must give one
 * verdict. Each part ends where its heap block ends, so that a sanitizer sees any reading beyond it.
 */
#ifndef REPLY_CUTS_H
#define REPLY_CUTS_H

#include "ts_clock.h"
#include "ts_random.h"
#include "ts_reply.h"
#include "unit.h"

#define TEXT(s) (s), sizeof(s) - 1 /* and its length */

#define NOW_S   INT64_C(1795343400) /* 2026-11-22T10:30:00Z, a Sunday */
#define SENT_NS (NOW_S * TS_S + 100 * TS_MS)
#define READ_NS (NOW_S * TS_S + 200 * TS_MS)
#define T       "[Sun Nov 22 10:30:00 2026]"
#define OLD     "[Sun Nov 22 10:29:59 2026]"
#define NEW     "[Sun Nov 22 10:30:01 2026]"

/* How long the next part is, of n bytes that are left. */
typedef size_t cutter(void *state, size_t n);

static inline size_t cut_whole(void *state, size_t n)
{
	(void)state;
	return n;
}

static inline size_t cut_byte(void *state, size_t n)
{
	(void)state;
	(void)n;
	return 1;
}

static inline size_t cut_once(void *state, size_t n)
{
	size_t first = *(size_t *)state;

	*(size_t *)state = 0;
	return first && first < n ? first : n;
}

static inline size_t cut_random(void *state, size_t n)
{
	return 1 + ts_random_below(state, n);
}

static inline struct ts_reply_rule rule_of(enum ts_stamp_kind kind, const char *separator)
{
	struct ts_reply_rule rule = {.stamp.kind = kind, .check_time = true, .n_separator = strlen(separator)};

	strcpy(rule.separator, separator);
	return rule;
}

static inline void feed_part(struct ts_reply *r, const struct ts_reply_rule *rule, const char *in, size_t n_in,
                             const char *out, size_t n_out)
{
	char *part = malloc(n_out), *rest = malloc(n_in + 1);

	memcpy(part, out, n_out);
	memcpy(rest + 1, in, n_in);
	ts_reply_feed(r, rule, rest + 1, n_in, part, n_out, SENT_NS, READ_NS);
	free(part);
	free(rest);
}

/* A message in lock-step that was answered with T (where that is of the dialect): its stamp is remembered. */
static inline void feed_before(struct ts_reply *r, const struct ts_reply_rule *rule)
{
	char out[sizeof(T) + sizeof(rule->separator) + 1] = T;
	size_t n = sizeof(T) - 1;

	memcpy(out + n, rule->separator, rule->n_separator);
	out[n + rule->n_separator] = 'x';
	feed_part(r, rule, "x", 1, out, n + rule->n_separator + 1);
	ts_reply_next(r);
}

static inline enum ts_reply_verdict feed_after(const struct ts_reply_rule *rule, bool is_first, const char *in,
                                               size_t n_in, const char *out, size_t n_out, cutter *cut, void *state)
{
	struct ts_reply r;
	uint64_t base_before = 0;

	ts_reply_init(&r);
	if (!is_first)
		feed_before(&r, rule);
	for (size_t done = 0, n; done < n_out; done += n) {
		uint64_t base = ts_reply_base(&r);
		n = cut(state, n_out - done);
		assert_true(base >= base_before && base <= n_in);
		base_before = base;
		feed_part(&r, rule, in + base, n_in - base, out + done, n);
	}
	bool complete = ts_reply_complete(&r, n_in);
	enum ts_reply_verdict verdict = ts_reply_end(&r, n_in);
	assert_int_equal(complete, verdict == TS_REPLY_LEGAL);
	if (n_out > 0 && verdict == TS_REPLY_LEGAL)
		assert_int_equal(r.matched, n_in);
	ts_reply_release(&r);
	return verdict;
}

static inline enum ts_reply_verdict feed_cut(const struct ts_reply_rule *rule, const char *in, size_t n_in,
                                             const char *out, size_t n_out, cutter *cut, void *state)
{
	return feed_after(rule, true, in, n_in, out, n_out, cut, state);
}

/* The verdict of O for I, the same for every cut of O. */
static inline enum ts_reply_verdict judge(const struct ts_reply_rule *rule, const char *in, size_t n_in,
                                          const char *out, size_t n_out)
{
	enum ts_reply_verdict verdict = feed_cut(rule, in, n_in, out, n_out, cut_whole, NULL);
	struct ts_random *random = ts_random_new(7);

	assert_int_equal(feed_cut(rule, in, n_in, out, n_out, cut_byte, NULL), verdict);
	for (size_t i = 1; i < n_out; i++) {
		size_t first = i;
		assert_int_equal(feed_cut(rule, in, n_in, out, n_out, cut_once, &first), verdict);
		first = i;
		assert_int_equal(feed_after(rule, false, in, n_in, out, n_out, cut_once, &first), verdict);
	}
	assert_int_equal(feed_after(rule, false, in, n_in, out, n_out, cut_whole, NULL), verdict);
	for (int i = 0; i < 10; i++)
		assert_int_equal(feed_cut(rule, in, n_in, out, n_out, cut_random, random), verdict);
	ts_random_free(random);
	return verdict;
}

#endif

/*
 * The law of replies against a matcher that tries everything: a table over (bytes of I, bytes of O, where), as the law
 * is written, with no runs, no memory of stamps and no limit. Small alphabets, so that brackets and stamps collide
 * often.
 */
#include "reply_cuts.h"
#include <stdio.h>

#define N_MAX 1500

/* The stamps there are: texts of the time of day, so that a stamp is ten bytes. The last two are out of the window. */
static const char *const stamps[] = {"[10:30:00]", "[10:30:01]", "[10:29:59]", "[10:30:07]", "[10:29:50]"};
#define N_GOOD          3
#define N_STAMPS        5
#define WINDOW_BEGIN_NS ((NOW_S - 1) * TS_S + TS_S / 2)
#define WINDOW_END_NS   ((NOW_S + 1) * TS_S + TS_S / 2)

struct text {
	char byte[N_MAX];
	size_t n;
};

static void append(struct text *t, const char *bytes, size_t n)
{
	if (t->n + n <= N_MAX) {
		memcpy(t->byte + t->n, bytes, n);
		t->n += n;
	}
}

/* Seconds since the first good stamp's if a stamp that is in the window stands there, or -1. */
static int good_stamp(const struct ts_reply_rule *rule, const char *o, size_t n)
{
	static const int seconds[N_GOOD] = {1, 2, 0};
	size_t n_stamp = strlen(stamps[0]);

	for (int i = 0; i < N_GOOD; i++)
		if (n >= n_stamp + rule->n_separator && memcmp(o, stamps[i], n_stamp) == 0 &&
		    memcmp(o + n_stamp, rule->separator, rule->n_separator) == 0)
			return seconds[i];
	return -1;
}

/* The stamp of the message before on the same connection, as an index into `stamps`, or none. */
#define NONE_BEFORE N_STAMPS

/* The earliest time (0 to 2) of a good stamp that does not go back; 3: none. */
static int earliest_after(size_t before)
{
	static const int times[N_STAMPS + 1] = {1, 2, 0, 3, 0, 0};

	return times[before];
}

/* Can the first i bytes of I be answered by the first o bytes of O, with the last stamp's time t (0 to 2), ending in
 * data (1) or in a stamp (0)? Cells are filled forward, from every reachable one to all that follow from it. */
static bool is_legal(const struct ts_reply_rule *rule, size_t before, const struct text *in, const struct text *out)
{
	static bool cell[N_MAX + 1][N_MAX + 1][3][2];
	size_t n_stamp = strlen(stamps[0]) + rule->n_separator;

	if (in->n == 0 || out->n == 0)
		return in->n == out->n;
	for (size_t o = 0; o <= out->n; o++)
		memset(cell[o], 0, (in->n + 1) * sizeof(cell[o][0]));
	if (earliest_after(before) == 3)
		return false;
	cell[0][0][earliest_after(before)][1] = true; /* at the beginning anything but data may follow */
	for (size_t o = 0; o < out->n; o++) {
		int time = good_stamp(rule, out->byte + o, out->n - o);
		for (size_t i = 0; i <= in->n; i++)
			for (int t = 0; t < 3; t++)
				for (int in_data = 0; in_data < 2; in_data++) {
					if (!cell[o][i][t][in_data])
						continue;
					if (o > 0 && i < in->n && out->byte[o] == in->byte[i])
						cell[o + 1][i + 1][t][1] = true;
					if (in_data && time >= t)
						cell[o + n_stamp][i][time][0] = true;
				}
	}
	return cell[out->n][in->n][0][1] || cell[out->n][in->n][1][1] || cell[out->n][in->n][2][1];
}

/* Data that is likely to be taken for stamps. */
static void make_input(struct ts_random *random, const struct ts_reply_rule *rule, struct text *in)
{
	size_t n_pieces = ts_random_below(random, 12);
	bool is_plain = ts_random_below(random, 3) == 0;

	in->n = 0;
	for (size_t i = 0; i < n_pieces; i++) {
		if (is_plain) {
			append(in, "a]1" + ts_random_below(random, 3), 1);
			continue;
		}
		if (ts_random_below(random, 3) > 0) {
			append(in, "a[]1" + ts_random_below(random, 4), 1);
			continue;
		}
		const char *stamp = stamps[ts_random_below(random, N_STAMPS)];
		size_t from = ts_random_below(random, 3) ? 0 : ts_random_below(random, strlen(stamp));
		append(in, stamp + from, strlen(stamp) - from);
		if (ts_random_below(random, 2))
			append(in, rule->separator, rule->n_separator);
	}
}

/* What a right server sends: any cut of I, and time that does not go back. */
static void make_output(struct ts_random *random, const struct ts_reply_rule *rule, const struct text *in,
                        struct text *out)
{
	static const int in_order[N_GOOD] = {2, 0, 1};
	size_t second = ts_random_below(random, N_GOOD);

	out->n = 0;
	for (size_t i = 0; i < in->n;) {
		size_t n = 1 + ts_random_below(random, in->n - i);
		append(out, stamps[in_order[second]], strlen(stamps[0]));
		append(out, rule->separator, rule->n_separator);
		append(out, in->byte + i, n);
		i += n;
		second += second < N_GOOD - 1 ? ts_random_below(random, 2) : 0;
	}
}

/* One small fault: a byte changed, lost, added, or a stamp put in or taken out. */
static void mutate(struct ts_random *random, struct text *out)
{
	size_t at = ts_random_below(random, out->n + 1);
	struct text was = *out;
	const char *stamp = stamps[ts_random_below(random, N_STAMPS)];

	switch (ts_random_below(random, 5)) {
	case 0:
		if (at < out->n)
			out->byte[at] = "a[]1"[ts_random_below(random, 4)];
		break;
	case 1:
		out->n = at;
		append(out, was.byte + at + 1, at < was.n ? was.n - at - 1 : 0);
		break;
	case 2:
		out->n = at;
		append(out, "a[]1" + ts_random_below(random, 4), 1);
		append(out, was.byte + at, was.n - at);
		break;
	case 3:
		out->n = at;
		append(out, stamp, strlen(stamp));
		append(out, was.byte + at, was.n - at);
		break;
	default:
		if (at + strlen(stamp) <= was.n) {
			out->n = at;
			append(out, was.byte + at + strlen(stamp), was.n - at - strlen(stamp));
		}
	}
}

/* A message before, whose stamp was good at its time. */
static void feed_stamp(struct ts_reply *r, const struct ts_reply_rule *rule, size_t before)
{
	struct text out = {.n = 0};

	if (before == NONE_BEFORE)
		return;
	append(&out, stamps[before], strlen(stamps[before]));
	append(&out, rule->separator, rule->n_separator);
	append(&out, "x", 1);
	assert_int_equal(ts_reply_feed(r, rule, "x", 1, out.byte, out.n, (NOW_S - 60) * TS_S, (NOW_S + 60) * TS_S),
	                 TS_REPLY_LEGAL);
	assert_true(ts_reply_complete(r, 1));
	ts_reply_next(r);
}

/*
 * Where the stamp before stands again: then it and plain data are the whole of a legal reply, and after that the
 * checker is the same as if it had been fed. Where it does not: then it is another text, or out of the window.
 */
static void try_stamp_again(struct ts_reply *r, const struct ts_reply_rule *rule, size_t before, const struct text *in,
                            const struct text *out)
{
	size_t n_stamp = strlen(stamps[0]) + rule->n_separator;
	size_t n = ts_reply_stamp_again(r, rule, out->byte, out->n, WINDOW_BEGIN_NS, WINDOW_END_NS);
	bool expected = before < N_GOOD && out->n > n_stamp &&
	                memcmp(out->byte, stamps[before], strlen(stamps[0])) == 0 &&
	                memcmp(out->byte + n_stamp - rule->n_separator, rule->separator, rule->n_separator) == 0;
	struct ts_reply was = *r;

	assert_int_equal(n, expected ? n_stamp : 0);
	if (n == 0 || in->n != out->n - n || memcmp(out->byte + n, in->byte, in->n) != 0 ||
	    memchr(in->byte, '[', in->n))
		return;
	assert_int_equal(ts_reply_feed(r, rule, in->byte, in->n, out->byte, out->n, WINDOW_BEGIN_NS, WINDOW_END_NS),
	                 TS_REPLY_LEGAL);
	assert_int_equal(ts_reply_stamp_again(r, rule, out->byte, out->n, WINDOW_BEGIN_NS, WINDOW_END_NS), 0);
	assert_true(ts_reply_complete(r, in->n));
	assert_int_equal(r->n_stamps, 1);
	ts_reply_next(r);
	assert_memory_equal(r, &was, sizeof(was));
}

static bool judged_legal(const struct ts_reply_rule *rule, size_t before, const struct text *in, const struct text *out,
                         cutter *cut, struct ts_random *random)
{
	struct ts_reply r;

	ts_reply_init(&r);
	feed_stamp(&r, rule, before);
	try_stamp_again(&r, rule, before, in, out);
	for (size_t done = 0, n; done < out->n; done += n) {
		uint64_t base = ts_reply_base(&r);
		n = cut(random, out->n - done);
		ts_reply_feed(&r, rule, in->byte + base, in->n - base, out->byte + done, n, WINDOW_BEGIN_NS,
		              WINDOW_END_NS);
	}
	bool complete = ts_reply_complete(&r, in->n);
	bool legal = ts_reply_end(&r, in->n) == TS_REPLY_LEGAL;
	ts_reply_release(&r);
	assert_int_equal(complete, legal);
	return legal;
}

static bool compare(const struct ts_reply_rule *rule, size_t before, const struct text *in, const struct text *out,
                    struct ts_random *random)
{
	static cutter *const cutters[] = {cut_whole, cut_byte, cut_random};
	bool expected = is_legal(rule, before, in, out);

	for (size_t i = 0; i < N(cutters); i++)
		if (judged_legal(rule, before, in, out, cutters[i], random) != expected)
			fail_msg("cut %zu: \"%.*s\" for \"%.*s\" after stamp %zu must be %s", i, (int)out->n, out->byte,
			         (int)in->n, in->byte, before, expected ? "legal" : "illegal");
	return expected;
}

/* The same after another message on the connection, so that its stamp is remembered; as a rule it
 * stands there again. */
static void compare_after_stamp(const struct ts_reply_rule *rule, const struct text *in, const struct text *out,
                                struct ts_random *random)
{
	size_t before = ts_random_below(random, N_STAMPS);
	struct text same = *out;

	if (same.n >= strlen(stamps[0]) && ts_random_below(random, 4))
		memcpy(same.byte, stamps[before], strlen(stamps[0]));
	compare(rule, before, in, &same, random);
}

static void compare_many(const char *separator, int n_rounds, uint64_t seed)
{
	struct ts_reply_rule rule = rule_of(TS_STAMP_TIME, separator);
	struct ts_random *random = ts_random_new(seed);
	int n_legal_mutants = 0;
	struct text in, out;

	for (int i = 0; i < n_rounds; i++) {
		make_input(random, &rule, &in);
		make_output(random, &rule, &in, &out);
		if (out.n + 2 * 10 > N_MAX)
			continue;
		assert_true(compare(&rule, NONE_BEFORE, &in, &out, random));
		compare_after_stamp(&rule, &in, &out, random);
		for (size_t n = 1 + ts_random_below(random, 2); n > 0; n--)
			mutate(random, &out);
		n_legal_mutants += compare(&rule, NONE_BEFORE, &in, &out, random);
		compare_after_stamp(&rule, &in, &out, random);
	}
	ts_random_free(random);
	assert_in_range(n_legal_mutants, n_rounds / 100, n_rounds / 2); /* both sides were seen */
}

static void test_no_separator(void **state)
{
	(void)state;
	compare_many("", 20000, 1);
}

static void test_separator(void **state)
{
	(void)state;
	compare_many(" ", 10000, 2);
	compare_many("a", 10000, 3);
	compare_many("[", 10000, 4);
	compare_many("]1[", 10000, 5);
}

/* Rows of current stamps as data, longer than the alternatives that are followed: what is illegal is never accepted for
 * it, and little that is legal is refused. */
static void test_long_rows(void **state)
{
	struct ts_reply_rule rule = rule_of(TS_STAMP_TIME, "");
	struct ts_random *random = ts_random_new(6);
	int n_refused = 0, n_legal = 0;
	struct text in, out;

	(void)state;
	for (int round = 0; round < 60; round++) {
		in.n = out.n = 0;
		for (size_t n = 30 + ts_random_below(random, 60); n > 0; n--) {
			append(&in, stamps[0], strlen(stamps[0]));
			append(&in, "[", ts_random_below(random, 20) == 0);
		}
		size_t chunk = 10 * (1 + ts_random_below(random, 20));
		for (size_t i = 0; i < in.n; i += chunk) {
			append(&out, stamps[0], strlen(stamps[0]));
			append(&out, in.byte + i, in.n - i < chunk ? in.n - i : chunk);
		}
		for (size_t n = ts_random_below(random, 3); n > 0; n--)
			mutate(random, &out);
		bool expected = is_legal(&rule, NONE_BEFORE, &in, &out);
		bool actual = judged_legal(&rule, NONE_BEFORE, &in, &out, cut_whole, random);
		assert_true(expected || !actual);
		n_legal += expected;
		n_refused += expected && !actual;
	}
	ts_random_free(random);

	assert_in_range(n_legal, 10, 50);
	assert_in_range(n_refused, 0, n_legal / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_no_separator),
	        cmocka_unit_test(test_separator),
	        cmocka_unit_test(test_long_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

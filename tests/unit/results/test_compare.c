/*
 * The verdicts: what is equal is not accused, what differs is found, and what cannot be told is said so. The samples
 * are invented, lognormal around 1 with the spread of a shared machine, from fixed seeds.
 */
#include "compare.h"
#include "unit.h"
#include <math.h>

#define TRIALS 15

static void draw(double *out, size_t n, double median, double spread, struct ts_random *random)
{
	for (size_t i = 0; i < n; i++)
		out[i] = ts_random_lognormal(random, log(median), spread);
}

static struct compare_row judge(enum figure figure, const double *base, const double *head, size_t n,
                                struct ts_random *random)
{
	struct compare_row row = {.floor = figure == FIGURE_RATE ? 0.10 : 0.05};

	compare_measure(&row, figure, base, n, head, n, 1, random);
	compare_moderate((struct compare_row *const[]){&row}, 1);
	row.p_adjusted = row.p;
	compare_decide(&row, 0.05, 0.05);
	return row;
}

/* How often of 100 pairs with this true ratio the verdict is `wanted`. */
static int count(enum figure figure, double ratio, double spread, enum compare_verdict wanted)
{
	struct ts_random *random = ts_random_new(7);
	double base[TRIALS], head[TRIALS];
	int n = 0;

	for (int i = 0; i < 100; i++) {
		draw(base, TRIALS, 100, spread, random);
		draw(head, TRIALS, 100 * ratio, spread, random);
		n += judge(figure, base, head, TRIALS, random).verdict == wanted;
	}
	ts_random_free(random);
	return n;
}

static void test_equal_is_not_accused(void **state)
{
	(void)state;
	assert_true(count(FIGURE_P50, 1, 0.02, COMPARE_SLOWER) <= 3);
	assert_true(count(FIGURE_P50, 1, 0.02, COMPARE_FASTER) <= 3);
	assert_true(count(FIGURE_RATE, 1, 0.05, COMPARE_SLOWER) <= 3);
	assert_true(count(FIGURE_P50, 1, 0.02, COMPARE_SAME) >= 90);
}

static void test_five_percent_is_found(void **state)
{
	(void)state;
	assert_true(count(FIGURE_P50, 1.05, 0.02, COMPARE_SLOWER) >= 90);
	assert_true(count(FIGURE_P50, 1 / 1.05, 0.02, COMPARE_FASTER) >= 90);
	assert_true(count(FIGURE_RATE, 1 / 1.15, 0.05, COMPARE_SLOWER) >= 90);
}

static void test_noise_cannot_be_told(void **state)
{
	(void)state;
	assert_true(count(FIGURE_P50, 1.02, 0.4, COMPARE_UNTOLD) >= 85);
}

/* Three trials: only a change that is beyond the floor in its whole interval counts. */
static void test_few_trials(void **state)
{
	struct ts_random *random = ts_random_new(1);
	const double base[3] = {100, 101, 99};
	const double same[3] = {101, 100, 99.5}, slow[3] = {120, 122, 118}, mixed[3] = {120, 101, 104};

	(void)state;
	assert_int_equal(judge(FIGURE_P50, base, same, 3, random).verdict, COMPARE_SAME);
	assert_int_equal(judge(FIGURE_P50, base, slow, 3, random).verdict, COMPARE_SLOWER);
	assert_true(judge(FIGURE_P50, base, slow, 3, random).regression);
	assert_int_equal(judge(FIGURE_P50, slow, base, 3, random).verdict, COMPARE_FASTER);
	assert_int_equal(judge(FIGURE_RATE, base, slow, 3, random).verdict, COMPARE_FASTER);
	assert_int_equal(judge(FIGURE_P50, base, mixed, 3, random).verdict, COMPARE_UNTOLD);
	assert_int_equal(judge(FIGURE_P50, base, slow, 2, random).verdict, COMPARE_UNTOLD);
	assert_int_equal(judge(FIGURE_P50, base, slow, 0, random).verdict, COMPARE_UNTOLD);
	ts_random_free(random);
}

/* A table of 60 equal cells of three trials, at the scatter of a busy machine: how many are called different. */
static int accused_of_60(struct ts_random *random, double slow)
{
	struct compare_row rows[60] = {0}, *alike[60];
	double base[3], head[3], p[60];
	int n = 0;

	for (int i = 0; i < 60; i++) {
		draw(base, 3, 100, 0.1, random);
		draw(head, 3, i == 0 ? 100 * slow : 100, 0.1, random);
		rows[i].floor = 0.05;
		compare_measure(&rows[i], FIGURE_P50, base, 3, head, 3, 1, random);
		alike[i] = &rows[i];
	}
	compare_moderate(alike, 60);
	for (int i = 0; i < 60; i++)
		p[i] = rows[i].p;
	ts_stats_holm(p, 60);
	for (int i = 0; i < 60; i++) {
		rows[i].p_adjusted = p[i];
		compare_decide(&rows[i], 0.05, 0.05);
		n += rows[i].verdict == COMPARE_SLOWER || rows[i].verdict == COMPARE_FASTER;
	}
	return slow == 1 ? n : rows[0].verdict == COMPARE_SLOWER;
}

static void test_tables_of_three_trials(void **state)
{
	struct ts_random *random = ts_random_new(3);
	int accused = 0, found = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		accused += accused_of_60(random, 1) > 0;
		found += accused_of_60(random, 2);
	}
	ts_random_free(random);
	assert_in_range(accused, 0, 8);
	assert_in_range(found, 60, 100);
}

static void test_scale(void **state)
{
	struct ts_random *random = ts_random_new(1);
	const double base[3] = {100, 101, 99}, head[3] = {120, 121.2, 118.8};
	struct compare_row row = {.floor = 0.05};

	(void)state;
	compare_measure(&row, FIGURE_P50, base, 3, head, 3, 1 / 1.2, random);
	ts_random_free(random);
	assert_true(fabs(row.ratio.value - 1) < 1e-9);
	assert_true(row.head.value == 120); /* as it was measured */
}

/* A change below two fifths of the floor is none, however sure it is; a slower one within the limit
 * is no regression. */
static void test_small_but_sure(void **state)
{
	struct ts_random *random = ts_random_new(1);
	double base[TRIALS], tiny[TRIALS], small[TRIALS];

	(void)state;
	for (size_t i = 0; i < TRIALS; i++) {
		base[i] = 100 + 0.01 * (double)i;
		tiny[i] = base[i] * 1.01;
		small[i] = base[i] * 1.04;
	}
	assert_int_equal(judge(FIGURE_P50, base, tiny, TRIALS, random).verdict, COMPARE_SAME);
	assert_int_equal(judge(FIGURE_P50, base, small, TRIALS, random).verdict, COMPARE_SLOWER);
	assert_false(judge(FIGURE_P50, base, small, TRIALS, random).regression);
	ts_random_free(random);
}

static void test_words(void **state)
{
	struct compare_row row = {.verdict = COMPARE_SAME, .ratio = {1, 0.975, 1.012}};
	char buf[64];

	(void)state;
	assert_string_equal(compare_words(&row, buf, sizeof(buf)), "the same within 3 %");
	row.verdict = COMPARE_UNTOLD;
	assert_string_equal(compare_words(&row, buf, sizeof(buf)), "cannot be told");
	row.verdict = COMPARE_SLOWER;
	assert_string_equal(compare_words(&row, buf, sizeof(buf)), "slower");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_equal_is_not_accused),   cmocka_unit_test(test_five_percent_is_found),
	        cmocka_unit_test(test_noise_cannot_be_told),   cmocka_unit_test(test_few_trials),
	        cmocka_unit_test(test_small_but_sure),         cmocka_unit_test(test_words),
	        cmocka_unit_test(test_tables_of_three_trials), cmocka_unit_test(test_scale),
	};

	return cmocka_run_group_tests_name("results/compare", tests, NULL, NULL);
}

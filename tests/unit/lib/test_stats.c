/* Location, spread and intervals, against published values and by simulation from seeds. */
#include "ts_stats.h"
#include "unit.h"
#include <math.h>

/* R: quantile(1:10, .9) is 9.1 (type 7); sd(c(2,4,4,4,5,5,7,9)) is 2.138. Catches: other quantile
 * types, n for n - 1. */
static void plain_figures(void **state)
{
	static const double tens[] = {10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, eight[] = {2, 4, 4, 4, 5, 5, 7, 9};

	(void)state;
	check_near(ts_stats_quantile(tens, 10, 0.9), 9.1, 1e-12);
	check_near(ts_stats_quantile(tens, 10, 0), 1, 0);
	check_near(ts_stats_quantile(tens, 10, 1), 10, 0);
	check_near(ts_stats_median(tens, 10), 5.5, 0);
	check_near(ts_stats_mean(eight, 8), 5, 0);
	check_near(ts_stats_stddev(eight, 8), 2.13809, 1e-5);
	check_near(ts_stats_dispersion(eight, 8), 2.13809 * 2.13809 / 5, 1e-5);
	assert_true(tens[0] == 10); /* the caller's order is kept */
}

/* Catches: figures made of too little. */
static void too_small_samples_are_nan(void **state)
{
	static const double x[] = {1, 2, 3};
	double low, high;

	(void)state;
	assert_true(isnan(ts_stats_mean(x, 0)) && isnan(ts_stats_median(x, 0)) && isnan(ts_stats_stddev(x, 1)));
	assert_true(isnan(ts_stats_dispersion(x, 1)) && isnan(ts_stats_mann_whitney(x, 0, x, 3)));
	assert_true(isnan(ts_stats_wilcoxon(x, 0)) && isnan(ts_stats_cliffs_delta(x, 3, x, 0)));
	assert_true(isnan(ts_stats_autocorrelation(x, 3, 3)) && isnan(ts_stats_effective_n(x, 3)));
	assert_true(isnan(ts_stats_anderson_darling_exponential(x, 3, 1)));
	ts_stats_quantile_ranks(0.5, 0, &low, &high);
	assert_true(isnan(low) && isnan(high));
}

/* With a median of 0, 95 % intervals of normal samples hold it in 95 % of the cases; and they are
 * not all of the line. */
static void median_intervals_cover(void **state)
{
	struct ts_random *r = ts_random_new(11);
	int n_held = 0, n_rounds = 1000;
	double widths = 0;

	(void)state;
	for (int round = 0; round < n_rounds; round++) {
		double x[15];
		for (size_t i = 0; i < N(x); i++)
			x[i] = ts_random_normal(r, 0, 1);
		struct ts_interval ci = ts_stats_median_ci(x, N(x), 300, r);
		assert_true(ci.low <= ci.value && ci.value <= ci.high);
		n_held += ci.low <= 0 && ci.high >= 0;
		widths += ci.high - ci.low;
	}
	assert_in_range(n_held, 925, 985);
	check_near(widths / n_rounds, 2 * 1.96 * 1.2533 / sqrt(15),
	           0.2); /* the median's standard error is 1.2533 / sqrt n */
	ts_random_free(r);
}

/* Catches: the same seed giving another interval, an interval of two values, ratios turned over. */
static void intervals_repeat_and_know_their_limits(void **state)
{
	static const double x[] = {1, 2, 3, 4, 5}, y[] = {2, 4, 6.2, 8, 10}, zero[] = {0, 1, 1, 1, 1};
	struct ts_random *a = ts_random_new(5), *b = ts_random_new(5);
	struct ts_interval one = ts_stats_ratio_ci(x, y, 5, 500, a), same = ts_stats_ratio_ci(x, y, 5, 500, b);

	(void)state;
	check_near(one.value, 2, 1e-12);
	assert_true(one.low == same.low && one.high == same.high && one.low >= 2 && one.high <= 6.2 / 3 + 1e-12);
	struct ts_interval two = ts_stats_median_ci(x, 2, 500, a);
	assert_true(two.value == 1.5 && isnan(two.low) && isnan(two.high));
	assert_true(isnan(ts_stats_ratio_ci(zero, y, 5, 500, a).value)); /* a ratio to 0 is none */
	ts_random_free(a);
	ts_random_free(b);
}

/* R: qbinom(c(.025, .975), 100, .5) is 40 60; the 99th percentile of 100 has no upper end. */
static void quantile_ranks(void **state)
{
	double low, high;

	(void)state;
	ts_stats_quantile_ranks(0.5, 100, &low, &high);
	check_near(low, 0.40, 1e-12);
	check_near(high, 0.61, 1e-12);
	ts_stats_quantile_ranks(0.99, 100, &low, &high);
	check_near(low, 0.97, 1e-12);
	assert_true(isnan(high));
	ts_stats_quantile_ranks(0.01, 100, &low, &high);
	assert_true(isnan(low));
	ts_stats_quantile_ranks(0.99, 1e9, &low, &high);
	check_near((high - low) / 2, 1.96 * sqrt(0.99 * 0.01 / 1e9), 1e-8);
}

/* The interval of the 90th percentile from 200 values holds the truth in 95 % of the cases, or a little more. */
static void quantile_intervals_cover(void **state)
{
	struct ts_random *r = ts_random_new(16);
	double low, high;
	int n_held = 0;

	(void)state;
	ts_stats_quantile_ranks(0.9, 200, &low, &high);
	for (int round = 0; round < 4000; round++) {
		int n_below = 0; /* of uniform values the 90th percentile is 0.9 */
		for (int i = 0; i < 200; i++)
			n_below += ts_random_unit(r) <= 0.9;
		n_held += n_below >= (int)lround(low * 200) && n_below < (int)lround(high * 200);
	}
	assert_in_range(n_held, 3780, 3900);
	ts_random_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(plain_figures),          cmocka_unit_test(too_small_samples_are_nan),
	        cmocka_unit_test(median_intervals_cover), cmocka_unit_test(intervals_repeat_and_know_their_limits),
	        cmocka_unit_test(quantile_ranks),         cmocka_unit_test(quantile_intervals_cover),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

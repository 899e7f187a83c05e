/* Statistics against published values, against counting all cases, and by simulation from seeds. */
#include "ts_stats.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void check_near(double got, double expected, double tolerance)
{
	if (!(fabs(got - expected) <= tolerance)) {
		print_error("%.10g is not within %g of %.10g\n", got, tolerance, expected);
		fail();
	}
}

/* --- location and spread --- */

/* R: quantile(1:10, .9) is 9.1 (type 7); sd(c(2,4,4,4,5,5,7,9)) is 2.138. Catches: other quantile types, n for n - 1.
 */
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

/* --- intervals --- */

/* With a median of 0, 95 % intervals of normal samples hold it in 95 % of the cases; and they are not all of the line.
 */
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

/* --- ranks --- */

/*
 * R's ?wilcox.test, data from Hollander and Wolfe 1973: permeability of the chorioamnion (p. 69 f., W = 35, one-sided
 * p = 0.1272) and depression under tranquilizer (p. 29 f., V = 40, one-sided p = 0.01953). Here two-sided.
 */
static void published_rank_tests(void **state)
{
	static const double x[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46},
	                    y[] = {1.15, 0.88, 0.90, 0.74, 1.21};
	static const double before[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30},
	                    after[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
	double d[N(before)];

	(void)state;
	check_near(ts_stats_mann_whitney(x, N(x), y, N(y)), 2 * 0.1272, 1e-4);
	check_near(ts_stats_mann_whitney(y, N(y), x, N(x)), 2 * 0.1272, 1e-4);
	check_near(ts_stats_cliffs_delta(x, N(x), y, N(y)), 2 * 35 / 50.0 - 1, 1e-12);
	for (size_t i = 0; i < N(d); i++)
		d[i] = before[i] - after[i];
	check_near(ts_stats_wilcoxon(d, N(d)), 2 * 0.01953125, 1e-9);
}

static double u_of(const double *values, unsigned members, size_t n)
{
	double u = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			if (members >> i & 1 && !(members >> j & 1))
				u += values[i] > values[j];
	return u;
}

/* All ways to choose 4 of 9 values, each tested against all of them. Catches: a wrong count, one tail, p above 1. */
static void mann_whitney_agrees_with_counting(void **state)
{
	static const double values[] = {1, 2, 4, 8, 16, 32, 64, 128, 256};

	(void)state;
	for (unsigned members = 0; members < 512; members++) {
		double x[4], y[5], n_extreme = 0, n_all = 0, distance = fabs(u_of(values, members, 9) - 10);
		size_t nx = 0, ny = 0;

		if (__builtin_popcount(members) != 4)
			continue;
		for (size_t i = 0; i < 9; i++)
			*(members >> i & 1 ? &x[nx++] : &y[ny++]) = values[i];
		for (unsigned other = 0; other < 512; other++) {
			if (__builtin_popcount(other) != 4)
				continue;
			n_all++;
			n_extreme += fabs(u_of(values, other, 9) - 10) >= distance;
		}
		check_near(ts_stats_mann_whitney(x, nx, y, ny), n_extreme / n_all, 1e-12);
	}
}

/* All signs of eight differences with ties, each tested against all of them. Catches: ties that spoil the exact law. */
static void wilcoxon_agrees_with_counting(void **state)
{
	static const double sizes[] = {1, 1, 2, 3, 3, 3, 5, 8}, midranks[] = {1.5, 1.5, 3, 5, 5, 5, 7, 8};
	double w[256];

	(void)state;
	for (unsigned signs = 0; signs < 256; signs++) {
		w[signs] = 0;
		for (int i = 0; i < 8; i++)
			w[signs] += signs >> i & 1 ? midranks[i] : 0;
	}
	for (unsigned signs = 0; signs < 256; signs++) {
		double d[9] = {0}, n_extreme = 0; /* and one pair without a difference */

		for (int i = 0; i < 8; i++)
			d[i] = signs >> i & 1 ? sizes[i] : -sizes[i];
		for (unsigned other = 0; other < 256; other++)
			n_extreme += fabs(w[other] - 18) >= fabs(w[signs] - 18);
		check_near(ts_stats_wilcoxon(d, 9), n_extreme / 256, 1e-12);
	}
}

/* Equal samples say nothing; with ties the normal law's variance shrinks (Lehmann 1975, 1.20). U is 3 of 25 here. */
static void ties(void **state)
{
	static const double x[] = {1, 1, 2, 2, 3}, y[] = {2, 3, 3, 4, 4}, same[] = {7, 7, 7, 7};
	/* By hand: N = 10, ties 2 3 3 2 -> sum of t^3 - t = 6 + 24 + 24 + 6 = 60; variance 25/12 * (11 - 60/90) */
	double z = (12.5 - 3 - 0.5) / sqrt(25.0 / 12 * (11 - 60.0 / 90));

	(void)state;
	check_near(ts_stats_mann_whitney(x, 5, y, 5), erfc(z / sqrt(2)), 1e-12);
	check_near(ts_stats_mann_whitney(same, 4, same, 4), 1, 0);
	check_near(ts_stats_cliffs_delta(same, 4, same, 4), 0, 0);
	check_near(ts_stats_wilcoxon((const double[]){0, 0, 0}, 3), 1, 0);

	/* 60 differences of one size, 40 of them positive: W = 40 * 30.5, its mean 60 * 61 / 4 */
	double d[60], variance = 60.0 * 61 * 121 / 24 - (60.0 * 60 * 60 - 60) / 48;
	for (int i = 0; i < 60; i++)
		d[i] = i < 40 ? 5 : -5;
	check_near(ts_stats_wilcoxon(d, 60), erfc((1220 - 915 - 0.5) / sqrt(variance) / sqrt(2)), 1e-12);
}

/* A/A: p below 0.05 in 5 % of the pairs, exact and normal; and shifted by two deviations nearly always. */
static void rank_tests_keep_their_level(void **state)
{
	struct ts_random *r = ts_random_new(12);
	int n_false[3] = {0}, n_found = 0;

	(void)state;
	for (int round = 0; round < 4000; round++) {
		double x[60], y[60], d[60];
		for (size_t i = 0; i < 60; i++) {
			x[i] = ts_random_lognormal(r, 0, 1);
			y[i] = ts_random_lognormal(r, 0, 1);
			d[i] = x[i] - y[i];
		}
		n_false[0] += ts_stats_mann_whitney(x, 9, y, 9) < 0.05;
		n_false[1] += ts_stats_mann_whitney(x, 60, y, 60) < 0.05;
		n_false[2] += ts_stats_wilcoxon(d, 60) < 0.05;
		for (size_t i = 0; i < 9; i++)
			y[i] *= exp(2);
		n_found += ts_stats_mann_whitney(x, 9, y, 9) < 0.05;
	}
	assert_in_range(n_false[0], 110, 215); /* the exact test is a little cautious: 4.0 % is its nearest level */
	assert_in_range(n_false[1], 145, 255);
	assert_in_range(n_false[2], 145, 255);
	assert_true(n_found > 3800);
	ts_random_free(r);
}

/* Holm 1979: times n, n - 1, ..., never falling, at most 1. Catches: order lost, p above 1, a NaN that counts. */
static void holm(void **state)
{
	double p[] = {0.04, 0.01, NAN, 0.03, 0.6, 0.005}, expected[] = {0.09, 0.04, NAN, 0.09, 0.6, 0.025};

	(void)state;
	ts_stats_holm(p, N(p));
	for (size_t i = 0; i < N(p); i++)
		if (i == 2)
			assert_true(isnan(p[i]));
		else
			check_near(p[i], expected[i], 1e-12);
}

/* --- series --- */

/* By hand: mean 3, deviations -2 -1 0 1 2. */
static void autocorrelation(void **state)
{
	static const double x[] = {1, 2, 3, 4, 5}, same[] = {4, 4, 4, 4};

	(void)state;
	check_near(ts_stats_autocorrelation(x, 5, 0), 1, 0);
	check_near(ts_stats_autocorrelation(x, 5, 1), 0.4, 1e-12);
	check_near(ts_stats_autocorrelation(x, 5, 4), -0.4, 1e-12);
	assert_true(isnan(ts_stats_autocorrelation(same, 4, 1)));
}

/* AR(1) with coefficient a is worth (1 - a) / (1 + a) of its length; independent values their own number; negative
 * correlation is not sold as more. Catches: lags missed, noise added up, a transform that wraps around. */
static void effective_number(void **state)
{
	static const double coefficients[] = {0, 0.5, 0.9, -0.5};
	struct ts_random *r = ts_random_new(13);
	size_t n = 50000;
	double *x = malloc(n * sizeof(*x));

	(void)state;
	for (size_t c = 0; c < N(coefficients); c++) {
		double a = coefficients[c], share = fmin(1, (1 - a) / (1 + a));
		for (size_t i = 0; i < n; i++)
			x[i] = (i > 0 ? a * x[i - 1] : 0) + ts_random_normal(r, 0, 1);
		check_near(ts_stats_effective_n(x, n) / (double)n / share, 1, 0.12);
	}
	for (size_t i = 0; i < n; i++) /* a trend is worth a handful: and is found in less than n^2 steps */
		x[i] = (double)i;
	assert_true(ts_stats_effective_n(x, n) < 10);
	check_near(ts_stats_effective_n((const double[]){4, 4, 4, 4, 4}, 5), 5, 0);
	free(x);
	ts_random_free(r);
}

/* Short series, lag by lag instead of by the transform. Catches: a transform that wraps around or drops a part. */
static void effective_number_lag_by_lag(void **state)
{
	struct ts_random *r = ts_random_new(17);
	int n_correlated = 0;

	(void)state;
	for (size_t n = 4; n < 60; n++) {
		double x[60], sum = 0, pair;
		for (size_t i = 0; i < n; i++)
			x[i] = (i > 0 ? 0.8 * x[i - 1] : 0) + ts_random_normal(r, 0, 1);
		for (size_t lag = 0; lag + 1 < n; lag += 2) {
			pair = ts_stats_autocorrelation(x, n, lag) + ts_stats_autocorrelation(x, n, lag + 1);
			if (pair <= 0)
				break;
			sum += pair;
		}
		double expected = (double)n / fmax(1, 2 * sum - 1);
		check_near(ts_stats_effective_n(x, n), expected, 1e-9 * (double)n);
		n_correlated += expected < (double)n;
	}
	assert_true(n_correlated > 40);
	ts_random_free(r);
}

/* --- laws --- */

/*
 * Of true samples, 5 % are above 2.492 and 1 % above 3.857 (Stephens 1974, table 1, case 0); of constant spacing and of
 * a mean that is 30 % off, all. Catches: a wrong sum, a wrong law, estimated for known.
 */
static void anderson_darling_keeps_its_level(void **state)
{
	struct ts_random *r = ts_random_new(14);
	int n_5[2] = {0}, n_1[2] = {0}, n_off = 0;

	(void)state;
	for (int round = 0; round < 10000; round++) {
		double x[50], u[50];
		for (size_t i = 0; i < 50; i++) {
			x[i] = ts_random_exponential(r, 3);
			u[i] = 10 + 5 * ts_random_unit(r);
		}
		double a[] = {ts_stats_anderson_darling_exponential(x, 50, 3),
		              ts_stats_anderson_darling_uniform(u, 50, 10, 15)};
		for (int i = 0; i < 2; i++) {
			n_5[i] += a[i] > 2.492;
			n_1[i] += a[i] > TS_STATS_AD_CRITICAL_1PCT;
		}
		n_off += ts_stats_anderson_darling_exponential(u, 50, 12.5) > TS_STATS_AD_CRITICAL_1PCT;
	}
	for (int i = 0; i < 2; i++) {
		assert_in_range(n_5[i], 420, 580);
		assert_in_range(n_1[i], 65, 140);
	}
	assert_int_equal(n_off, 10000);
	ts_random_free(r);
}

/* By hand for five values at 0.1, 0.3, 0.5, 0.7, 0.9; impossible values are infinitely wrong, the clock's zeros are
 * not. */
static void anderson_darling_values(void **state)
{
	double x[] = {0.5, 0.1, 0.9, 0.3, 0.7}, sum = 0;

	(void)state;
	for (int i = 1; i <= 5; i++)
		sum += (2 * i - 1) * 2 * log((2 * i - 1) / 10.0); /* symmetric: 1 - F of the mirrored is F */
	check_near(ts_stats_anderson_darling_uniform(x, 5, 0, 1), -5 - sum / 5, 1e-12);
	x[0] = -0.1;
	assert_true(isinf(ts_stats_anderson_darling_uniform(x, 5, 0, 1)));
	assert_true(isinf(ts_stats_anderson_darling_exponential(x, 5, 1)));
	x[0] = 0;
	assert_true(isfinite(ts_stats_anderson_darling_exponential(x, 5, 1)));
}

/* Poisson counts have dispersion 1, even ones 0. */
static void dispersion(void **state)
{
	struct ts_random *r = ts_random_new(15);
	double counts[2000] = {0}, even[] = {5, 5, 5};

	(void)state;
	for (double t = 0; (t += ts_random_exponential(r, 1 / 8.0)) < 2000;)
		counts[(int)t]++;
	check_near(ts_stats_dispersion(counts, 2000), 1, 0.15);
	check_near(ts_stats_dispersion(even, 3), 0, 0);
	ts_random_free(r);
}

/* --- quantiles --- */

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
	        cmocka_unit_test(plain_figures),
	        cmocka_unit_test(too_small_samples_are_nan),
	        cmocka_unit_test(median_intervals_cover),
	        cmocka_unit_test(intervals_repeat_and_know_their_limits),
	        cmocka_unit_test(published_rank_tests),
	        cmocka_unit_test(mann_whitney_agrees_with_counting),
	        cmocka_unit_test(wilcoxon_agrees_with_counting),
	        cmocka_unit_test(ties),
	        cmocka_unit_test(rank_tests_keep_their_level),
	        cmocka_unit_test(holm),
	        cmocka_unit_test(autocorrelation),
	        cmocka_unit_test(effective_number),
	        cmocka_unit_test(effective_number_lag_by_lag),
	        cmocka_unit_test(anderson_darling_keeps_its_level),
	        cmocka_unit_test(anderson_darling_values),
	        cmocka_unit_test(dispersion),
	        cmocka_unit_test(quantile_ranks),
	        cmocka_unit_test(quantile_intervals_cover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

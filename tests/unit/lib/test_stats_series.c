/* What a row of values says of itself: autocorrelation, dispersion, and the law of its gaps. */
#include "ts_stats.h"
#include "unit.h"
#include <math.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(autocorrelation),
	        cmocka_unit_test(effective_number),
	        cmocka_unit_test(effective_number_lag_by_lag),
	        cmocka_unit_test(anderson_darling_keeps_its_level),
	        cmocka_unit_test(anderson_darling_values),
	        cmocka_unit_test(dispersion),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

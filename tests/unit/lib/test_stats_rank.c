/* Rank tests against published values, against counting all cases, and by simulation from seeds. */
#include "ts_stats.h"
#include "unit.h"
#include <math.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(published_rank_tests),          cmocka_unit_test(mann_whitney_agrees_with_counting),
	        cmocka_unit_test(wilcoxon_agrees_with_counting), cmocka_unit_test(ties),
	        cmocka_unit_test(rank_tests_keep_their_level),   cmocka_unit_test(holm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

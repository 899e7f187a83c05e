/*
 * Statistics over small samples, on GSL. Pure. Arrays are borrowed and never changed; NaN when n is too small.
 */
#ifndef TS_STATS_H
#define TS_STATS_H

#include "ts_random.h"
#include <stddef.h>

struct ts_interval {
	double value, low, high; /* low and high are NaN where there is no interval */
};

double ts_stats_mean(const double *x, size_t n);
double ts_stats_stddev(const double *x, size_t n);
double ts_stats_quantile(const double *x, size_t n, double q); /* 0..1, linear between order statistics (type 7) */
double ts_stats_median(const double *x, size_t n);

/* Median and its 95 % percentile-bootstrap interval from `n_resamples` resamples. n < 3: no interval. */
struct ts_interval ts_stats_median_ci(const double *x, size_t n, size_t n_resamples, struct ts_random *random);

/* The same for the median of the ratios y[i]/x[i] of paired trials. */
struct ts_interval ts_stats_ratio_ci(const double *x, const double *y, size_t n, size_t n_resamples,
                                     struct ts_random *random);

/* Two-sided p of Mann and Whitney's U: exact for n1*n2 <= 400 without ties, else normal with tie correction. */
double ts_stats_mann_whitney(const double *x, size_t nx, const double *y, size_t ny);

/* Two-sided p of Wilcoxon's signed ranks of paired differences; those of 0 are left out. Exact to 50, with ties. */
double ts_stats_wilcoxon(const double *d, size_t n);

/*
 * Student's t, where the variance of one value and its degrees of freedom come from elsewhere: the two-sided p of
 * `centre` (of n values) against 0, and its 95 % interval. A variance of 0: p is 0 unless the centre is 0, and the
 * interval is the centre.
 */
double ts_stats_t_p(double centre, double variance, size_t n, double dof);
struct ts_interval ts_stats_t_interval(double centre, double variance, size_t n, double dof);

double
ts_stats_chisq_median(double dof); /* of a sample variance / its true value: below 1 for few degrees of freedom */

double ts_stats_cliffs_delta(const double *x, size_t nx, const double *y, size_t ny); /* P(x > y) - P(x < y): -1 .. 1 */
void ts_stats_holm(double *p, size_t n); /* p values in place -> adjusted by Holm's step-down */

double ts_stats_autocorrelation(const double *x, size_t n, size_t lag);
double ts_stats_effective_n(const double *x, size_t n); /* n / (1 + 2 sum of autocorrelations), Geyer's cut; <= n */

/* Anderson and Darling's A^2 of x (n >= 5) against a law that is known in full, and its 1 % critical value; infinite
 * when the law cannot give such a value. */
double ts_stats_anderson_darling_exponential(const double *x, size_t n, double mean);
double ts_stats_anderson_darling_uniform(const double *x, size_t n, double low, double high);
#define TS_STATS_AD_CRITICAL_1PCT 3.857 /* fully specified law, Stephens 1974 */

double ts_stats_dispersion(const double *counts, size_t n); /* variance / mean: 1 for Poisson, 0 for constant */

/*
 * 95 % interval for a quantile of a sample of effective size n_eff: ranks by the binomial law, as shares q_low..q_high
 * of the sample. NaN for an end that no value of so small a sample can give.
 */
void ts_stats_quantile_ranks(double q, double n_eff, double *q_low, double *q_high);

#endif

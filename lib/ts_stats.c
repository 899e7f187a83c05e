#include "ts_stats.h"
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct ts_interval unknown = {NAN, NAN, NAN};

double ts_stats_mean(const double *x, size_t n)
{
	return n < 1 ? NAN : gsl_stats_mean(x, 1, n);
}

double ts_stats_stddev(const double *x, size_t n)
{
	return n < 2 ? NAN : gsl_stats_sd(x, 1, n);
}

double ts_stats_dispersion(const double *counts, size_t n)
{
	double mean = ts_stats_mean(counts, n);

	return n < 2 || mean == 0 ? NAN : gsl_stats_variance_m(counts, 1, n, mean) / mean;
}

double ts_stats_quantile(const double *x, size_t n, double q)
{
	double *sorted = n > 0 ? malloc(n * sizeof(*x)) : NULL, value;

	if (!sorted)
		return NAN;
	memcpy(sorted, x, n * sizeof(*x));
	gsl_sort(sorted, 1, n);
	value = gsl_stats_quantile_from_sorted_data(sorted, 1, n, q < 0 ? 0 : q > 1 ? 1 : q);
	free(sorted);
	return value;
}

double ts_stats_median(const double *x, size_t n)
{
	return ts_stats_quantile(x, n, 0.5);
}

/* --- bootstrap: Efron and Tibshirani, An Introduction to the Bootstrap, 13.3 (percentile interval) --- */

/* The median of n draws with replacement from x; `draws` has room for n. */
static double resample_median(const double *x, size_t n, double *draws, struct ts_random *random)
{
	for (size_t i = 0; i < n; i++)
		draws[i] = x[ts_random_below(random, n)];
	gsl_sort(draws, 1, n);
	return gsl_stats_median_from_sorted_data(draws, 1, n);
}

struct ts_interval ts_stats_median_ci(const double *x, size_t n, size_t n_resamples, struct ts_random *random)
{
	struct ts_interval interval = unknown;
	double *medians, *draws;

	interval.value = ts_stats_median(x, n);
	if (n < 3 || n_resamples < 1)
		return interval;
	medians = malloc((n_resamples + n) * sizeof(*medians));
	if (!medians)
		return interval;
	draws = medians + n_resamples;
	for (size_t i = 0; i < n_resamples; i++)
		medians[i] = resample_median(x, n, draws, random);
	gsl_sort(medians, 1, n_resamples);
	interval.low = gsl_stats_quantile_from_sorted_data(medians, 1, n_resamples, 0.025);
	interval.high = gsl_stats_quantile_from_sorted_data(medians, 1, n_resamples, 0.975);
	free(medians);
	return interval;
}

struct ts_interval ts_stats_ratio_ci(const double *x, const double *y, size_t n, size_t n_resamples,
                                     struct ts_random *random)
{
	struct ts_interval interval = unknown;
	double *ratios = n > 0 ? malloc(n * sizeof(*ratios)) : NULL;
	size_t n_finite = 0;

	if (!ratios)
		return interval;
	for (size_t i = 0; i < n; i++) {
		ratios[i] = y[i] / x[i];
		n_finite += isfinite(ratios[i]) != 0;
	}
	if (n_finite == n)
		interval = ts_stats_median_ci(ratios, n, n_resamples, random);
	free(ratios);
	return interval;
}

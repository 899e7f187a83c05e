/*
 * Samples in the order of time, and samples against a law.
 * Sources: Geyer 1992, Practical Markov Chain Monte Carlo, 3.3; Anderson and Darling 1954; Stephens 1974, EDF
 * Statistics for Goodness of Fit; Conover, Practical Nonparametric Statistics, 3.2 (quantiles by the binomial law).
 */
#include "ts_stats.h"
#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fft_halfcomplex.h>
#include <gsl/gsl_fft_real.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

/* --- correlation --- */

double ts_stats_autocorrelation(const double *x, size_t n, size_t lag)
{
	double mean = ts_stats_mean(x, n), sum = 0, all = 0;

	if (n < 2 || lag >= n)
		return NAN;
	for (size_t i = 0; i < n; i++) {
		all += (x[i] - mean) * (x[i] - mean);
		if (i + lag < n)
			sum += (x[i] - mean) * (x[i + lag] - mean);
	}
	return all == 0 ? NAN : sum / all;
}

/*
 * The sums of products at all lags at once, by the Fourier transform of the series padded with zeros to `size`, a power
 * of two of at least 2 n. At each lag on its own, a trend would cost n^2. Owned; NULL when out of memory.
 */
static double *autocovariances(const double *x, size_t n)
{
	double mean = ts_stats_mean(x, n), *a;
	size_t size = 1;

	while (size < 2 * n)
		size *= 2;
	a = calloc(size, sizeof(*a));
	if (!a)
		return NULL;
	for (size_t i = 0; i < n; i++)
		a[i] = x[i] - mean;
	gsl_fft_real_radix2_transform(a, 1, size);
	/* The real part of frequency k is a[k], its imaginary part a[size - k]. */
	a[0] *= a[0];
	a[size / 2] *= a[size / 2];
	for (size_t k = 1; k < size / 2; k++) {
		a[k] = a[k] * a[k] + a[size - k] * a[size - k];
		a[size - k] = 0;
	}
	gsl_fft_halfcomplex_radix2_inverse(a, 1, size);
	return a;
}

double ts_stats_effective_n(const double *x, size_t n)
{
	double *a = n < 4 ? NULL : autocovariances(x, n), sum = 0, pair;

	if (!a)
		return NAN;
	/* Geyer: the sums of neighbours at lags (0,1), (2,3) ... are positive in truth, so the first that is not is
	 * noise. */
	for (size_t lag = 0; lag + 1 < n && (pair = a[lag] + a[lag + 1]) > 0; lag += 2)
		sum += pair;
	double time = a[0] > DBL_MIN ? 2 * sum / a[0] - 1 : 1;
	free(a);
	return time > 1 ? (double)n / time : (double)n;
}

/* --- Anderson and Darling --- */

/* The logarithms of a law's distribution function at z and of its complement; never below that of the smallest double,
 * because a clock's zero stands for all that rounds to it. */
struct log_law {
	double below, above;
};

static struct log_law exponential(double z)
{
	struct log_law law = {log(fmax(-expm1(-z), DBL_MIN)), -z};

	return law;
}

static struct log_law uniform(double z)
{
	struct log_law law = {log(fmax(z, DBL_MIN)), log(fmax(1 - z, DBL_MIN))};

	return law;
}

/* x, moved and scaled to the law's standard form. Infinite when a value is impossible, that is outside 0..z_max. */
static double anderson_darling(const double *x, size_t n, double origin, double unit, double z_max,
                               struct log_law (*law)(double z))
{
	double *z = n < 5 || !(unit > 0) ? NULL : malloc(n * sizeof(*z)), sum = 0;

	if (!z)
		return NAN;
	for (size_t i = 0; i < n; i++)
		z[i] = (x[i] - origin) / unit;
	gsl_sort(z, 1, n);
	for (size_t i = 0; i < n; i++)
		sum += (double)(2 * i + 1) * (law(z[i]).below + law(z[n - 1 - i]).above);
	if (z[0] < 0 || z[n - 1] > z_max)
		sum = -INFINITY;
	free(z);
	return -(double)n - sum / (double)n;
}

double ts_stats_anderson_darling_exponential(const double *x, size_t n, double mean)
{
	return anderson_darling(x, n, 0, mean, INFINITY, exponential);
}

double ts_stats_anderson_darling_uniform(const double *x, size_t n, double low, double high)
{
	return anderson_darling(x, n, low, high - low, 1, uniform);
}

/* --- quantiles --- */

/* The smallest k with P(B <= k) >= p, B being binomial. */
static unsigned binomial_quantile(double p, double q, unsigned n)
{
	unsigned low = 0, high = n;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		if (gsl_cdf_binomial_P(middle, q, n) >= p)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

void ts_stats_quantile_ranks(double q, double n_eff, double *q_low, double *q_high)
{
	*q_low = *q_high = NAN;
	if (!(n_eff >= 1) || !(q > 0 && q < 1))
		return;
	/* The number of values up to the true quantile is binomial: it lies in low .. high - 1 with 95 %. */
	unsigned n = n_eff < 4e9 ? (unsigned)n_eff : 4000000000U;
	unsigned low = binomial_quantile(0.025, q, n), high = binomial_quantile(0.975, q, n) + 1;
	if (low >= 1)
		*q_low = (double)low / n;
	if (high <= n)
		*q_high = (double)high / n;
}

/*
 * Tests that look at ranks only: two samples (Mann-Whitney, Cliff), pairs (Wilcoxon), and Holm's correction for many.
 * Sources: Mann and Whitney 1947; Wilcoxon 1945; Lehmann, Nonparametrics (ties); Cliff 1993; Holm 1979.
 */
#include "ts_stats.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define MAX_EXACT_PRODUCT 400
#define MAX_EXACT_PAIRS   50 /* 2^50 sign patterns are exact in a double */

struct item {
	double value;
	bool mark; /* of sample x; or: the difference was positive */
};

struct rank_sum {
	double twice_sum; /* of the marked, midranks doubled: an integer */
	double ties;      /* sum of t^3 - t over the groups of equal values */
};

static int compare_items(const void *a, const void *b)
{
	double x = ((const struct item *)a)->value, y = ((const struct item *)b)->value;

	return (x > y) - (x < y);
}

/* Sort, give equal values the middle of their ranks, and add up the ranks of the marked. */
static struct rank_sum sum_ranks(struct item *items, size_t n)
{
	struct rank_sum sum = {0};

	qsort(items, n, sizeof(*items), compare_items);
	for (size_t i = 0, end; i < n; i = end) {
		double n_equal, n_marked = 0;

		for (end = i; end < n && items[end].value == items[i].value; end++)
			n_marked += items[end].mark;
		n_equal = (double)(end - i);
		sum.twice_sum += n_marked * (double)(i + 1 + end);
		sum.ties += n_equal * n_equal * n_equal - n_equal;
	}
	return sum;
}

/* Two-sided p of a statistic that is `distance` from its mean, with the continuity correction for its steps of 1. */
static double normal_p(double distance, double variance)
{
	double z = (fabs(distance) - 0.5) / sqrt(variance);

	return variance <= 0 || z <= 0 ? 1 : 2 * gsl_cdf_ugaussian_Q(z);
}

static double two_sided(double lower_tail)
{
	return lower_tail > 0.5 ? 1 : 2 * lower_tail;
}

/* --- Mann and Whitney --- */

/* U = how often x > y, ties counted half. Its variance's tie term in *ties. NaN when memory is short. */
static double u_statistic(const double *x, size_t nx, const double *y, size_t ny, double *ties)
{
	struct item *items = malloc((nx + ny) * sizeof(*items));
	struct rank_sum sum;

	if (!items)
		return NAN;
	for (size_t i = 0; i < nx + ny; i++)
		items[i] = i < nx ? (struct item){x[i], true} : (struct item){y[i - nx], false};
	sum = sum_ranks(items, nx + ny);
	free(items);
	*ties = sum.ties;
	return sum.twice_sum / 2 - (double)nx * (double)(nx + 1) / 2;
}

/*
 * P(U <= u). The number of orders with each U are the coefficients of the Gaussian binomial, the product over i = 1..nx
 * of (1 - q^(ny+i)) / (1 - q^i): integers below 2^53 here, so the arithmetic is exact.
 */
static double u_lower_tail(size_t nx, size_t ny, size_t u)
{
	double count[MAX_EXACT_PRODUCT + 1] = {1}, tail = 0, all = 0;
	size_t top = nx * ny;

	for (size_t i = 1; i <= nx; i++) {
		for (size_t k = top; k >= ny + i; k--)
			count[k] -= count[k - ny - i];
		for (size_t k = i; k <= top; k++)
			count[k] += count[k - i];
	}
	for (size_t k = 0; k <= top; k++) {
		all += count[k];
		if (k <= u)
			tail += count[k];
	}
	return tail / all;
}

double ts_stats_mann_whitney(const double *x, size_t nx, const double *y, size_t ny)
{
	double ties, u, product = (double)nx * (double)ny, n = (double)(nx + ny);

	if (nx < 1 || ny < 1)
		return NAN;
	u = u_statistic(x, nx, y, ny, &ties);
	if (isnan(u))
		return NAN;
	if (product <= MAX_EXACT_PRODUCT && ties == 0)
		return two_sided(u_lower_tail(nx, ny, (size_t)fmin(u, product - u)));
	return normal_p(u - product / 2, product / 12 * (n + 1 - ties / (n * (n - 1))));
}

double ts_stats_cliffs_delta(const double *x, size_t nx, const double *y, size_t ny)
{
	double ties;

	if (nx < 1 || ny < 1)
		return NAN;
	return 2 * u_statistic(x, nx, y, ny, &ties) / ((double)nx * (double)ny) - 1;
}

/* --- Wilcoxon --- */

/*
 * P(W <= w) over all 2^n patterns of signs, given the midranks that the (sorted) sizes have. Exact with ties, too:
 * ranks are doubled, so that they are integers.
 */
static double w_lower_tail(const struct item *items, size_t n, double twice_w)
{
	double count[MAX_EXACT_PAIRS * (MAX_EXACT_PAIRS + 1) + 1] = {1}, tail = 0;
	size_t top = 0;

	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && items[end].value == items[i].value; end++)
			;
		size_t twice_rank = i + 1 + end;
		for (size_t member = i; member < end; member++) {
			top += twice_rank;
			for (size_t k = top; k >= twice_rank; k--)
				count[k] += count[k - twice_rank];
		}
	}
	for (size_t k = 0; k <= top && (double)k <= twice_w; k++)
		tail += count[k];
	return ldexp(tail, -(int)n);
}

double ts_stats_wilcoxon(const double *d, size_t n)
{
	struct item *items = n > 0 ? malloc(n * sizeof(*items)) : NULL;
	size_t n_items = 0;
	double p;

	if (!items)
		return NAN;
	for (size_t i = 0; i < n; i++) /* pairs without a difference say nothing: Wilcoxon left them out */
		if (d[i] != 0)
			items[n_items++] = (struct item){fabs(d[i]), d[i] > 0};
	struct rank_sum sum = sum_ranks(items, n_items);
	double m = (double)n_items, twice_all = m * (m + 1);
	if (n_items <= MAX_EXACT_PAIRS)
		p = two_sided(w_lower_tail(items, n_items, fmin(sum.twice_sum, twice_all - sum.twice_sum)));
	else
		p = normal_p(sum.twice_sum / 2 - twice_all / 4, twice_all * (2 * m + 1) / 24 - sum.ties / 48);
	free(items);
	return p;
}

/* --- Holm --- */

static int compare_pointers(const void *a, const void *b)
{
	double x = **(double *const *)a, y = **(double *const *)b;

	return (x > y) - (x < y);
}

void ts_stats_holm(double *p, size_t n)
{
	double **order = malloc((n + 1) * sizeof(*order)), largest = 0;
	size_t n_known = 0;

	if (!order) { /* Bonferroni's correction needs no memory and is never smaller */
		for (size_t i = 0; i < n; i++)
			p[i] = fmin(1, p[i] * (double)n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (!isnan(p[i]))
			order[n_known++] = &p[i];
	qsort(order, n_known, sizeof(*order), compare_pointers);
	for (size_t i = 0; i < n_known; i++) {
		largest = fmax(largest, fmin(1, *order[i] * (double)(n_known - i)));
		*order[i] = largest;
	}
	free(order);
}

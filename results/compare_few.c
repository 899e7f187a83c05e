/*
 * Few pairs. From fewer than six of them no 95 % interval of the median can be had without a law: all of five lie on
 * one side of it in one case of sixteen. So the logarithms of the ratios are taken as normal, and their variance, which
 * three values cannot tell, is moderated by that of the rows that were measured alike (Smyth 2004): it counts like
 * PRIOR_DOF more values. A row that scatters more than the others keeps its own variance.
 */
#include "compare.h"
#include <math.h>
#include <stdlib.h>

#define PAIRS_ENOUGH 6
#define PRIOR_DOF    4

static bool is_few(const struct compare_row *row)
{
	return row->n_pairs >= 2 && row->n_pairs < PAIRS_ENOUGH && !isnan(row->variance);
}

/* The typical variance of a pair among the rows: the median, freed of the bias of small samples. NaN: none has any. */
static double typical_variance(struct compare_row *const *rows, size_t n, double *dof)
{
	double *x = calloc(n + 1, sizeof(*x)), typical;
	size_t n_known = 0;

	*dof = 0;
	for (size_t i = 0; x && i < n; i++) {
		double own_dof = (double)rows[i]->n_pairs - 1;

		if (!is_few(rows[i]))
			continue;
		x[n_known++] = rows[i]->variance / ts_stats_chisq_median(own_dof);
		*dof += own_dof;
	}
	typical = ts_stats_median(x, n_known);
	free(x);
	return typical;
}

void compare_moderate(struct compare_row *const *rows, size_t n)
{
	double dof_of_all, typical = typical_variance(rows, n, &dof_of_all);

	for (size_t i = 0; i < n; i++) {
		struct compare_row *row = rows[i];
		double own_dof = (double)row->n_pairs - 1, prior_dof, variance;
		struct ts_interval x;

		if (!is_few(row) || isnan(typical))
			continue;
		prior_dof = fmin(PRIOR_DOF, dof_of_all - own_dof);
		variance = (prior_dof * typical + own_dof * row->variance) / (prior_dof + own_dof);
		variance = fmax(variance, row->variance);
		x = ts_stats_t_interval(log(row->ratio.value), variance, row->n_pairs, prior_dof + own_dof);
		row->ratio = (struct ts_interval){exp(x.value), exp(x.low), exp(x.high)};
		row->p = ts_stats_t_p(x.value, variance, row->n_pairs, prior_dof + own_dof);
	}
}

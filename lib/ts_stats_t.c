#include "ts_stats.h"
#include <gsl/gsl_cdf.h>
#include <math.h>

double ts_stats_t_p(double centre, double variance, size_t n, double dof)
{
	if (n < 1 || !(variance >= 0) || !(dof > 0) || isnan(centre))
		return NAN;
	if (variance == 0)
		return centre == 0 ? 1 : 0;
	return 2 * gsl_cdf_tdist_Q(fabs(centre) / sqrt(variance / (double)n), dof);
}

struct ts_interval ts_stats_t_interval(double centre, double variance, size_t n, double dof)
{
	struct ts_interval interval = {centre, NAN, NAN};
	double reach;

	if (n < 1 || !(variance >= 0) || !(dof > 0))
		return interval;
	reach = variance == 0 ? 0 : gsl_cdf_tdist_Qinv(0.025, dof) * sqrt(variance / (double)n);
	interval.low = centre - reach;
	interval.high = centre + reach;
	return interval;
}

double ts_stats_chisq_median(double dof)
{
	return dof > 0 ? gsl_cdf_chisq_Pinv(0.5, dof) / dof : NAN;
}

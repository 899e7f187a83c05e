#include "fit.h"
#include <errno.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_fit.h>
#include <gsl/gsl_multifit.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

double fit_at(const struct fit *fit, double x)
{
	const double *p = fit->p;

	if (fit->law == FIT_USL)
		return p[0] * x / (1 + p[1] * (x - 1) + p[2] * x * (x - 1));
	if (fit->law == FIT_LINE)
		return p[0] + p[1] * x;
	if (fit->law == FIT_MG1 && x * p[0] < 1)
		return p[0] + x * p[1] / (2 * (1 - x * p[0]));
	return NAN;
}

static double residual_of(const struct fit *fit, const double *x, const double *y, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += pow(fit_at(fit, x[i]) / y[i] - 1, 2);
	return sqrt(sum / (double)n);
}

/* --- USL: n / X is a sum of 1, n - 1 and n (n - 1), each with a factor -------------------------------------------- */

static double usl_term(int term, double x)
{
	return term == 0 ? 1 : term == 1 ? x - 1 : x * (x - 1);
}

/* Least squares over the terms that are in use; the factors of the others are 0. */
static int usl_solve(const double *x, const double *y, size_t n, const bool *used, double *factors)
{
	size_t n_used = (size_t)(used[0] + used[1] + used[2]), column;
	gsl_multifit_linear_workspace *work = gsl_multifit_linear_alloc(n, n_used);
	gsl_matrix *terms = gsl_matrix_alloc(n, n_used), *covariance = gsl_matrix_alloc(n_used, n_used);
	gsl_vector *target = gsl_vector_alloc(n), *result = gsl_vector_alloc(n_used);
	double chisq;
	int rc = -ENOMEM;

	if (work && terms && covariance && target && result) {
		for (size_t i = 0; i < n; i++) { /* divided by the target itself: relative errors */
			column = 0;
			for (int t = 0; t < 3; t++)
				if (used[t])
					gsl_matrix_set(terms, i, column++, usl_term(t, x[i]) * y[i] / x[i]);
			gsl_vector_set(target, i, 1);
		}
		rc = gsl_multifit_linear(terms, target, result, covariance, &chisq, work) == 0 ? 0 : -EINVAL;
		column = 0;
		for (int t = 0; t < 3; t++)
			factors[t] = used[t] && rc == 0 ? gsl_vector_get(result, column++) : 0;
	}
	gsl_multifit_linear_free(work);
	gsl_matrix_free(terms);
	gsl_matrix_free(covariance);
	gsl_vector_free(target);
	gsl_vector_free(result);
	return rc;
}

static int fit_usl(struct fit *fit, const double *x, const double *y, size_t n)
{
	bool used[3] = {true, true, true};
	double factors[3];
	int rc = usl_solve(x, y, n, used, factors);

	for (int t = 2; t > 0 && rc == 0;
	     t--) /* a negative one means nothing: it is left out, and the rest solved again */
		if (factors[t] < 0) {
			used[t] = false;
			rc = usl_solve(x, y, n, used, factors);
		}
	if (rc < 0 || !(factors[0] > 0) || factors[1] < 0 || factors[2] < 0)
		return -EINVAL;
	fit->p[0] = 1 / factors[0];
	fit->p[1] = factors[1] / factors[0];
	fit->p[2] = factors[2] / factors[0];
	return 0;
}

/* --- M/G/1: sought are the logarithm of t, so that it stays positive, and v, the square root of the squared
 * coefficient of variation: m = t^2 (1 + v^2), for no second moment is less than the square of the mean
 * ------------------------- */

struct points {
	const double *x, *y;
	size_t n;
};

static void mg1_values(struct fit *fit, const gsl_vector *sought)
{
	double t = exp(gsl_vector_get(sought, 0)), v = gsl_vector_get(sought, 1);

	fit->p[0] = t;
	fit->p[1] = t * t * (1 + v * v);
}

static int mg1_errors(const gsl_vector *sought, void *data, gsl_vector *errors)
{
	const struct points *points = data;
	struct fit fit = {.law = FIT_MG1};

	mg1_values(&fit, sought);

	for (size_t i = 0; i < points->n; i++) {
		double at = fit_at(&fit, points->x[i]);

		gsl_vector_set(errors, i, isnan(at) ? 1e3 : at / points->y[i] - 1); /* saturated: far off */
	}
	return GSL_SUCCESS;
}

static int fit_mg1(struct fit *fit, const double *x, const double *y, size_t n)
{
	struct points points = {x, y, n};
	gsl_multifit_nlinear_parameters settings = gsl_multifit_nlinear_default_parameters();
	gsl_multifit_nlinear_fdf problem = {.f = mg1_errors, .n = n, .p = 2, .params = &points};
	gsl_multifit_nlinear_workspace *work = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &settings, n, 2);
	double least = y[0], most = x[0], start[2];
	int info, rc = -EINVAL;

	for (size_t i = 0; i < n; i++) {
		least = fmin(least, y[i]);
		most = fmax(most, x[i]);
	}
	start[0] = log(fmin(least, 0.7 / most)); /* no point may begin saturated */
	start[1] = 1;
	if (work) {
		gsl_vector_view from = gsl_vector_view_array(start, 2);

		gsl_multifit_nlinear_init(&from.vector, &problem, work);
		if (gsl_multifit_nlinear_driver(200, 1e-8, 1e-8, 1e-8, NULL, NULL, &info, work) == GSL_SUCCESS)
			rc = 0;
		mg1_values(fit, gsl_multifit_nlinear_position(work));
	}
	gsl_multifit_nlinear_free(work);
	return rc;
}

/* --- a line: least squares of relative errors, solved at once ---------------------------------------------------- */

static int fit_line(struct fit *fit, const double *x, const double *y, size_t n)
{
	double *weights = malloc(n * sizeof(*weights)), var_a, cov, var_b, chisq;
	int rc;

	if (!weights)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		weights[i] = 1 / (y[i] * y[i]);
	rc = gsl_fit_wlinear(x, 1, weights, 1, y, 1, n, &fit->p[0], &fit->p[1], &var_a, &cov, &var_b, &chisq);
	if (fit->p[1] < 0) {
		fit->p[0] = gsl_stats_wmean(weights, 1, y, 1, n);
		fit->p[1] = 0;
	}
	free(weights);
	return rc == 0 && isfinite(fit->p[1]) ? 0 : -EINVAL;
}

int fit_law(struct fit *fit, enum fit_law law, const double *x, const double *y, size_t n)
{
	gsl_error_handler_t *before;
	int rc = -EINVAL;

	*fit = (struct fit){.law = law, .residual = NAN};
	if (law == FIT_NONE || n < (law == FIT_USL ? 4 : 3))
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		if (!(x[i] > 0) || !(y[i] > 0))
			return -EINVAL;
	before = gsl_set_error_handler_off(); /* GSL's own would abort */
	rc = law == FIT_USL ? fit_usl(fit, x, y, n) : law == FIT_MG1 ? fit_mg1(fit, x, y, n) : fit_line(fit, x, y, n);
	gsl_set_error_handler(before);
	if (rc == 0)
		fit->residual = residual_of(fit, x, y, n);
	return rc == 0 && !isnan(fit->residual) ? 0 : -EINVAL;
}

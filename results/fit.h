/*
 * Three laws fitted to measured points, so that a chart can say whether they hold. Pure.
 *
 * USL    the universal scalability law: X(n) = l n / (1 + s (n-1) + k n (n-1)), throughput of n clients; l: of one
 * client, s: contention, k: coherence. Linear in 1/l, s/l, k/l; s and k are held at 0 or more. M/G/1  Pollaczek and
 * Khinchine: R(x) = t + x m / (2 (1 - x t)), mean response time at rate x; t: mean service time, m: its second moment.
 * LINE   f(x) = a + b x, a cost for each and one for all; b is held at 0 or more. Errors are relative, so that small
 * and large values count alike. Sources: Gunther, "Guerrilla Capacity Planning", 2007; Kleinrock, "Queueing Systems",
 * volume 1, 1975. Fitted by GSL: gsl_multifit, gsl_multifit_nlinear.
 */
#ifndef FIT_H
#define FIT_H

#include <stddef.h>

enum fit_law { FIT_NONE, FIT_USL, FIT_MG1, FIT_LINE };

#define FIT_GOOD 0.10 /* a law that misses by more than this, root mean square, does not hold and is not drawn */

struct fit {
	enum fit_law law;
	double p[3];     /* USL: l, s, k. M/G/1: t, m. Line: a, b */
	double residual; /* relative, root mean square */
};

/*
 * Fit `law` to n points. Returns 0; -EINVAL when there are too few (more points than parameters are needed) or no
 * values could be found.
 */
int fit_law(struct fit *fit, enum fit_law law, const double *x, const double *y, size_t n);

/* The law's value at x; NaN where it has none (M/G/1 beyond saturation). */
double fit_at(const struct fit *fit, double x);

#endif

/*
 * How well is a percentile known? A 95 % interval that allows for autocorrelation. Pure.
 *
 * The run is cut into batches of equal length. For the value x at percentile q, each batch has a share of requests
 * above x; if requests were independent, these shares would scatter as a binomial law says. How much more they scatter,
 * their own autocorrelation included, says how many independent requests the run is worth: the effective size. The
 * interval is then that of the order statistics of a sample of that size. Source: Le Boudec, Performance Evaluation of
 * Computer and Communication Systems, 2.2; batch means: Law and Kelton.
 */
#ifndef CONFIDENCE_H
#define CONFIDENCE_H

#include "ts_hist.h"
#include <stddef.h>

struct confidence {
	double value_ns, low_ns, high_ns; /* low and high are NaN where there is no interval */
	double effective_n;
};

/* The last batch may be unfinished; fewer than 8 batches with requests give no interval. */
struct confidence confidence_of(const struct ts_hist *batches, size_t n_batches, double percentile);

#endif

/*
 * Is this figure to be trusted? Pure checks of what a run saw of itself, each with a sentence when it fails.
 *
 * They look at consequences first: in an open loop a generator that was held up has sent late, and the send lag shows
 * it, whatever the cause (a hog on its processor, a stop, a throttled group); the causes are then named beside it. A
 * check that blames the generator says nothing about a server that is slow: that is what is being measured. Sources:
 * Anderson and Darling 1954, Stephens 1974 (arrivals); Cox and Lewis 1966 (dispersion).
 */
#ifndef HEALTH_H
#define HEALTH_H

#include "ledger.h"
#include "pacer.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum health_verdict { HEALTH_VALID, HEALTH_SUSPECT, HEALTH_INVALID };
const char *health_verdict_name(enum health_verdict v);

#define HEALTH_REASONS_MAX 16

struct health {
	enum health_verdict verdict;
	unsigned n_reasons;
	char reasons[HEALTH_REASONS_MAX][200];
};

/* All that the checks look at. Unknown numbers are NaN. */
struct health_facts {
	const struct shard *total; /* borrowed */
	bool spins;                /* busy by plan */
	bool open_loop, steady;    /* steady: one rate throughout, so that the latencies ought not to drift */
	double duration_s;
	double steal_s, cores;
	int64_t n_throttled;      /* periods in which the own control group was held back; -1: unknown */
	const double *medians_ns; /* of stretches of equal length, in order; borrowed */
	size_t n_medians;
	bool asked_to_stop; /* cut short: no blame for what is then missing */
};

void health_check(struct health *h, const struct health_facts *facts);

/* Add a reason, and raise the verdict to at least v. */
void health_blame(struct health *h, enum health_verdict v, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/*
 * Do sampled moments of sending (every k-th) follow the law that was asked for? For Poisson arrivals at rate_per_s the
 * gaps are Erlang(k); *ad is Anderson and Darling's statistic against that, and *dispersion the variance of the counts
 * in equal windows over their mean, times that of an ideal process: about 1. For constant arrivals *ad is NaN and
 * *dispersion is the standard deviation of the gaps over their mean: about 0. Both NaN with fewer than 20 samples.
 */
void health_test_arrivals(const int64_t *at_ns, size_t n, unsigned every, double rate_per_s, enum pacer_arrival law,
                          double *ad, double *dispersion);

/*
 * Is that too far off? Poisson: beyond the 1 % bound of Anderson and Darling and a dispersion away from 1 by more than
 * its own scatter: both, so that one clean run in a hundred is not accused. Constant: gaps that vary by more than half.
 */
bool health_arrivals_differ(double ad, double dispersion, size_t n, enum pacer_arrival law);

#endif

/*
 * Two samples of one figure: is there a difference, and may it be called one? Pure.
 *
 * On a shared machine the same program measured twice differs by several percent, so a difference is called one in two
 * ways:
 *   by statistics  p, adjusted by Holm for all rows of the table, is below alpha, the paired ratio's 95 % interval
 * leaves out 1, and the change is at least two fifths of the floor. p is Mann and Whitney's; below six pairs it is that
 * of a moderated t (compare_moderate) by size        every bound of that interval is beyond the floor, from six pairs
 * on The floor is 10 % for throughput, 5 % for processor time and median latency, or what the two runs show against
 * themselves (A/A), where that is more. An interval within the floor is "the same within x %"; all else cannot be told.
 *
 * Two runs were made at different times, and the machine is not the same at all times: compare_machine.h tells how much
 * it differed, and the ratios are freed of that. An open loop that asked for another rate is not compared at all.
 *
 * Sources: Mann and Whitney 1947; Holm 1979; Cliff 1993; Smyth, "Linear models and empirical Bayes methods", 2004;
 * Kalibera and Jones, "Rigorous benchmarking in reasonable time", 2013.
 */
#ifndef COMPARE_H
#define COMPARE_H

#include "compare_machine.h"
#include "figures.h"
#include "summary.h"
#include "ts_stats.h"
#include <stdbool.h>

enum compare_verdict { COMPARE_FASTER, COMPARE_SLOWER, COMPARE_SAME, COMPARE_UNTOLD, COMPARE_N };

/* The figures that are judged, and the smallest change that is called one without statistics. */
struct compare_figure {
	enum figure figure;
	double floor;
};
#define COMPARE_FIGURES 3
extern const struct compare_figure compare_figures[COMPARE_FIGURES];

struct compare_row {
	const char *mode, *workload; /* borrowed from the base's run */
	enum figure figure;
	struct ts_interval base, head, ratio; /* ratio: head / base, of paired trials, freed of the machine's part */
	size_t n_base, n_head, n_pairs;
	double variance;      /* of the logarithm of a pair's ratio; NaN with fewer than two pairs */
	double p, p_adjusted; /* NaN with fewer than two trials a side */
	double effect;        /* Cliff's delta of head against base */
	double floor;
	bool other_rate; /* an open loop that asked for another rate in the two runs: it cannot be told */
	enum compare_verdict verdict;
	bool regression;
};

struct compare {
	struct compare_row
	        *rows; /* owned; COMPARE_FIGURES for each mode and workload that both runs have, in that order */
	size_t n_rows;
	size_t n_missing; /* modes x workloads that one run alone has measured */
	double alpha, max_regression;
	bool as_measured; /* set by the caller: the ratios keep the machine's part */
	struct compare_machine machine;
	double noise[COMPARE_FIGURES]; /* A/A: how far halves of the same trials are apart, at the 90th percentile */
};

/* alpha and max_regression are set by the caller. 0 or -ENOMEM with err. Release it in any case. */
int compare_make(struct compare *c, const struct summary *base, const struct summary *head, struct ts_err *err);
void compare_release(struct compare *c);

/*
 * Measure one row: base and head in order of their trials (paired by position as far as both reach); the ratio is that
 * of head * scale. Fills all but mode, workload, p_adjusted, floor, other_rate, verdict and regression. Then
 * compare_moderate; then compare_decide, once p_adjusted and floor are known.
 */
void compare_measure(struct compare_row *row, enum figure figure, const double *base, size_t n_base, const double *head,
                     size_t n_head, double scale, struct ts_random *random);

/*
 * Rows with fewer than six pairs get another p and another interval. Rows that were measured alike (one figure under
 * one workload, of many modes) are given together: what three pairs cannot tell, how far trials scatter, all of them
 * can.
 */
void compare_moderate(struct compare_row *const *rows, size_t n);

void compare_decide(struct compare_row *row, double alpha, double max_regression);

/* "faster", "slower", "the same within 3 %", "cannot be told", "other rates". Returns buf. */
const char *compare_words(const struct compare_row *row, char *buf, size_t size);
const char *compare_verdict_text(enum compare_verdict verdict); /* as in the schema */

#endif

/*
 * The trials of one mode and one workload, taken together: medians with intervals, and percentiles of merged
 * histograms.
 *
 * A percentile of a cell is that of all its trials' histograms added up; percentiles are never averaged. Its interval,
 * like that of every other figure, is the 95 % bootstrap interval of the median over the trials (from three trials on).
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "runset.h"
#include "ts_hist.h"
#include "ts_stats.h"

#define SUMMARY_RESAMPLES 1000
#define SUMMARY_SEED      21567 /* of the bootstrap: the same files give the same report, byte by byte */

struct cell {
	size_t mode, workload;
	size_t n_trials, n_ok;       /* planned and usable */
	bool sessions;               /* connections end after some requests, and others take their place */
	const struct trial *worst;   /* a trial that is not ok, or NULL: its status and reason explain the gap */
	const char *remark;          /* what is to be said of the others, or NULL */
	double n_failed, n_requests; /* of the usable trials: requests that failed, of those that were sent and ended */
	const char *failure;         /* the commonest class of error of the first that had one, or NULL */
	struct ts_interval figures[FIGURE_N];
};

struct summary {
	const struct runset *set; /* borrowed */
	struct cell *cells;       /* n_modes x n_workloads, mode by mode */
};

int summary_make(struct summary *s, const struct runset *set, struct ts_err *err);
void summary_release(struct summary *s);

/*
 * Did the mode leave connections without a single answer? More than one in two hundred: select leaves out 8 of 1,024,
 * for its sets are full. More than one in ten where each lasts for some requests only and a new one takes its place:
 * then there are always some that were just opened.
 */
bool summary_unserved(const struct cell *cell);

/* Did its answers fall short: more than one request in a thousand failed? */
bool summary_failing(const struct cell *cell);

/* Either of the two: however fast it is, it is not to be chosen. */
bool summary_unfit(const struct cell *cell);

const struct cell *summary_cell(const struct summary *s, size_t mode, size_t workload);

/* The cell of a mode and workload by their names; NULL when the set has none such. */
const struct cell *summary_find(const struct summary *s, const char *mode, const char *workload);

/* The figures[figure] of the cell's usable trials into out (room for n_trials of the set). Returns
 * how many are known. */
size_t summary_values(const struct summary *s, const struct cell *cell, enum figure figure, double *out);

/*
 * Merge the histograms at `path` ("latency.response.histogram") of the cell's usable trials into h (reset first).
 * Returns how many trials had one, or -EINVAL with err.
 */
int summary_histogram(const struct summary *s, const struct cell *cell, const char *path, struct ts_hist *h,
                      struct ts_err *err);

/* The modes of a workload that have this figure, best first (all in the set's order for a NEITHER).
 * Returns how many. */
size_t summary_rank(const struct summary *s, size_t workload, enum figure figure, size_t *modes);

#endif

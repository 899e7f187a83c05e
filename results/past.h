/*
 * The figures of many runs, by the time of their start: for each run, mode and workload one median, with its interval.
 * One run is held in memory at a time; only its medians are kept. Names are owned by the history.
 */
#ifndef PAST_H
#define PAST_H

#include "figures.h"
#include "ts_err.h"
#include "ts_stats.h"
#include <stddef.h>

#define PAST_MODES_MAX     60
#define PAST_WORKLOADS_MAX 100

struct past_point {
	struct ts_interval x; /* NaN where the run did not measure it */
	size_t n_trials;
};

struct past_run {
	char *name;       /* of its folder */
	char started[24]; /* 2026-11-22T10:30:00Z */
	char commit[12];  /* its first digits; "-" when unknown */
	char suite[16];
	struct past_point *points; /* PAST_MODES_MAX x PAST_WORKLOADS_MAX */
};

struct past {
	struct past_run *runs;
	size_t n_runs;
	char *modes[PAST_MODES_MAX], *workloads[PAST_WORKLOADS_MAX];
	size_t n_modes, n_workloads;
};

/* Read every run in `dir` (folders with a run.json). 0 or -errno with err; release it in any case. */
int past_load(struct past *past, const char *dir, enum figure figure, struct ts_err *err);
void past_release(struct past *past);

const struct past_point *past_point(const struct past *past, size_t run, size_t mode, size_t workload);
double past_value(const struct past *past, size_t run, size_t mode, size_t workload);

#endif

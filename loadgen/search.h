/*
 * Runs of runs, each a whole run with its own verdict.
 *
 * The highest rate that holds a bound: a short closed loop guesses the capacity, then the rate is bracketed and halved
 * until it is known to 1 %. A probe holds when the bound holds, at most 0.1 % of its requests failed or were not sent,
 * and at least 98 % of the offered rate came back in time. A probe that fails is repeated, and two of three decide, so
 * that one hiccup of the machine does not end the search. A probe whose own checks say "invalid" counts for nothing.
 *
 * A sweep: rates in random order, each several times; then the knee, the capacity C of the model achieved =
 * min(offered, C), fitted by least squares, with a 95 % interval from resampling the repeats (bootstrap). With --resume
 * every finished measurement is in the file, and a sweep that was cut short goes on from there.
 *
 * Both give the JSON of one run (the best that held; the one nearest below the knee) with a member "search" or "sweep".
 */
#ifndef SEARCH_H
#define SEARCH_H

#include "probe.h"
#include "ts_err.h"
#include <cjson/cJSON.h>
#include <stdbool.h>

struct progress;

/* --sweep=FROM:TO:STEPS */
struct sweep {
	double from_per_s, to_per_s;
	int n_steps;
};
int sweep_parse(struct sweep *s, const char *text, struct ts_err *err);
double sweep_rate(const struct sweep *s, int step);

struct search_result {
	cJSON *json;                 /* owned; NULL: nothing was measured */
	int status;                  /* enum ts_exit, or 128 + signal */
	char summary[200];           /* one line for people */
	char trouble[PROBE_TROUBLE]; /* why the server was given up; "" */
};

/* 0, or -errno with err: a run could not be started. */
int search_find_max(struct search_result *r, const struct plan *plan, struct progress *progress, struct ts_err *err);
int search_sweep(struct search_result *r, const struct plan *plan, struct progress *progress, struct ts_err *err);

/* Least squares for C in achieved = min(offered, C). NaN when no point lies below its offer: the
 * knee was not reached. */
double search_knee(const double *offered, const double *achieved, size_t n);

#endif

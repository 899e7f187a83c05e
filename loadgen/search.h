/*
 * Runs of runs: the highest rate that holds a bound, and a sweep over rates.
 */
#ifndef SEARCH_H
#define SEARCH_H

#include "ts_err.h"

/* --sweep=FROM:TO:STEPS */
struct sweep {
	double from_per_s, to_per_s;
	int n_steps;
};
int sweep_parse(struct sweep *s, const char *text, struct ts_err *err);

#endif

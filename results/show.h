/*
 * Figures as short texts for people: three significant digits with a unit; "-" for what is unknown. Pure.
 */
#ifndef SHOW_H
#define SHOW_H

#include "summary.h"

#define SHOW_MAX 96

/* A value of this figure, such as "12.3k" (requests/s), "85.0 us", "0.43 us". Returns buf. */
const char *show_figure(enum figure figure, double value, char *buf, size_t size);

/* How far an interval reaches to either side, in percent of the value: "3.1"; "-" without one. Returns buf. */
const char *show_spread(const struct ts_interval *x, char *buf, size_t size);

/* "12 of 64" connections served of opened. */
const char *show_served(const struct cell *cell, char *buf, size_t size);

/* "669 of 2008 requests failed: mismatch", with the commonest class of error; "" when none failed. Returns buf. */
const char *show_failed(const struct cell *cell, char *buf, size_t size);

/* Why a cell's mode is not to be chosen (summary_unfit): "served 12 of 64", or how many requests failed. Returns buf.
 */
const char *show_unfit(const struct cell *cell, char *buf, size_t size);

/* "blocking (1 of 64)": a mode by its name, and whom it served, where that is not everybody. Returns buf. */
const char *show_mode(const struct summary *s, const struct cell *cell, char *buf, size_t size);

/* Why a cell has no figures, or fewer: "failed: exit status 3", "2 of 3 trials: not measurable: ..."; else what is to
 * be said of its figures; "" when there is nothing. */
const char *show_gap(const struct cell *cell, char *buf, size_t size);

#endif

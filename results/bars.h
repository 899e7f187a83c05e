/*
 * A bar chart of one figure under one workload: a bar for each mode, the best on top, with the 95 % interval of the
 * median over the trials, where there is one, and its value written beside it. Most charts of single figures are this
 * one.
 */
#ifndef BARS_H
#define BARS_H

#include "plot.h"
#include "summary.h"

struct bars {
	enum figure figure;
	const char *heading; /* "Throughput": the title is "HEADING: the workload's title" */
	const char *axis;    /* "requests per second": followed by ": median of 3 trials ..." */
	double scale;        /* the axis shows figure x scale */
	const char *format;  /* of the axis, as gnuplot writes numbers; NULL: 500, 20k or 3M, as it fits */
	/* what else belongs beside a bar, such as " (served 1 of 64)"; or NULL. Returns buf, "" for nothing. */
	const char *(*remark)(const struct cell *cell, char *buf, size_t size);
	const char *settings; /* gnuplot's, for the axis; or NULL */
};

/* As a chart function (charts.h): 1 when drawn, 0 when no mode has the figure, -errno with err. */
int bars_draw(struct plot *p, const struct summary *s, size_t workload, const struct bars *bars, struct ts_err *err);

#endif

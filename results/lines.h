/*
 * A line chart over a series of workloads, such as idle at 0, 1,000 and 10,000: a line for each mode, a point for each
 * workload of the series, with the 95 % interval of the figure as a bar where there is one.
 */
#ifndef LINES_H
#define LINES_H

#include "fit.h"
#include "plot.h"
#include "summary.h"

enum lines_x {
	LINES_PLACES, /* the workloads stand side by side, named by their place in the series */
	LINES_NUMBER, /* x is that place, as a number, on a log axis */
	LINES_RATE,   /* x is the rate that was reached */
	LINES_OPEN    /* x is the number of connections that were open at once */
};

struct lines {
	const char *group; /* the series that it is drawn for; another one is left out */
	const char *heading;
	const char *x_axis, *y_axis;
	enum figure y;
	double y_scale;
	enum lines_x x;
	enum fit_law law; /* drawn through the points of each mode that follows it (FIT_GOOD), with what it misses by */
	const char *settings; /* gnuplot's, for the axes; or "" */
};

/* As a chart function (charts.h); `workload` is the first of the series. */
int lines_draw(struct plot *p, const struct summary *s, size_t workload, const struct lines *lines, struct ts_err *err);

#endif

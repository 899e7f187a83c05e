/*
 * The charts: one row each in charts.def, one function each in chart_<id>.c.
 *
 * A chart function writes p->dat, p->gp (settings and one plot command, the data named by its file), p->title and
 * p->alt. It returns 1, or 0 when there is nothing to draw (the chart is then left out), or -errno with err.
 */
#ifndef CHARTS_H
#define CHARTS_H

#include "plot.h"
#include "summary.h"

typedef int chart_function(struct plot *p, const struct summary *s, size_t workload, struct ts_err *err);

#define CHART_ROW(id, scope, heading) chart_function chart_##id;
#include "charts.def"
#undef CHART_ROW

enum chart_scope {
	CHART_WORKLOAD, /* one for each workload that is no point of a series: the file is ID.WORKLOAD */
	CHART_GROUP,    /* one for each series of workloads, such as idle: called with the first of them; ID.GROUP */
	CHART_RUN       /* one for the run: ID */
};

struct chart_drawn {
	char id[96], title[160], alt[400];
	const char *heading; /* of its row */
	size_t workload;     /* SIZE_MAX for CHART_RUN */
};

/*
 * Draw all charts of the run into dir (which is made). *drawn, *n_drawn: what was drawn, in order; owned (free).
 * 0 or -errno with err.
 */
int charts_draw(const struct summary *s, const char *dir, bool png, struct chart_drawn **drawn, size_t *n_drawn,
                struct ts_err *err);

/*
 * The headings of the charts for which this run has no figures, such as those of series that it did not measure:
 * "Clients, Message size"; "" when all were drawn. Returns buf.
 */
const char *charts_missing(const struct chart_drawn *drawn, size_t n_drawn, char *buf, size_t size);

/* "3 trials", or "2 to 3 trials": how many are behind the figures of a workload, or of all of its series.
 * Returns buf. */
const char *charts_trials(const struct summary *s, size_t workload, char *buf, size_t size);

/* "median of 3 trials", with that noun; of one trial there is no median: "1 trial". Returns buf. */
const char *charts_medians(const struct summary *s, size_t workload, const char *noun, char *buf, size_t size);

#endif

/*
 * Response time by percentile, one line a mode, over the nines: 90 %, 99 %, 99.9 % are as far apart as they matter. The
 * lines are those of all trials' histograms added up, and end where fewer than five requests are left beyond.
 */
#include "charts.h"
#include "show.h"
#include "ts_units.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

static const double percentiles[] = {10,   25,     50,    60,     70,    75,     80,    85,   90,
                                     92.5, 95,     96,    97.5,   98,    99,     99.25, 99.5, 99.75,
                                     99.9, 99.925, 99.95, 99.975, 99.99, 99.995, 99.999};
#define N_PERCENTILES   (sizeof(percentiles) / sizeof(percentiles[0]))
#define BEYOND_AT_LEAST 5
#define HEIGHT_ROW      26 /* the legend has a row for each line */
#define HEIGHT_REST     110
#define LINES_MAX       100 /* more modes than that cannot be told apart anyway */

static size_t add_line(struct plot *p, const struct summary *s, size_t mode, const struct ts_hist *h, double *low_us,
                       double *high_us)
{
	const char *name = s->set->modes[mode].name;
	char shown[40];
	size_t n = 0;

	fprintf(p->dat, "%s# %s: %llu requests\n# 1/(1-p)\tresponse_us\tpercentile\tlabel\n",
	        ftell(p->dat) ? "\n\n" : "", name, (unsigned long long)h->n);
	for (size_t i = 0; i < N_PERCENTILES; i++) {
		double beyond = 1 - percentiles[i] / 100;
		int64_t ns = ts_hist_percentile(h, percentiles[i]);

		if (beyond * (double)h->n < BEYOND_AT_LEAST)
			break;
		fprintf(p->dat, "%.6g\t%.6g\t%g\t\"%s, p%g: %s\"\n", 1 / beyond, (double)ns / 1e3, percentiles[i], name,
		        percentiles[i], ts_units_show_duration(ns, shown, sizeof(shown)));
		*low_us = fmin(*low_us, (double)ns / 1e3);
		*high_us = fmax(*high_us, (double)ns / 1e3);
		n++;
	}
	return n;
}

static void add_settings(struct plot *p, const struct summary *s, size_t w)
{
	char quoted[240], trials[40];

	snprintf(p->title, sizeof(p->title), "Response time by percentile: %s", s->set->workloads[w].title);
	fprintf(p->gp,
	        "set title %s\n"
	        "set xlabel 'percentile of the requests of %s'\n"
	        "set ylabel 'response time (log scale)'\n"
	        "set logscale xy\n"
	        "set xtics ('0' 1, '50' 2, '75' 4, '90' 10, '95' 20, '99' 100, '99.9' 1000, '99.99' 10000, '99.999' "
	        "100000)\n"
	        "set format y duration\n"
	        "eval duration_tics('y')\n",
	        plot_title(p->title, quoted, sizeof(quoted)), charts_trials(s, w, trials, sizeof(trials)));
}

static int add_lines(struct plot *p, const struct summary *s, size_t w, const size_t *ranked, size_t n,
                     struct ts_hist *h, struct ts_err *err)
{
	char quoted[200], name[100];
	double low_us = INFINITY, high_us = 0;
	size_t modes[LINES_MAX];
	int n_lines = 0;

	for (size_t i = 0; i < n && n_lines < LINES_MAX; i++) { /* the slowest on top, as in the chart */
		size_t mode = ranked[n - 1 - i];
		int rc = summary_histogram(s, summary_cell(s, mode, w), "latency.response.histogram", h, err);

		if (rc < 0)
			return rc;
		if (rc == 0 || h->n == 0 || add_line(p, s, mode, h, &low_us, &high_us) == 0)
			continue;
		modes[n_lines++] = mode;
	}
	if (n_lines > 0) /* gnuplot would round a log axis to whole decades */
		fprintf(p->gp, "set yrange [%.4g:%.4g]\n", low_us * 1e-6 / 1.2, high_us * 1e-6 * 1.2);
	for (int i = 0; i < n_lines; i++)
		fprintf(p->gp, "%s'%s.dat' index %d using 1:($2*1e-6) with lines lt %d title %s",
		        i ? ", \\\n     " : "plot ", p->id, i, plot_linetype(s->set, modes[i]),
		        plot_quoted(show_mode(s, summary_cell(s, modes[i], w), name, sizeof(name)), quoted,
		                    sizeof(quoted)));
	for (int i = 0; i < n_lines; i++)
		fprintf(p->gp,
		        ", \\\n     '' index %d using 1:($2*1e-6):4 with labels hypertext point lt %d pt 7 ps 0.4 "
		        "notitle",
		        i, plot_linetype(s->set, modes[i]));
	fputc('\n', p->gp);
	return n_lines;
}

/* In a sentence, of those that are fit: who is fast for the one that it serves, or with wrong answers, is no example.
 */
static void describe(struct plot *p, const struct summary *s, size_t w, const size_t *ranked, size_t n_ranked, int n)
{
	const char *fastest = NULL, *slowest = NULL;

	for (size_t i = 0; i < n_ranked; i++) {
		if (summary_unfit(summary_cell(s, ranked[i], w)))
			continue;
		slowest = s->set->modes[ranked[i]].name;
		fastest = fastest ? fastest : slowest;
	}
	snprintf(p->alt, sizeof(p->alt), "Lines of the response time over the percentiles of %d modes%s%s%s%s%s", n,
	         fastest ? "; at the 99th, of those that served everybody, " : ".", fastest ? fastest : "",
	         fastest ? " is the fastest and " : "", fastest ? slowest : "", fastest ? " the slowest." : "");
}

int chart_latency(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	size_t *ranked = calloc(s->set->n_modes + 1, sizeof(*ranked));
	struct ts_hist *h = ts_hist_new();
	int n = 0;

	if (!ranked || !h) {
		n = ts_err_set(err, ENOMEM, "no memory for a chart");
	} else {
		size_t n_ranked = summary_rank(s, w, FIGURE_P99, ranked);

		if (p->height < HEIGHT_REST + HEIGHT_ROW * (int)n_ranked)
			p->height = HEIGHT_REST + HEIGHT_ROW * (int)n_ranked;
		add_settings(p, s, w);
		n = add_lines(p, s, w, ranked, n_ranked, h, err);
		if (n > 0)
			describe(p, s, w, ranked, n_ranked, n);
	}
	ts_hist_free(h);
	free(ranked);
	return n > 0 ? 1 : n;
}

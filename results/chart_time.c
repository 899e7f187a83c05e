/*
 * Response time over the run: a heat map with a row for each mode and a column for each interval, its 99th percentile
 * as colour. Steady modes are even; a stall is a dark column. The intervals of all trials are put together by their
 * histograms.
 */
#include "charts.h"
#include "show.h"
#include "ts_json.h"
#include "ts_units.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define HEIGHT_ROW  26
#define HEIGHT_REST 130
#define HEIGHT_MIN  360 /* for the text beside the colours */
#define COLUMNS_MAX 240

static const cJSON *interval_of(const struct trial *trial, int i)
{
	return trial->load ? cJSON_GetArrayItem(ts_json_at(trial->load, "series"), i) : NULL;
}

/* Add up the i-th intervals of a cell's trials into h. Returns 1 when there are any, with begin and duration; 0;
 * -errno. */
static int merge_interval(const struct summary *s, const struct cell *cell, int i, struct ts_hist *one,
                          struct ts_hist *h, double *at_s, double *duration_s, struct ts_err *err)
{
	int found = 0;

	ts_hist_reset(h);
	for (size_t t = 0; t < s->set->n_trials; t++) {
		const struct trial *trial = &s->set->trials[t];
		bool ours = trial->mode == cell->mode && trial->workload == cell->workload && trial->status == TRIAL_OK;
		const cJSON *interval = ours ? interval_of(trial, i) : NULL;
		const char *text = ts_json_text(interval, "histogram", NULL);

		if (!text)
			continue;
		if (ts_hist_decode(one, text, err) < 0)
			return ts_err_prefix(err, -EINVAL, trial->file);
		ts_hist_add(h, one);
		*at_s = ts_json_real(interval, "at_s", 0);
		*duration_s = ts_json_real(interval, "duration_s", 0);
		found = 1;
	}
	return found && h->n > 0 && *duration_s > 0;
}

static int add_row(struct plot *p, const struct summary *s, const struct cell *cell, size_t row, double *end_s,
                   struct ts_err *err)
{
	struct ts_hist *one = ts_hist_new(), *h = ts_hist_new();
	const char *name = s->set->modes[cell->mode].name;
	char label[100];
	int rc = one && h ? 0 : ts_err_set(err, ENOMEM, "no memory for a chart"), n = 0;

	for (int i = 0; i < COLUMNS_MAX && one && h && rc >= 0; i++) {
		double at_s = 0, duration_s = 0;
		char shown[40];
		int64_t ns;

		rc = merge_interval(s, cell, i, one, h, &at_s, &duration_s, err);
		if (rc <= 0)
			continue;
		ns = ts_hist_percentile(h, 99);
		fprintf(p->dat, "%zu\t%.6g\t%.6g\t%.6g\t\"%s\"\t\"%s, %.1f s: p99 %s\"\n", row, at_s, at_s + duration_s,
		        (double)ns / 1e3, show_mode(s, cell, label, sizeof(label)), name, at_s,
		        ts_units_show_duration(ns, shown, sizeof(shown)));
		*end_s = fmax(*end_s, at_s + duration_s);
		n++;
	}
	ts_hist_free(one);
	ts_hist_free(h);
	return rc < 0 ? rc : n;
}

static void add_settings(struct plot *p, const struct summary *s, size_t w, size_t n_rows, double end_s)
{
	char quoted[240], trials[40];

	p->height = HEIGHT_REST + HEIGHT_ROW * (int)n_rows;
	p->height = p->height < HEIGHT_MIN ? HEIGHT_MIN : p->height;
	snprintf(p->title, sizeof(p->title), "Response time over the run: %s", s->set->workloads[w].title);
	snprintf(p->alt, sizeof(p->alt),
	         "Heat map: %zu modes by row, time from left to right, the 99th percentile of each interval as colour, "
	         "the darker the slower.",
	         n_rows);
	fprintf(p->gp,
	        "set title %s\n"
	        "set xlabel 'seconds since the start (%s)'\n"
	        "set cblabel '99th percentile of each interval (log scale)' offset 1.5,0\n"
	        "set rmargin 19\n"
	        "set logscale cb\n"
	        "set format cb duration\n"
	        "eval duration_tics('cb')\n"
	        "set xrange [0:%.6g]\n"
	        "set yrange [0.4:%.1f]\n"
	        "set grid noxtics noytics\n"
	        "set ytics scale 0\n"
	        "set border 1\n"
	        "set nokey\n"
	        "plot '%s.dat' using (($2+$3)/2):1:2:3:($1-0.42):($1+0.42):($4*1e-6):yticlabels(5) with boxxyerror fs "
	        "solid 1 "
	        "lc palette, \\\n"
	        "     '' using (($2+$3)/2):1:6 with labels hypertext point pt 5 ps 1 lc rgb '#ff000000' notitle\n",
	        plot_title(p->title, quoted, sizeof(quoted)), charts_trials(s, w, trials, sizeof(trials)), end_s,
	        (double)n_rows + 0.6, p->id);
}

int chart_time(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	size_t *ranked = calloc(s->set->n_modes + 1, sizeof(*ranked)), n, n_rows = 0;
	double end_s = 0;
	int rc = 0;

	if (!ranked)
		return ts_err_set(err, ENOMEM, "no memory for a chart");
	fprintf(p->dat, "# row\tfrom_s\tto_s\tp99_us\tmode\tlabel\n");
	n = summary_rank(s, w, FIGURE_P99, ranked);
	for (size_t i = 0; i < n && rc >= 0; i++) { /* the fastest on top */
		rc = add_row(p, s, summary_cell(s, ranked[n - 1 - i], w), n_rows + 1, &end_s, err);
		n_rows += rc > 0;
	}
	if (rc >= 0 && n_rows > 0)
		add_settings(p, s, w, n_rows, end_s);
	free(ranked);
	return rc < 0 ? rc : n_rows > 0;
}

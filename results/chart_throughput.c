/*
 * Throughput by mode: a bar for each, the best on top, with the 95 % interval of the median over the trials. Where a
 * mode did not serve every connection, its label says so: an iterative server is fast for the one client that it
 * serves.
 */
#include "charts.h"
#include "show.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define HEIGHT_ROW  26
#define HEIGHT_REST 110

static void add_bar(struct plot *p, const struct summary *s, const struct cell *cell, size_t row)
{
	const struct ts_interval *x = &cell->figures[FIGURE_RATE];
	bool unserved = cell->figures[FIGURE_SERVED].value < cell->figures[FIGURE_OPENED].value;
	char rate[SHOW_MAX], served[SHOW_MAX];

	show_figure(FIGURE_RATE, x->value, rate, sizeof(rate));
	show_served(cell, served, sizeof(served));
	fprintf(p->dat, "%zu\t%d\t%.6g\t%.6g\t%.6g\t\"%s\"\t\"%s%s%s%s\"\n", row, plot_linetype(s->set, cell->mode),
	        x->value, isnan(x->low) ? x->value : x->low, isnan(x->high) ? x->value : x->high,
	        s->set->modes[cell->mode].name, rate, unserved ? " (served " : "", unserved ? served : "",
	        unserved ? ")" : "");
}

int chart_throughput(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	const struct workload *workload = &s->set->workloads[w];
	size_t *ranked = calloc(s->set->n_modes + 1, sizeof(*ranked));
	char quoted[200], trials[40], rate[SHOW_MAX];
	const struct cell *best;
	size_t n;

	if (!ranked)
		return ts_err_set(err, ENOMEM, "no memory for a chart");
	n = summary_rank(s, w, FIGURE_RATE, ranked);
	if (n == 0) {
		free(ranked);
		return 0;
	}
	best = summary_cell(s, ranked[0], w);
	fprintf(p->dat, "# row\tlinetype\trequests_per_s\tlow\thigh\tmode\tlabel\n");
	for (size_t i = 0; i < n; i++)
		add_bar(p, s, summary_cell(s, ranked[i], w), n - i);
	p->height = HEIGHT_REST + HEIGHT_ROW * (int)n;
	charts_trials(s, w, trials, sizeof(trials));
	snprintf(p->title, sizeof(p->title), "Throughput: %s", workload->title);
	snprintf(p->alt, sizeof(p->alt),
	         "Bars of the requests per second of %zu modes; the first is %s with %s a second.", n,
	         s->set->modes[ranked[0]].name,
	         show_figure(FIGURE_RATE, best->figures[FIGURE_RATE].value, rate, sizeof(rate)));
	fprintf(p->gp,
	        "set title %s\n"
	        "set xlabel 'requests per second: median of %s%s'\n"
	        "set xrange [0:%.6g]\n"
	        "set yrange [0.4:%.1f]\n"
	        "set format x '%%.0s%%c'\n"
	        "set grid xtics noytics\n"
	        "set ytics scale 0\n"
	        "set border 1\n"
	        "set nokey\n",
	        plot_quoted(p->title, quoted, sizeof(quoted)), trials,
	        isnan(best->figures[FIGURE_RATE].low) ? "" : ", with its 95 % interval",
	        1.45 * best->figures[FIGURE_RATE].value, (double)n + 0.6);
	fprintf(p->gp,
	        "plot '%s.dat' using (0):1:(0):3:($1-0.34):($1+0.34):2:yticlabels(6) with boxxyerror lc variable, \\\n"
	        "     '' using 3:1:4:5 with xerrorbars lc rgb 'black' lw 1.3 dt 1 pt -1, \\\n"
	        "     '' using 5:1:7 with labels left offset 0.8,0 textcolor rgb 'black'\n",
	        p->id);
	free(ranked);
	return 1;
}

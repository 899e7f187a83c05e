#include "bars.h"
#include "charts.h"
#include "show.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define HEIGHT_ROW  26
#define HEIGHT_REST 110

/* Of those bars that have one: a mark without a width would look like certainty. */
#define INTERVALS "     '' using ($5>$4?$3:NaN):1:4:5 with xerrorbars lc rgb 'black' lw 1.3 dt 1 pt -1, \\\n"

static void add_bar(struct plot *p, const struct summary *s, const struct cell *cell, const struct bars *bars,
                    size_t row)
{
	const struct ts_interval *x = &cell->figures[bars->figure];
	const char *mode = s->set->modes[cell->mode].name;
	double low = isnan(x->low) ? x->value : x->low, high = isnan(x->high) ? x->value : x->high;
	char value[SHOW_MAX], from[SHOW_MAX], to[SHOW_MAX], remark[80] = "", label[100];

	show_figure(bars->figure, x->value, value, sizeof(value));
	show_figure(bars->figure, low, from, sizeof(from));
	show_figure(bars->figure, high, to, sizeof(to));
	if (bars->remark)
		bars->remark(cell, remark, sizeof(remark));
	fprintf(p->dat, "%zu\t%d\t%.6g\t%.6g\t%.6g\t\"%s\"\t\"%s%s\"\t\"%s: %s (%s to %s)\"\n", row,
	        plot_linetype(s->set, cell->mode), x->value * bars->scale, low * bars->scale, high * bars->scale,
	        bars->remark ? mode : show_mode(s, cell, label, sizeof(label)), value, remark, mode, value, from, to);
}

static void add_settings(struct plot *p, const struct summary *s, size_t w, const struct bars *bars, size_t n,
                         double longest, bool intervals)
{
	char quoted[240], axis[160], label[200], trials[40];

	p->height = HEIGHT_REST + HEIGHT_ROW * (int)n;
	snprintf(axis, sizeof(axis), "%s: %s%s", bars->axis, charts_medians(s, w, "median", trials, sizeof(trials)),
	         intervals ? ", with its 95 % interval" : "");
	fprintf(p->gp,
	        "set title %s\n"
	        "set xlabel %s\n"
	        "set xrange [0:%.6g]\n"
	        "set yrange [0.4:%.1f]\n"
	        "set format x '%s'\n"
	        "set grid xtics noytics\n"
	        "set ytics scale 0\n"
	        "set border 1\n"
	        "set nokey\n%s",
	        plot_title(p->title, quoted, sizeof(quoted)), plot_quoted(axis, label, sizeof(label)),
	        (bars->remark ? 1.45 : 1.25) * longest, (double)n + 0.6,
	        bars->format     ? bars->format
	        : longest < 5000 ? "%g"
	                         : "%.0s%c",
	        bars->settings ? bars->settings : "");
	fprintf(p->gp,
	        "plot '%s.dat' using (0):1:(0):3:($1-0.34):($1+0.34):2:yticlabels(6) with boxxyerror lc variable, \\\n"
	        "%s"
	        "     '' using 5:1:7 with labels left offset 0.8,0 textcolor rgb 'black', \\\n"
	        "     '' using ($3/2):1:8 with labels hypertext point pt 5 ps 1.5 lc rgb '#ff000000'\n",
	        p->id, intervals ? INTERVALS : "");
}

int bars_draw(struct plot *p, const struct summary *s, size_t w, const struct bars *bars, struct ts_err *err)
{
	size_t *ranked = calloc(s->set->n_modes + 1, sizeof(*ranked)), n;
	double longest = 0;
	bool intervals = false;
	char value[SHOW_MAX];

	if (!ranked)
		return ts_err_set(err, ENOMEM, "no memory for a chart");
	n = summary_rank(s, w, bars->figure, ranked);
	fprintf(p->dat, "# row\tlinetype\t%s\tlow\thigh\tmode\tlabel\ttext\n", figure_row(bars->figure)->name);
	for (size_t i = 0; i < n; i++) {
		const struct cell *cell = summary_cell(s, ranked[i], w);
		const struct ts_interval *x = &cell->figures[bars->figure];

		add_bar(p, s, cell, bars, n - i);
		longest = fmax(longest, fmax(x->value, isnan(x->high) ? 0 : x->high));
		intervals = intervals || !isnan(x->low);
	}
	if (n > 0 && longest > 0) {
		snprintf(p->title, sizeof(p->title), "%s: %s", bars->heading, s->set->workloads[w].title);
		show_figure(bars->figure, summary_cell(s, ranked[0], w)->figures[bars->figure].value, value,
		            sizeof(value));
		snprintf(p->alt, sizeof(p->alt), "%s of %zu modes as bars, the best first: %s with %s.", bars->heading,
		         n, s->set->modes[ranked[0]].name, value);
		add_settings(p, s, w, bars, n, longest * bars->scale, intervals);
	}
	free(ranked);
	return n > 0 && longest > 0;
}

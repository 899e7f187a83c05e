/*
 * Response against service time in an open loop, at the 99th percentile: from the moment at which a request was due,
 * and from the moment at which it was sent. What lies between was waiting, which a closed loop would never see
 * (coordinated omission).
 */
#include "charts.h"
#include "show.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define HEIGHT_ROW  26
#define HEIGHT_REST 150
#define WIDE        30 /* times: from here on only powers of ten are labelled */

struct span {
	double low_s, high_s;
};

static void add_row(struct plot *p, const struct summary *s, const struct cell *cell, size_t row, struct span *span)
{
	double service = cell->figures[FIGURE_SERVICE_P99].value, response = cell->figures[FIGURE_P99].value;
	const char *mode = s->set->modes[cell->mode].name;
	char from[SHOW_MAX], to[SHOW_MAX], label[100];

	span->low_s = fmin(span->low_s, fmin(service, response) * 1e-9);
	span->high_s = fmax(span->high_s, fmax(service, response) * 1e-9);
	show_figure(FIGURE_SERVICE_P99, service, from, sizeof(from));
	show_figure(FIGURE_P99, response, to, sizeof(to));
	fprintf(p->dat, "%zu\t%d\t%.6g\t%.6g\t\"%s\"\t\"%s: service p99 %s, response p99 %s\"\n", row,
	        plot_linetype(s->set, cell->mode), service * 1e-9, response * 1e-9,
	        show_mode(s, cell, label, sizeof(label)), mode, from, to);
}

static void add_settings(struct plot *p, const struct summary *s, size_t w, size_t n, const struct span *span)
{
	char quoted[240], trials[40];

	p->height = HEIGHT_REST + HEIGHT_ROW * (int)n;
	snprintf(p->title, sizeof(p->title), "Service and response time, p99: %s", s->set->workloads[w].title);
	snprintf(p->alt, sizeof(p->alt),
	         "For %zu modes, the 99th percentile of the service time and of the response time, joined by a line: "
	         "the time that "
	         "requests waited to be sent.",
	         n);
	fprintf(p->gp,
	        "set title %s\n"
	        "set xlabel '99th percentile (log scale), all requests of %s'\n"
	        "set logscale x\n"
	        "set format x duration\n"
	        "eval duration_%s('x')\n"
	        "set xrange [%.4g:%.4g]\n"
	        "set bmargin 6\n"
	        "set yrange [0.4:%.1f]\n"
	        "set grid xtics noytics\n"
	        "set ytics scale 0\n"
	        "set border 1\n"
	        "set key outside bottom center horizontal maxcols 2 maxrows 1\n"
	        "plot '%s.dat' using 3:1:($4-$3):(0):2:yticlabels(5) with vectors nohead lw 2 lc variable notitle, \\\n"
	        "     '' using 3:1:2 with points pt 6 ps 1 lw 1.5 lc variable notitle, \\\n"
	        "     '' using 4:1:2 with points pt 7 ps 1.1 lc variable notitle, \\\n"
	        "     '' using 4:1:6 with labels hypertext point pt 5 ps 1.5 lc rgb '#ff000000' notitle, \\\n"
	        "     NaN with points pt 6 ps 1 lc rgb 'black' title 'service: from the real send', \\\n"
	        "     NaN with points pt 7 ps 1.1 lc rgb 'black' title 'response: from the planned send'\n",
	        plot_title(p->title, quoted, sizeof(quoted)), charts_trials(s, w, trials, sizeof(trials)),
	        span->high_s > WIDE * span->low_s ? "decades" : "tics", span->low_s / 1.3, span->high_s * 1.3,
	        (double)n + 0.6, p->id);
}

int chart_waiting(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	struct span span = {INFINITY, 0};
	size_t *ranked, n, n_rows = 0;

	if (!s->set->workloads[w].open_loop || s->set->workloads[w].group[0])
		return 0;
	ranked = calloc(s->set->n_modes + 1, sizeof(*ranked));
	if (!ranked)
		return ts_err_set(err, ENOMEM, "no memory for a chart");
	fprintf(p->dat, "# row\tlinetype\tservice_s\tresponse_s\tmode\ttext\n");
	n = summary_rank(s, w, FIGURE_P99, ranked);
	for (size_t i = 0; i < n; i++) { /* the fastest on top */
		const struct cell *cell = summary_cell(s, ranked[n - 1 - i], w);

		if (cell->figures[FIGURE_SERVICE_P99].value > 0 && cell->figures[FIGURE_P99].value > 0)
			add_row(p, s, cell, ++n_rows, &span);
	}
	if (n_rows > 0)
		add_settings(p, s, w, n_rows, &span);
	free(ranked);
	return n_rows > 0;
}

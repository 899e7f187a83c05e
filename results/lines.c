#include "lines.h"
#include "charts.h"
#include "show.h"
#include <math.h>
#include <string.h>

#define LINES_MAX   100
#define HEIGHT_ROW  26
#define HEIGHT_REST 110

/* What the chart spans: the y axis is logarithmic, and gnuplot would round it to whole decades. */
struct span {
	double low, high;
};

static bool is_point(const struct summary *s, size_t w, const struct lines *lines)
{
	return strcmp(s->set->workloads[w].group, lines->group) == 0;
}

/* The points of one mode, each workload of the series in its order. Returns how many. */
static size_t add_line(struct plot *p, const struct summary *s, size_t mode, const struct lines *lines,
                       struct span *span)
{
	const char *name = s->set->modes[mode].name;
	size_t n = 0, place = 0;

	for (size_t w = 0; w < s->set->n_workloads; w++) {
		const struct cell *cell = summary_cell(s, mode, w);
		const struct ts_interval *y = &cell->figures[lines->y];
		double x, value = y->value * lines->y_scale;
		char shown[SHOW_MAX], at[SHOW_MAX];

		if (!is_point(s, w, lines))
			continue;
		x = lines->x_is_rate ? cell->figures[FIGURE_RATE].value : (double)place;
		place++;
		if (isnan(x) || !(value > 0))
			continue;
		if (n++ == 0)
			fprintf(p->dat, "%s# %s\n# x\ty\tlow\thigh\ttext\n", ftell(p->dat) ? "\n\n" : "", name);
		show_figure(lines->y, y->value, shown, sizeof(shown));
		show_figure(FIGURE_RATE, cell->figures[FIGURE_RATE].value, at, sizeof(at));
		fprintf(p->dat, "%.6g\t%.6g\t%.6g\t%.6g\t\"%s, %s: %s at %s requests/s\"\n", x, value,
		        isnan(y->low) ? value : y->low * lines->y_scale,
		        isnan(y->high) ? value : y->high * lines->y_scale, name, s->set->workloads[w].id, shown, at);
		span->low = fmin(span->low, value);
		span->high = fmax(span->high, value);
	}
	return n;
}

/* The workloads side by side, each with its place in the series as its name: "1,000" is 1000 at a glance. */
static void add_places(struct plot *p, const struct summary *s, const struct lines *lines)
{
	size_t place = 0;

	fputs("set xtics (", p->gp);
	for (size_t w = 0; w < s->set->n_workloads; w++) {
		double x = s->set->workloads[w].x;

		if (!is_point(s, w, lines))
			continue;
		fputs(place ? ", " : "", p->gp);
		if (x >= 1000)
			fprintf(p->gp, "'%.0f,%03.0f' %zu", floor(x / 1000), fmod(x, 1000), place);
		else
			fprintf(p->gp, "'%.0f' %zu", x, place);
		place++;
	}
	fprintf(p->gp, ")\nset xrange [-0.2:%.1f]\n", (double)place - 0.8);
}

static void add_settings(struct plot *p, const struct summary *s, size_t w, const struct lines *lines,
                         const struct span *span)
{
	char quoted[200], trials[40];

	fprintf(p->gp,
	        "set title %s\nset xlabel '%s (medians of %s)'\nset ylabel '%s'\nset logscale y\n"
	        "set yrange [%.4g:%.4g]\n%s",
	        plot_quoted(lines->heading, quoted, sizeof(quoted)), lines->x_axis,
	        charts_trials(s, w, trials, sizeof(trials)), lines->y_axis, span->low / 1.3, span->high * 1.3,
	        lines->settings);
	if (!lines->x_is_rate)
		add_places(p, s, lines);
}

int lines_draw(struct plot *p, const struct summary *s, size_t w, const struct lines *lines, struct ts_err *err)
{
	struct span span = {INFINITY, 0};
	size_t modes[LINES_MAX], n = 0;
	char quoted[100];

	(void)err;
	if (!is_point(s, w, lines))
		return 0;
	for (size_t m = 0; m < s->set->n_modes && n < LINES_MAX; m++)
		if (add_line(p, s, m, lines, &span) > 0)
			modes[n++] = m;
	if (n == 0)
		return 0;
	add_settings(p, s, w, lines, &span);
	for (size_t i = 0; i < n; i++) {
		int linetype = plot_linetype(s->set, modes[i]);

		fprintf(p->gp,
		        "%s'%s.dat' index %zu using 1:2 with linespoints lt %d title %s, \\\n"
		        "     '' index %zu using 1:2:3:4 with yerrorbars lt %d dt 1 lw 1 pt -1 notitle, \\\n"
		        "     '' index %zu using 1:2:5 with labels hypertext point lt %d pt 7 ps 0.6 notitle",
		        i ? ", \\\n     " : "plot ", p->id, i, linetype,
		        plot_quoted(s->set->modes[modes[i]].name, quoted, sizeof(quoted)), i, linetype, i, linetype);
	}
	fputc('\n', p->gp);
	if (p->height < HEIGHT_REST + HEIGHT_ROW * (int)n)
		p->height = HEIGHT_REST + HEIGHT_ROW * (int)n;
	snprintf(p->title, sizeof(p->title), "%s", lines->heading);
	snprintf(p->alt, sizeof(p->alt), "%s: a line for each of %zu modes.", lines->heading, n);
	return 1;
}

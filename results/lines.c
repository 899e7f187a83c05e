#include "lines.h"
#include "charts.h"
#include "show.h"
#include "ts_units.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX   100
#define POINTS_MAX  64
#define KEEPS_UP    0.98 /* of the offered rate */
#define CURVE_STEPS 60
#define HEIGHT_ROW  26
#define HEIGHT_REST 110

/* The points of one mode, kept for its law. */
struct points {
	double x[POINTS_MAX], y[POINTS_MAX];
	size_t n;
};

/* What the chart spans: the y axis is logarithmic, and gnuplot would round it to whole decades. */
struct span {
	double low, high;
};

static bool is_point(const struct summary *s, size_t w, const struct lines *lines)
{
	return strcmp(s->set->workloads[w].group, lines->group) == 0;
}

/* Who does not keep up has a queue that grows as long as the trial lasts: there M/G/1 says nothing. */
static bool follows_some_law(const struct cell *cell, const struct lines *lines)
{
	return lines->law != FIT_MG1 || !(cell->figures[FIGURE_ACHIEVED].value < KEEPS_UP);
}

/* The points of one mode, each workload of the series in its order. Returns how many. */
static size_t add_line(struct plot *p, const struct summary *s, size_t mode, const struct lines *lines,
                       struct span *span, struct points *points)
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
		x = lines->x == LINES_RATE     ? cell->figures[FIGURE_RATE].value
		    : lines->x == LINES_OPEN   ? cell->figures[FIGURE_PEAK_OPEN].value
		    : lines->x == LINES_NUMBER ? s->set->workloads[w].x
		                               : (double)place;
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
		if (points->n < POINTS_MAX && follows_some_law(cell, lines)) {
			points->x[points->n] = x;
			points->y[points->n++] = value;
		}
		span->low = fmin(span->low, y->low > 0 ? y->low * lines->y_scale : value);
		span->high = fmax(span->high, y->high > 0 ? y->high * lines->y_scale : value);
	}
	return n;
}

/* "1,048,576": digits in groups of three. Returns buf. */
static const char *grouped(double x, char *buf, size_t size)
{
	char digits[32];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%.0f", x), used = 0;

	for (size_t i = 0; i < n && n < sizeof(digits) && used + 2 < size; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			buf[used++] = ',';
		buf[used++] = digits[i];
	}
	buf[used] = '\0';
	return buf;
}

/* The workloads side by side, each with its place in the series as its name: "1,000" is 1000 at a glance. */
static void add_places(struct plot *p, const struct summary *s, const struct lines *lines)
{
	size_t place = 0;
	char name[48];

	fputs("set xtics (", p->gp);
	for (size_t w = 0; w < s->set->n_workloads; w++)
		if (is_point(s, w, lines)) {
			fprintf(p->gp, "%s'%s' %zu", place ? ", " : "",
			        grouped(s->set->workloads[w].x, name, sizeof(name)), place);
			place++;
		}
	fprintf(p->gp, ")\nset xrange [-0.2:%.1f]\n", (double)place - 0.8);
}

/* The law as a block of points of its own, from the first to the last x. */
static void add_curve(struct plot *p, const struct fit *fit, const struct points *points, const char *name)
{
	double low = points->x[0], high = points->x[0];

	for (size_t i = 1; i < points->n; i++) {
		low = fmin(low, points->x[i]);
		high = fmax(high, points->x[i]);
	}
	fprintf(p->dat, "\n\n# %s: the law with %.4g %.4g %.4g, off by %.1f %%\n", name, fit->p[0], fit->p[1],
	        fit->p[2], 100 * fit->residual);
	for (int i = 0; i <= CURVE_STEPS; i++) {
		double x = low * pow(high / low, (double)i / CURVE_STEPS), y = fit_at(fit, x);

		if (!isnan(y))
			fprintf(p->dat, "%.6g\t%.6g\n", x, y);
	}
}

/* What the legend says of a law that holds: its first values, and what it misses by. */
static void describe(const struct fit *fit, const char *name, char *buf, size_t size)
{
	char value[40];

	if (fit->law == FIT_USL)
		snprintf(buf, size, "%s: s %.2g, off %.0f %%", name, fit->p[1], 100 * fit->residual);
	else if (fit->law == FIT_LINE) /* of memory in MiB */
		snprintf(buf, size, "%s: %s each", name,
		         ts_units_show_bytes(fit->p[1] * 1048576, value, sizeof(value)));
	else
		snprintf(buf, size, "%s: t %s, off %.0f %%", name,
		         ts_units_show_duration(llround(fit->p[0] * 1e9), value, sizeof(value)), 100 * fit->residual);
}

static void add_settings(struct plot *p, const struct summary *s, size_t w, const struct lines *lines,
                         const struct span *span)
{
	char quoted[200], trials[40];

	fprintf(p->gp,
	        "set title %s\nset xlabel '%s (%s)'\nset ylabel '%s'\nset logscale y\n"
	        "set yrange [%.4g:%.4g]\n%s",
	        plot_quoted(lines->heading, quoted, sizeof(quoted)), lines->x_axis,
	        charts_medians(s, w, "medians", trials, sizeof(trials)), lines->y_axis, span->low / 1.3,
	        span->high * 1.3, lines->settings);
	if (lines->x == LINES_PLACES)
		add_places(p, s, lines);
}

/* One mode: its points, their intervals and texts; a line through the points, or the law where it holds. */
static void add_plots(struct plot *p, size_t index, int linetype, const char *name, bool has_law)
{
	char quoted[160];

	plot_quoted(name, quoted, sizeof(quoted));
	if (has_law) /* the legend shows line and points as one */
		fprintf(p->gp,
		        "NaN with linespoints lt %d title %s, \\\n"
		        "     '%s.dat' index %zu using 1:2 with lines lt %d notitle, \\\n     ",
		        linetype, quoted, p->id, index + 1, linetype);
	fprintf(p->gp,
	        "'%s.dat' index %zu using 1:2 with %s lt %d %s%s, \\\n"
	        "     '' index %zu using 1:3:(0):($4-$3) with vectors heads size screen 0.004,90 lt %d dt 1 lw 1 "
	        "notitle, \\\n"
	        "     '' index %zu using 1:2:5 with labels hypertext point pt 5 ps 1.2 lc rgb '#ff000000' notitle",
	        p->id, index, has_law ? "points" : "linespoints", linetype, has_law ? "notitle" : "title ",
	        has_law ? "" : quoted, index, linetype, index);
}

/* "select (1016 of 1024)": with the last point at which it left somebody out. */
static void name_mode(const struct summary *s, size_t mode, const struct lines *lines, char *buf, size_t size)
{
	snprintf(buf, size, "%.60s", s->set->modes[mode].name);
	for (size_t w = 0; w < s->set->n_workloads; w++)
		if (is_point(s, w, lines) && summary_unserved(summary_cell(s, mode, w)))
			show_mode(s, summary_cell(s, mode, w), buf, size);
}

/* All modes: the data, and the plot command. */
static size_t add_modes(struct plot *p, const struct summary *s, const struct lines *lines, struct span *span,
                        size_t *n_laws)
{
	size_t n = 0, index = 0;

	for (size_t m = 0; m < s->set->n_modes && n < LINES_MAX; m++) {
		struct points points = {.n = 0};
		struct fit fit;
		bool has_law;
		char mode[80], name[120];

		name_mode(s, m, lines, mode, sizeof(mode));
		snprintf(name, sizeof(name), "%s", mode);
		if (add_line(p, s, m, lines, span, &points) == 0)
			continue;
		has_law = fit_law(&fit, lines->law, points.x, points.y, points.n) == 0 && fit.residual <= FIT_GOOD;
		if (has_law) {
			add_curve(p, &fit, &points, s->set->modes[m].name);
			describe(&fit, mode, name, sizeof(name));
		}
		fputs(n++ ? ", \\\n     " : "plot ", p->gp);
		add_plots(p, index, plot_linetype(s->set, m), name, has_law);
		index += has_law ? 2 : 1;
		*n_laws += has_law;
	}
	fputc('\n', p->gp);
	return n;
}

int lines_draw(struct plot *p, const struct summary *s, size_t w, const struct lines *lines, struct ts_err *err)
{
	struct span span = {INFINITY, 0};
	char *plots = NULL;
	size_t n, n_laws = 0, n_plots = 0;
	FILE *gp = p->gp;

	if (!is_point(s, w, lines))
		return 0;
	p->gp = open_memstream(&plots, &n_plots); /* the plot command is known first, and stands last */
	if (!p->gp) {
		p->gp = gp;
		return ts_err_set(err, ENOMEM, "no memory for a chart");
	}
	n = add_modes(p, s, lines, &span, &n_laws);
	fclose(p->gp);
	p->gp = gp;
	if (n > 0) {
		add_settings(p, s, w, lines, &span);
		fputs(plots, p->gp);
		if (p->height < HEIGHT_REST + HEIGHT_ROW * (int)n)
			p->height = HEIGHT_REST + HEIGHT_ROW * (int)n;
		snprintf(p->title, sizeof(p->title), "%s", lines->heading);
		if (lines->law != FIT_NONE)
			snprintf(p->alt, sizeof(p->alt), "%s: %zu modes; %zu follow the law, and have its curve.",
			         lines->heading, n, n_laws);
		else
			snprintf(p->alt, sizeof(p->alt), "%s: a line for each of %zu modes.", lines->heading, n);
	}
	free(plots);
	return n > 0;
}

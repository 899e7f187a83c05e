#include "matrix_chart.h"
#include "plot.h"
#include "ts_json.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WIDTH        760 /* of every chart (style.gp) */
#define HEIGHT_ROW   15
#define HEIGHT_TITLE 40
#define HEIGHT_NAME  24 /* of a name that lies */
#define HEIGHT_KEY   62 /* legend, and the line above it */
#define WIDTH_GLYPH  6  /* of names, at size 10: a little more than is needed */
#define NAME_MAX_N   32
#define ID_MAX_N     40

/* The marks, in the order of the legend. */
static const struct {
	const char *status, *look;
} marks[] = {
        {"pass", "pt 7 ps 0.55 lc rgb '#0060a8'"},  {"fail", "pt 5 ps 0.85 lc rgb '#d1480f'"},
        {"warn", "pt 9 ps 0.95 lc rgb '#c77f00'"},  {"skip", "pt 6 ps 0.45 lw 1 lc rgb '#80868b'"},
        {"error", "pt 13 ps 1.1 lc rgb '#c2609b'"},
};
#define N_MARKS (sizeof(marks) / sizeof(marks[0]))

/* The cases that are drawn, area by area: indices of the matrix' rows, from top to bottom. */
struct order {
	size_t *rows, n;
};

static size_t area_length(const struct matrix *m, size_t row)
{
	return strcspn(ts_json_text(m->rows[row], "id", ""), ".");
}

static bool same_area(const struct matrix *m, size_t a, size_t b)
{
	size_t n = area_length(m, a);

	return n == area_length(m, b) &&
	       strncmp(ts_json_text(m->rows[a], "id", ""), ts_json_text(m->rows[b], "id", ""), n) == 0;
}

static bool area_seen(const struct matrix *m, const bool *shown, size_t row)
{
	for (size_t r = 0; r < row; r++)
		if (shown[r] && same_area(m, r, row))
			return true;
	return false;
}

static void put_in_order(const struct matrix *m, const bool *shown, struct order *order)
{
	for (size_t first = 0; first < m->n_rows; first++) {
		if (!shown[first] || area_seen(m, shown, first))
			continue;
		for (size_t r = first; r < m->n_rows; r++)
			if (shown[r] && same_area(m, first, r))
				order->rows[order->n++] = r;
	}
}

/* Inside double quotes, where gnuplot knows a quote and a backslash. */
static void put_text(FILE *out, const char *text, size_t most)
{
	for (size_t i = 0; i < most && text[i]; i++)
		fputc(text[i] == '"' || text[i] == '\\' ? '\'' : text[i], out);
}

/* The places of one mark, a block of the data. Returns how many. */
static size_t add_marks(struct plot *p, const struct matrix *m, const struct order *order, const char *status)
{
	size_t n = 0;

	for (size_t i = 0; i < order->n; i++)
		for (size_t s = 0; s < m->n; s++) {
			if (strcmp(matrix_status(m, order->rows[i], s), status) != 0)
				continue;
			if (n++ == 0)
				fprintf(p->dat, "%s# %s\n# server\trow\ttext\n", ftell(p->dat) ? "\n\n" : "", status);
			fprintf(p->dat, "%zu\t%zu\t\"", s + 1, order->n - i);
			put_text(p->dat, m->names[s], NAME_MAX_N);
			fputs(", ", p->dat);
			put_text(p->dat, ts_json_text(m->rows[order->rows[i]], "id", ""), ID_MAX_N);
			fprintf(p->dat, ": %s\"\n", status);
		}
	return n;
}

/* One plot a mark, so that the legend has what is there and nothing else. */
static void add_plots(struct plot *p, const struct matrix *m, const struct order *order)
{
	size_t index = 0;

	for (size_t k = 0; k < N_MARKS; k++) {
		if (add_marks(p, m, order, marks[k].status) == 0)
			continue;
		fprintf(p->gp,
		        "%s'%s.dat' index %zu using 1:2 with points %s title '%s', \\\n"
		        "     '' index %zu using 1:2:3 with labels hypertext point pt 5 ps 0.9 lc rgb '#ff000000' "
		        "notitle",
		        index ? ", \\\n     " : "plot ", p->id, index, marks[k].look, marks[k].status, index);
		index++;
	}
	fputc('\n', p->gp);
}

static void add_case_names(struct plot *p, const struct matrix *m, const struct order *order)
{
	char text[ID_MAX_N + 16], quoted[2 * sizeof(text)];

	fputs("set ytics scale 0 font ',10' (", p->gp);
	for (size_t i = 0; i < order->n; i++) {
		const cJSON *row = m->rows[order->rows[i]];
		const char *level = ts_json_text(row, "level", "");

		snprintf(text, sizeof(text), "%.*s%s", ID_MAX_N, ts_json_text(row, "id", ""),
		         strcmp(level, "SHOULD") == 0 ? " (should)"
		         : strcmp(level, "MAY") == 0  ? " (may)"
		                                      : "");
		fprintf(p->gp, "%s%s %zu", i ? ", " : "", plot_quoted(text, quoted, sizeof(quoted)), order->n - i);
	}
	fputs(")\n", p->gp);
	for (size_t i = 1; i < order->n; i++) /* a line between two areas */
		if (!same_area(m, order->rows[i - 1], order->rows[i]))
			fprintf(p->gp,
			        "set arrow from graph 0, first %.1f to graph 1, first %.1f nohead back "
			        "lc rgb '#80868b' lw 1\n",
			        (double)(order->n - i) + 0.5, (double)(order->n - i) + 0.5);
}

static size_t at_most(size_t n, size_t most)
{
	return n < most ? n : most;
}

static const char *verdict_of(const struct matrix *m, size_t server)
{
	const char *verdict = ts_json_text(m->documents[server], "verdict", "");

	return strcmp(verdict, "conformant") == 0      ? "conformant"
	       : strcmp(verdict, "nonconformant") == 0 ? "not conformant"
	                                               : "not judged";
}

/* Where everything stands, in points. */
struct layout {
	int left, top, bottom; /* margins */
	bool upright;          /* names and verdicts are turned: they are too long to lie beside each other */
};

static struct layout lay_out(const struct matrix *m, const struct order *order)
{
	struct layout l = {0};
	size_t id = 0, name = strlen("not conformant"), verdict = name;

	for (size_t i = 0; i < order->n; i++) {
		size_t n = at_most(strlen(ts_json_text(m->rows[order->rows[i]], "id", "")), ID_MAX_N);

		id = n > id ? n : id;
	}
	for (size_t s = 0; s < m->n; s++) {
		size_t n = at_most(strlen(m->names[s]), NAME_MAX_N);

		name = n > name ? n : name;
	}
	l.left = WIDTH_GLYPH * (int)(id + strlen(" (should)")) + 16;
	l.upright = (int)((name + 2) * WIDTH_GLYPH * m->n) > WIDTH - l.left;
	l.top = HEIGHT_TITLE + (l.upright ? WIDTH_GLYPH * (int)name : HEIGHT_NAME);
	l.bottom = HEIGHT_KEY + (l.upright ? WIDTH_GLYPH * (int)verdict : HEIGHT_NAME);
	return l;
}

static void add_margins(struct plot *p, const struct layout *l)
{
	double height = p->height;

	fprintf(p->gp,
	        "set lmargin at screen %.4f\nset rmargin at screen 0.985\n"
	        "set tmargin at screen %.4f\nset bmargin at screen %.4f\n"
	        "set label 1 'not marked (should) or (may): a must; no mark in a place: not run' "
	        "at screen 0.5, screen %.4f center font ',11'\n"
	        "set key at screen 0.5, screen %.4f center bottom horizontal maxrows 1 maxcols %zu samplen 1 width 2 "
	        "font ',11'\n"
	        "set label 2 '%s' at screen 0.5, screen %.4f center font ',15'\n",
	        l->left / (double)WIDTH, 1 - l->top / height, l->bottom / height, 48 / height, 10 / height, N_MARKS,
	        p->title, 1 - 20 / height);
}

/* Names above and verdicts below. */
static void add_server_names(struct plot *p, const struct matrix *m, bool upright)
{
	char quoted[2 * NAME_MAX_N + 4], name[NAME_MAX_N + 1];

	for (int below = 0; below < 2; below++) {
		fprintf(p->gp, "set %s scale 0 font ',10' %s(", below ? "xtics" : "x2tics",
		        !upright ? ""
		        : below  ? "rotate by 90 right "
		                 : "rotate by 90 left ");
		for (size_t s = 0; s < m->n; s++) {
			snprintf(name, sizeof(name), "%s", below ? verdict_of(m, s) : m->names[s]);
			fprintf(p->gp, "%s%s %zu", s ? ", " : "", plot_quoted(name, quoted, sizeof(quoted)), s + 1);
		}
		fputs(")\n", p->gp);
	}
}

static size_t count_failed(const struct matrix *m, const struct order *order)
{
	size_t n = 0;

	for (size_t i = 0; i < order->n; i++)
		for (size_t s = 0; s < m->n; s++)
			n += strcmp(matrix_status(m, order->rows[i], s), "fail") == 0;
	return n;
}

static void write_chart(struct plot *p, const struct matrix *m, const struct order *order)
{
	struct layout layout = lay_out(m, order);

	p->height = layout.top + HEIGHT_ROW * (int)order->n + layout.bottom;
	snprintf(p->title, sizeof(p->title), "Conformance: %zu case%s, %zu server%s", order->n,
	         order->n == 1 ? "" : "s", m->n, m->n == 1 ? "" : "s");
	snprintf(p->alt, sizeof(p->alt), "%s. A row for each case, a column for each server; %zu failed.", p->title,
	         count_failed(m, order));
	fprintf(p->gp,
	        "set xrange [0.4:%.1f]\nset x2range [0.4:%.1f]\nset yrange [0.4:%.1f]\n"
	        "set border 0\nset grid noxtics ytics\n",
	        (double)m->n + 0.6, (double)m->n + 0.6, (double)order->n + 0.6);
	add_margins(p, &layout);
	add_server_names(p, m, layout.upright);
	add_case_names(p, m, order);
	add_plots(p, m, order);
}

static int draw(const struct matrix *m, const struct order *order, const char *dir, struct ts_err *err)
{
	struct plot_job job;
	struct plot p;
	int rc = plot_init(&p, "matrix", err);

	if (rc == 0) {
		write_chart(&p, m, order);
		rc = plot_style_write(dir, err);
	}
	if (rc == 0)
		rc = plot_start(&p, dir, true, &job, err);
	plot_release(&p);
	return rc == 0 ? plot_wait(&job, err) : rc;
}

int matrix_chart_draw(const struct matrix *m, const bool *shown, const char *dir, struct ts_err *err)
{
	struct order order = {.rows = calloc(m->n_rows + 1, sizeof(size_t))};
	int rc;

	if (!order.rows)
		return ts_err_set(err, ENOMEM, "no memory for the chart");
	put_in_order(m, shown, &order);
	if (m->n > MATRIX_CHART_SERVERS_MAX)
		rc = ts_err_usage(err, "--output: a chart has room for %d servers, not for %zu",
		                  MATRIX_CHART_SERVERS_MAX, m->n);
	else if (order.n == 0)
		rc = ts_err_set(err, ENOENT, "%s: no chart: there is no case to show", dir);
	else if (order.n > MATRIX_CHART_CASES_MAX)
		rc = ts_err_set(err, E2BIG, "%s: no chart: %zu cases, and there is room for %d; try --differences", dir,
		                order.n, MATRIX_CHART_CASES_MAX);
	else if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		rc = ts_err_set(err, errno, "%s: cannot make this folder: %s", dir, strerror(errno));
	else
		rc = draw(m, &order, dir, err);
	free(order.rows);
	return rc;
}

#include "command.h"
#include "past.h"
#include "plot.h"
#include "show.h"
#include "table.h"
#include "ts_opt.h"
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#define HEIGHT     520
#define LABELS_MAX 24 /* commits that have room below a chart */

struct settings {
	int figure;
	const char *output;
};

static const char figure_names[] =
#define FIGURE_ROW(ID, name, title, unit, better, path) "|" #name
#include "figures.def"
#undef FIGURE_ROW
        ;

static const struct ts_opt options[] = {
        {.type = TS_OPT_CHOICE,
         .name = "figure",
         .arg = "NAME",
         .fallback = "requests_per_s",
         .choices = figure_names + 1,
         .offset = offsetof(struct settings, figure),
         .help = "which figure to follow"},
        {.type = TS_OPT_TEXT,
         .name = "output",
         .key = 'o',
         .arg = "DIR",
         .offset = offsetof(struct settings, output),
         .help = "draw a chart for each workload into this folder"},
        {.type = TS_OPT_END},
};

static const struct ts_opt_program program = {
        .name = "tsreport history",
        .operands = "RUNS",
        .min_operands = 1,
        .max_operands = 1,
        .summary = "show how a figure changed over all runs of a folder, such as results/runs",
        .details = "A table for each workload: a row for each run, oldest first, a column for each mode. Medians; "
                   "the charts have their intervals, too. For whether two runs differ, ask tsreport compare.\n"
                   "  tsreport history results/runs --figure=response_p99_ns -o charts\n",
        .options = options,
};

static bool has_workload(const struct past *past, size_t run, size_t workload)
{
	for (size_t m = 0; m < past->n_modes; m++)
		if (!isnan(past_value(past, run, m, workload)))
			return true;
	return false;
}

static bool has_mode(const struct past *past, size_t mode, size_t workload)
{
	for (size_t r = 0; r < past->n_runs; r++)
		if (!isnan(past_value(past, r, mode, workload)))
			return true;
	return false;
}

static int print_workload(const struct past *past, size_t w, enum figure figure)
{
	const char *titles[PAST_MODES_MAX + 3] = {"<run", "<commit", "<suite"};
	size_t modes[PAST_MODES_MAX], n_modes = 0;
	struct table table;
	char buf[SHOW_MAX];
	int rc;

	for (size_t m = 0; m < past->n_modes; m++) {
		if (!has_mode(past, m, w))
			continue;
		titles[3 + n_modes] = past->modes[m];
		modes[n_modes++] = m;
	}
	table_init(&table, titles, n_modes + 3);
	for (size_t r = 0; r < past->n_runs; r++) {
		if (!has_workload(past, r, w))
			continue;
		table_row(&table);
		table_set(&table, 0, TABLE_PLAIN, "%s", past->runs[r].started);
		table_set(&table, 1, TABLE_PLAIN, "%s", past->runs[r].commit);
		table_set(&table, 2, TABLE_PLAIN, "%s", past->runs[r].suite);
		for (size_t m = 0; m < n_modes; m++)
			table_set(&table, m + 3, TABLE_PLAIN, "%s",
			          show_figure(figure, past_value(past, r, modes[m], w), buf, sizeof(buf)));
	}
	printf("%s%s: %s\n", w ? "\n" : "", past->workloads[w], figure_row(figure)->title);
	rc = table_print(&table, stdout, table_colour(stdout));
	table_release(&table);
	return rc;
}

/* --- charts ------------------------------------------------------------------------------------------------------- */

/* Nanoseconds are drawn as seconds, which the style writes as "200 us". */
static bool in_seconds(enum figure figure)
{
	return strcmp(figure_row(figure)->unit, "ns") == 0;
}

/* The points of one mode, a run each. */
static void add_line(struct plot *p, const struct past *past, size_t m, size_t w, enum figure figure)
{
	double scale = in_seconds(figure) ? 1e-9 : 1;
	char shown[SHOW_MAX];

	fprintf(p->dat, "%s# %s\n# run\tvalue\ttext\tlow\thigh\n", ftell(p->dat) ? "\n\n" : "", past->modes[m]);
	for (size_t r = 0; r < past->n_runs; r++) {
		const struct ts_interval *x = &past_point(past, r, m, w)->x;

		if (isnan(x->value))
			continue;
		fprintf(p->dat, "%zu\t%.6g\t\"%s, %s: %s\"\t%.6g\t%.6g\n", r, x->value * scale, past->modes[m],
		        past->runs[r].started, show_figure(figure, x->value, shown, sizeof(shown)),
		        scale * (isnan(x->low) ? x->value : x->low), scale * (isnan(x->high) ? x->value : x->high));
	}
}

/* "medians of 1 to 3 trials, with 95 % intervals". Returns buf. */
static const char *describe_trials(const struct past *past, size_t w, char *buf, size_t size)
{
	size_t least = SIZE_MAX, most = 0;

	for (size_t r = 0; r < past->n_runs; r++)
		for (size_t m = 0; m < past->n_modes; m++) {
			size_t n = past_point(past, r, m, w)->n_trials;

			if (n == 0)
				continue;
			least = n < least ? n : least;
			most = n > most ? n : most;
		}
	if (most == 1)
		snprintf(buf, size, "of 1 trial each");
	else if (least == most)
		snprintf(buf, size, "medians of %zu trials", most);
	else
		snprintf(buf, size, "medians of %zu to %zu trials", least, most);
	if (most >= 3)
		snprintf(buf + strlen(buf), size - strlen(buf), ", with 95 %% intervals");
	return buf;
}

static void add_settings(struct plot *p, const struct past *past, size_t w, enum figure figure)
{
	size_t step = (past->n_runs + LABELS_MAX - 1) / LABELS_MAX;
	char quoted[200], title[160], trials[80];

	snprintf(title, sizeof(title), "%s, %s, run by run", figure_row(figure)->title, past->workloads[w]);
	p->height = HEIGHT;
	fprintf(p->gp,
	        "set title %s\nset xlabel 'commit of the run, oldest first (%s)'\nset ylabel '%s'\n"
	        "set yrange [0:*]\nset format y %s\nset xrange [-0.3:%.1f]\nset xtics rotate by -45 (",
	        plot_quoted(title, quoted, sizeof(quoted)), describe_trials(past, w, trials, sizeof(trials)),
	        in_seconds(figure) ? "time" : figure_row(figure)->unit, in_seconds(figure) ? "duration" : "'%.10g'",
	        (double)past->n_runs - 0.7);
	for (size_t r = 0; r < past->n_runs; r += step)
		fprintf(p->gp, "%s'%s' %zu", r ? ", " : "", past->runs[r].commit, r);
	fputs(")\n", p->gp);
}

static int draw_workload(const struct past *past, size_t w, enum figure figure, const char *dir, struct ts_err *err)
{
	struct plot_job job;
	struct plot p;
	char id[96], quoted[100];
	size_t n = 0;
	int rc, linetype;

	snprintf(id, sizeof(id), "history.%.40s.%.40s", figure_row(figure)->name, past->workloads[w]);
	rc = plot_init(&p, id, err);
	if (rc == 0)
		add_settings(&p, past, w, figure);
	for (size_t m = 0; m < past->n_modes && rc == 0; m++) {
		if (!has_mode(past, m, w))
			continue;
		add_line(&p, past, m, w, figure);
		linetype = plot_linetype_of(past->modes[m], (int)m);
		fprintf(p.gp,
		        "%s'%s.dat' index %zu using 1:2 with linespoints lt %d title %s, \\\n"
		        "     '' index %zu using 1:4:(0):($5-$4) with vectors heads size screen 0.004,90 lt %d dt 1 lw "
		        "1 "
		        "notitle",
		        n ? ", \\\n     " : "plot ", id, n, linetype,
		        plot_quoted(past->modes[m], quoted, sizeof(quoted)), n, linetype);
		n++;
	}
	if (rc == 0)
		fputc('\n', p.gp);
	if (rc == 0 && n > 0 && (rc = plot_start(&p, dir, true, &job, err)) == 0)
		rc = plot_wait(&job, err);
	if (rc == 0 && n > 0)
		printf("%s/%s.svg\n", dir, id);
	plot_release(&p);
	return rc;
}

static int draw(const struct past *past, enum figure figure, const char *dir, struct ts_err *err)
{
	int rc = mkdir(dir, 0777) == 0 || errno == EEXIST
	                 ? plot_style_write(dir, err)
	                 : ts_err_set(err, errno, "%s: cannot make this folder: %s", dir, strerror(errno));

	for (size_t w = 0; w < past->n_workloads && rc == 0; w++)
		rc = draw_workload(past, w, figure, dir, err);
	return rc;
}

int command_history(int argc, char **argv, const struct ts_log *log)
{
	struct settings settings = {0};
	struct ts_opt_list operands = {0};
	struct past past = {0};
	struct ts_err err = {0};
	enum figure figure;
	int rc = ts_opt_parse(&program, argc, argv, &settings, &operands, NULL, &err);

	figure = (enum figure)settings.figure;
	if (rc == 0)
		rc = past_load(&past, operands.items[0], figure, &err);
	for (size_t w = 0; w < past.n_workloads && rc == 0; w++)
		if (print_workload(&past, w, figure) < 0)
			rc = ts_err_set(&err, ENOMEM, "no memory for the table");
	if (rc == 0 && settings.output)
		rc = draw(&past, figure, settings.output, &err);
	past_release(&past);
	ts_opt_list_release(&operands);
	return rc < 0 ? ts_log_fail(log, &err) : TS_EXIT_OK;
}

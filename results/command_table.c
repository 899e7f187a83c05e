#include "command.h"
#include "report.h"
#include "show.h"
#include "table.h"
#include "ts_json.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct ts_opt options[] = {{.type = TS_OPT_END}};

static const struct ts_opt_program program = {
        .name = "tsreport table",
        .operands = "RUN|RESULT...",
        .min_operands = 1,
        .max_operands = 1000000,
        .summary = "print the figures of a run, or of single results, as tables",
        .details = "One table for each workload, the best mode first: by throughput in a closed loop, by the 99th "
                   "percentile of "
                   "the response time in an open one. Figures are medians over the trials, percentiles those of all "
                   "trials' "
                   "histograms together. Colour is used on a terminal, and not with NO_COLOR.\n",
        .options = options,
};

/* Short, so that a row fits into 80 columns; what is to be said of a mode stands below the table. */
static const char *const titles[] = {"<mode", "requests/s", "spread", "p50", "p99", "CPU/request", "calls", "served"};

static void set_spread(struct table *t, size_t column, const struct ts_interval *x)
{
	char text[SHOW_MAX];

	show_spread(x, text, sizeof(text));
	table_set(t, column, TABLE_FAINT, "%s%s", text, text[0] == '-' ? "" : " %");
}

static void add_row(struct table *t, const struct summary *s, const struct cell *cell, bool first)
{
	static const enum figure columns[] = {FIGURE_RATE, FIGURE_N, FIGURE_P50, FIGURE_P99, FIGURE_CPU, FIGURE_CALLS};
	char buf[320];

	table_row(t);
	table_set(t, 0, cell->n_ok == 0 ? TABLE_BAD : TABLE_PLAIN, "%s", s->set->modes[cell->mode].name);
	for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++) {
		if (columns[c] == FIGURE_N)
			set_spread(t, c + 1, &cell->figures[FIGURE_RATE]);
		else
			table_set(t, c + 1, first && c == 0 ? TABLE_GOOD : TABLE_PLAIN, "%s",
			          show_figure(columns[c], cell->figures[columns[c]].value, buf, sizeof(buf)));
	}
	table_set(t, 7, summary_unserved(cell) ? TABLE_BAD : TABLE_PLAIN, "%s", show_served(cell, buf, sizeof(buf)));
}

static void print_remarks(const struct summary *s, size_t w)
{
	char text[320];

	for (size_t m = 0; m < s->set->n_modes; m++) {
		const struct cell *cell = summary_cell(s, m, w);

		if (cell->n_trials > 0 && show_gap(cell, text, sizeof(text))[0])
			printf("%s: %s\n", s->set->modes[m].name, text);
	}
}

static void print_title(const struct workload *workload, bool first)
{
	if (strcmp(workload->id, "-") == 0)
		printf("single results\n");
	else
		printf("%s%s: %s%s\n", first ? "" : "\n", workload->id, workload->title,
		       workload->open_loop ? " (open loop)" : "");
}

/* A workload of which nothing was tried, in a run that was stopped, is passed over. */
static int print_workload(const struct summary *s, size_t w, bool colour, bool *first)
{
	const struct workload *workload = &s->set->workloads[w];
	enum figure by = workload->open_loop ? FIGURE_P99 : FIGURE_RATE;
	size_t *ranked = calloc(s->set->n_modes + 1, sizeof(*ranked));
	struct table table;
	size_t n;
	int rc = 0;

	if (!ranked)
		return -ENOMEM;
	table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
	n = summary_rank(s, w, by, ranked);
	for (size_t i = 0; i < n; i++)
		add_row(&table, s, summary_cell(s, ranked[i], w), i == 0);
	for (size_t m = 0; m < s->set->n_modes; m++) {
		const struct cell *cell = summary_cell(s, m, w);

		if (isnan(cell->figures[by].value) && cell->n_trials > 0)
			add_row(&table, s, cell, false);
	}
	if (table.n_rows > 0) {
		print_title(workload, *first);
		rc = table_print(&table, stdout, colour);
		print_remarks(s, w);
		*first = false;
	}
	table_release(&table);
	free(ranked);
	return rc;
}

int command_table(int argc, char **argv, const struct ts_log *log)
{
	struct report report = {0};
	struct ts_err err = {0};
	bool colour = table_colour(stdout), first = true;
	int rc = report_open(&report, &program, argc, argv, NULL, &err);

	for (size_t w = 0; rc == 0 && w < report.set.n_workloads; w++)
		if (print_workload(&report.summary, w, colour, &first) < 0)
			rc = ts_err_set(&err, ENOMEM, "no memory for the table");
	if (rc == 0 && ts_json_bool(report.set.run, "partial", false))
		printf("\nThis run is partial: it was stopped before its end.\n");
	report_release(&report);
	return rc < 0 ? ts_log_fail(log, &err) : TS_EXIT_OK;
}

#include "html.h"
#include "answer.h"
#include "choice.h"
#include "embedded.h"
#include "html_inside.h"
#include "show.h"
#include "svg.h"
#include "ts_json.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void html_put(FILE *out, const char *format, ...)
{
	const char *at = format;
	va_list args;

	va_start(args, format);
	for (; *at; at++) {
		if (at[0] == '%' && at[1] == 's') {
			svg_escape(out, va_arg(args, const char *));
			at++;
		} else {
			fputc(*at, out);
		}
	}
	va_end(args);
}

/* --- head and answer ---------------------------------------------------------------------------------------------- */

static void write_head(FILE *out, const struct summary *s)
{
	const cJSON *run = s->set->run;
	const char *started = ts_json_text(run, "started_at", "");
	char commit[13]; /* in full further below */

	html_put(out,
	         "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	         "<meta name=\"color-scheme\" content=\"light dark\">\n"
	         "<link rel=\"icon\" href=\"data:,\">\n"
	         "<title>tsbench %s</title>\n<style>\n",
	         started);
	fputs(embedded_text("page.css"), out);
	fputs("</style>\n</head>\n<body>\n<header>\n<h1>Timestamp servers, measured</h1>\n", out);
	snprintf(commit, sizeof(commit), "%s", ts_json_text(run, "environment.commit", "unknown"));
	html_put(out, "<p class=\"facts\">%s suite, %s, commit %s, %s</p>\n",
	         ts_json_text(run, "suite", "single results"), started[0] ? started : "time unknown", commit,
	         ts_json_text(run, "environment.host.cpu_model", "processor unknown"));
	if (ts_json_bool(run, "partial", false))
		fputs("<p class=\"warning\">This run is partial: it was stopped before its end.</p>\n", out);
	fputs("</header>\n<main>\n", out);
}

static int write_answer(FILE *out, const struct summary *s, struct ts_err *err)
{
	char *text = NULL, *rest, *line;
	size_t n = 0;
	FILE *memory = open_memstream(&text, &n);
	int rc = memory ? answer_write(memory, s, err) : ts_err_set(err, ENOMEM, "no memory for the page");

	if (memory)
		fclose(memory);
	fputs("<section aria-labelledby=\"answer\">\n<h2 id=\"answer\">The answer</h2>\n", out);
	for (rest = text; rc == 0 && (line = strsep(&rest, "\n"));)
		if (line[0])
			html_put(out,
			         strncmp(line, "Note: ", 6) == 0 ? "<p class=\"warning\">%s</p>\n"
			                                         : "<p class=\"answer\">%s</p>\n",
			         line);
	if (rc == 0)
		rc = choice_write(out, s, err);
	fputs("</section>\n", out);
	free(text);
	return rc;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static const struct {
	const char *title;
	enum figure figure;
} columns[] = {
        {"requests/s", FIGURE_RATE},     {"p50", FIGURE_P50},    {"p99", FIGURE_P99}, {"CPU/request", FIGURE_CPU},
        {"calls/request", FIGURE_CALLS}, {"memory", FIGURE_RSS},
};
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void write_value(FILE *out, enum figure figure, const struct ts_interval *x)
{
	char value[SHOW_MAX], low[SHOW_MAX], high[SHOW_MAX];

	show_figure(figure, x->value, value, sizeof(value));
	if (isnan(x->value)) {
		fputs("<td class=\"number unknown\" data-value=\"\">-</td>", out);
		return;
	}
	fprintf(out, "<td class=\"number\" data-value=\"%.10g\"", x->value);
	if (!isnan(x->low))
		html_put(out, " title=\"median over the trials: %s to %s\"",
		         show_figure(figure, x->low, low, sizeof(low)),
		         show_figure(figure, x->high, high, sizeof(high)));
	html_put(out, ">%s</td>", value);
}

static void write_spread(FILE *out, const struct ts_interval *x)
{
	char text[SHOW_MAX], shown[SHOW_MAX + 2];

	show_spread(x, text, sizeof(text));
	snprintf(shown, sizeof(shown), "%s %%", text);
	if (text[0] == '-')
		fputs("<td class=\"number unknown\" data-value=\"\">-</td>", out);
	else
		html_put(out, "<td class=\"number\" data-value=\"%s\">%s</td>", text, shown);
}

static void write_row(FILE *out, const struct summary *s, const struct cell *cell)
{
	const struct workload *w = &s->set->workloads[cell->workload];
	const struct mode *mode = &s->set->modes[cell->mode];
	double served = cell->figures[FIGURE_SERVED].value, opened = cell->figures[FIGURE_OPENED].value;
	char buf[400];

	html_put(out, "<tr data-workload=\"%s\"><td>%s</td><th scope=\"row\" title=\"%s\">%s</th>", w->id, w->id,
	         mode->summary, mode->name);
	for (size_t c = 0; c < N_COLUMNS; c++) {
		write_value(out, columns[c].figure, &cell->figures[columns[c].figure]);
		if (columns[c].figure == FIGURE_RATE)
			write_spread(out, &cell->figures[FIGURE_RATE]);
	}
	fprintf(out, "<td class=\"number%s\" data-value=\"%.6g\">", summary_unserved(cell) ? " bad" : "",
	        opened > 0 ? served / opened : 0);
	html_put(out, "%s</td>", show_served(cell, buf, sizeof(buf)));
	html_put(out, "<td>%s</td></tr>\n", show_gap(cell, buf, sizeof(buf)));
}

static void write_filter(FILE *out, const struct summary *s)
{
	fputs("<p class=\"filter\"><label for=\"workload\">Workload</label> <select id=\"workload\">"
	      "<option value=\"\">all</option>",
	      out);
	for (size_t w = 0; w < s->set->n_workloads; w++)
		html_put(out, "<option value=\"%s\">%s: %s</option>", s->set->workloads[w].id, s->set->workloads[w].id,
		         s->set->workloads[w].title);
	fputs("</select></p>\n", out);
}

static void write_table(FILE *out, const struct summary *s)
{
	fputs("<section aria-labelledby=\"figures\">\n<h2 id=\"figures\">The figures</h2>\n", out);
	fputs("<p>Medians over the trials; percentiles are those of all trials together. Spread: half of the 95 % "
	      "interval "
	      "of requests/s, as a share of it; the interval of every figure shows under the pointer. A column's title "
	      "sorts "
	      "by it.</p>\n",
	      out);
	write_filter(out, s);
	fputs("<div class=\"wide\" role=\"region\" aria-labelledby=\"figures\" tabindex=\"0\">\n<table "
	      "class=\"sortable\">\n"
	      "<thead><tr><th scope=\"col\"><button>workload</button></th><th scope=\"col\"><button>mode</button></th>",
	      out);
	for (size_t c = 0; c < N_COLUMNS; c++) {
		html_put(out, "<th scope=\"col\" class=\"number\" title=\"%s\"><button>%s</button></th>",
		         figure_row(columns[c].figure)->title, columns[c].title);
		if (columns[c].figure == FIGURE_RATE)
			fputs("<th scope=\"col\" class=\"number\" title=\"half of the 95 % interval of requests/s, as "
			      "a share "
			      "of it\"><button>spread</button></th>",
			      out);
	}
	fputs("<th scope=\"col\" class=\"number\"><button>served</button></th><th "
	      "scope=\"col\">remarks</th></tr></thead>\n<tbody>\n",
	      out);
	for (size_t w = 0; w < s->set->n_workloads; w++)
		for (size_t m = 0; m < s->set->n_modes; m++)
			if (summary_cell(s, m, w)->n_trials > 0)
				write_row(out, s, summary_cell(s, m, w));
	fputs("</tbody>\n</table>\n</div>\n</section>\n", out);
}

int html_write(const char *path, const struct summary *s, const char *charts_dir, const char *charts_link,
               const struct chart_drawn *drawn, size_t n_drawn, struct ts_err *err)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int rc;

	if (!out)
		return ts_err_set(err, ENOMEM, "no memory for the page");
	write_head(out, s);
	rc = write_answer(out, s, err);
	write_table(out, s);
	if (rc == 0)
		rc = html_charts(out, s, charts_dir, charts_link, drawn, n_drawn, err);
	html_method(out, s);
	html_raw(out, s->set);
	fputs("</main>\n<script>\n", out);
	fputs(embedded_text("page.js"), out);
	fputs("</script>\n</body>\n</html>\n", out);
	if (fclose(out) != 0 && rc == 0)
		rc = ts_err_set(err, ENOMEM, "no memory for the page");
	if (rc == 0)
		rc = ts_file_write(path, text, n, err);
	free(text);
	return rc;
}

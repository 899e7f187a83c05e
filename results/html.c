#include "html.h"
#include "answer.h"
#include "choice.h"
#include "embedded.h"
#include "show.h"
#include "svg.h"
#include "ts_json.h"
#include "ts_units.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Print with every argument's text escaped: the only format is %s. */
static void put(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(FILE *out, const char *format, ...)
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

	put(out,
	    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n"
	    "<link rel=\"icon\" href=\"data:,\">\n"
	    "<title>tsbench %s</title>\n<style>\n",
	    started);
	fputs(embedded_text("page.css"), out);
	fputs("</style>\n</head>\n<body>\n<header>\n<h1>Timestamp servers, measured</h1>\n", out);
	snprintf(commit, sizeof(commit), "%s", ts_json_text(run, "environment.commit", "unknown"));
	put(out, "<p class=\"facts\">%s suite, %s, commit %s, %s</p>\n", ts_json_text(run, "suite", "single results"),
	    started[0] ? started : "time unknown", commit,
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
			put(out,
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
		put(out, " title=\"median over the trials: %s to %s\"", show_figure(figure, x->low, low, sizeof(low)),
		    show_figure(figure, x->high, high, sizeof(high)));
	put(out, ">%s</td>", value);
}

static void write_spread(FILE *out, const struct ts_interval *x)
{
	char text[SHOW_MAX], shown[SHOW_MAX + 2];

	show_spread(x, text, sizeof(text));
	snprintf(shown, sizeof(shown), "%s %%", text);
	if (text[0] == '-')
		fputs("<td class=\"number unknown\" data-value=\"\">-</td>", out);
	else
		put(out, "<td class=\"number\" data-value=\"%s\">%s</td>", text, shown);
}

static void write_row(FILE *out, const struct summary *s, const struct cell *cell)
{
	const struct workload *w = &s->set->workloads[cell->workload];
	const struct mode *mode = &s->set->modes[cell->mode];
	double served = cell->figures[FIGURE_SERVED].value, opened = cell->figures[FIGURE_OPENED].value;
	char buf[400];

	put(out, "<tr data-workload=\"%s\"><td>%s</td><th scope=\"row\" title=\"%s\">%s</th>", w->id, w->id,
	    mode->summary, mode->name);
	for (size_t c = 0; c < N_COLUMNS; c++) {
		write_value(out, columns[c].figure, &cell->figures[columns[c].figure]);
		if (columns[c].figure == FIGURE_RATE)
			write_spread(out, &cell->figures[FIGURE_RATE]);
	}
	fprintf(out, "<td class=\"number%s\" data-value=\"%.6g\">", summary_unserved(cell) ? " bad" : "",
	        opened > 0 ? served / opened : 0);
	put(out, "%s</td>", show_served(cell, buf, sizeof(buf)));
	put(out, "<td>%s</td></tr>\n", show_gap(cell, buf, sizeof(buf)));
}

static void write_filter(FILE *out, const struct summary *s)
{
	fputs("<p class=\"filter\"><label for=\"workload\">Workload</label> <select id=\"workload\">"
	      "<option value=\"\">all</option>",
	      out);
	for (size_t w = 0; w < s->set->n_workloads; w++)
		put(out, "<option value=\"%s\">%s: %s</option>", s->set->workloads[w].id, s->set->workloads[w].id,
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
		put(out, "<th scope=\"col\" class=\"number\" title=\"%s\"><button>%s</button></th>",
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

/* --- charts ------------------------------------------------------------------------------------------------------- */

static char *read_text(const char *path, struct ts_err *err)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!in || getdelim(&text, &size, '\0', in) < 0) {
		ts_err_set(err, errno ? errno : EIO, "%s: cannot be read: %s", path, strerror(errno));
		free(text);
		text = NULL;
	}
	if (in)
		fclose(in);
	return text;
}

static int write_chart(FILE *out, const char *dir, const char *link, const struct chart_drawn *chart, size_t i,
                       struct ts_err *err)
{
	char path[4096], prefix[24];
	char *svg;

	snprintf(path, sizeof(path), "%s/%s.svg", dir, chart->id);
	snprintf(prefix, sizeof(prefix), "c%zu", i);
	svg = read_text(path, err);
	if (!svg)
		return -EIO;
	put(out, "<figure id=\"%s\">\n", chart->id);
	fputs("<div class=\"drawing\">\n", out);
	svg_inline(out, svg, prefix, chart->alt);
	fputs("</div>\n", out);
	put(out,
	    "<figcaption>%s <span class=\"files\"><a href=\"%s/%s.svg\">SVG</a> <a href=\"%s/%s.png\">PNG</a> "
	    "<a href=\"%s/%s.dat\">data</a> <a href=\"%s/%s.gp\">gnuplot</a></span></figcaption>\n</figure>\n",
	    chart->alt, link, chart->id, link, chart->id, link, chart->id, link, chart->id);
	free(svg);
	return 0;
}

/* A workload by its title; a series by those of its ends. */
static void write_charts_head(FILE *out, const struct runset *set, size_t w)
{
	size_t last = w;

	if (w == set->n_workloads) {
		fputs("<h3>All workloads</h3>\n", out);
		return;
	}
	for (size_t i = w + 1; set->workloads[w].group[0] && i < set->n_workloads; i++)
		if (strcmp(set->workloads[i].group, set->workloads[w].group) == 0)
			last = i;
	if (last == w)
		put(out, "<h3>%s</h3>\n", set->workloads[w].title);
	else
		put(out, "<h3>Series %s: %s, to %s</h3>\n", set->workloads[w].group, set->workloads[w].title,
		    set->workloads[last].title);
}

static int write_charts(FILE *out, const struct summary *s, const char *dir, const char *link,
                        const struct chart_drawn *drawn, size_t n, struct ts_err *err)
{
	char missing[800];
	int rc = 0;

	fputs("<section aria-labelledby=\"charts\">\n<h2 id=\"charts\">The charts</h2>\n"
	      "<p>A mode has the same colour in all of them. Values show under the pointer. \"(1 of 64)\" beside a "
	      "name: so many of the connections were ever answered.</p>\n",
	      out);
	for (size_t w = 0; w <= s->set->n_workloads && rc == 0; w++) {
		size_t n_here = 0;

		for (size_t i = 0; i < n && rc == 0; i++) {
			if (drawn[i].workload != (w < s->set->n_workloads ? w : SIZE_MAX))
				continue;
			if (n_here++ == 0) {
				write_charts_head(out, s->set, w);
				fputs("<div class=\"charts\">\n", out);
			}
			rc = write_chart(out, dir, link, &drawn[i], i, err);
		}
		if (n_here > 0)
			fputs("</div>\n", out);
	}
	if (charts_missing(drawn, n, missing, sizeof(missing))[0])
		put(out,
		    "<p>Not drawn, for this run did not measure what they show: %s. <code>make bench SUITE=full</code> "
		    "measures all.</p>\n",
		    missing);
	fputs("</section>\n", out);
	return rc;
}

/* --- how it was measured ------------------------------------------------------------------------------------------ */

static void write_fact(FILE *out, const char *name, const char *value)
{
	if (value && value[0])
		put(out, "<dt>%s</dt><dd>%s</dd>\n", name, value);
}

static void write_number(FILE *out, const char *name, double value, const char *unit)
{
	char text[64];

	if (isnan(value))
		return;
	if (strcmp(unit, "bytes") == 0)
		ts_units_show_bytes(value, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%.6g %s", value, unit);
	write_fact(out, name, text);
}

static void write_machine(FILE *out, const cJSON *run)
{
	const cJSON *host = ts_json_at(run, "environment.host"), *package;

	fputs("<dl>\n", out);
	write_fact(out, "Kernel", ts_json_text(host, "kernel", NULL));
	write_fact(out, "Processor", ts_json_text(host, "cpu_model", NULL));
	write_number(out, "Cores", ts_json_real(host, "cores_count", NAN), "");
	write_number(out, "Memory", ts_json_real(host, "memory_bytes", NAN), "bytes");
	write_fact(out, "Governor", ts_json_text(host, "governor", NULL));
	write_number(out, "Descriptors, hard limit", ts_json_real(host, "limits.descriptors_hard_count", NAN), "");
	write_number(out, "Load at the start", ts_json_real(host, "load_1min", NAN), "");
	write_fact(out, "Server on cores", ts_json_text(run, "environment.server_cpus", NULL));
	write_fact(out, "Generator on cores", ts_json_text(run, "environment.generator_cpus", NULL));
	write_fact(out, "Commit", ts_json_text(run, "environment.commit", NULL));
	write_fact(out, "Changes beyond the commit", ts_json_bool(run, "environment.dirty", false) ? "yes" : "no");
	write_fact(out, "Build flags", ts_json_text(run, "environment.build_flags", NULL));
	cJSON_ArrayForEach (package, ts_json_at(run, "environment.packages")) {
		write_fact(out, package->string, cJSON_GetStringValue(package));
	}
	fputs("</dl>\n", out);
}

static void write_workloads(FILE *out, const cJSON *run)
{
	const cJSON *workload, *option;

	fputs("<h3>Workloads</h3>\n<dl>\n", out);
	cJSON_ArrayForEach (workload, ts_json_at(run, "workloads")) {
		put(out, "<dt>%s</dt><dd>%s: <code>tsload", ts_json_text(workload, "id", ""),
		    ts_json_text(workload, "title", ""));
		cJSON_ArrayForEach (option, ts_json_at(workload, "options")) {
			put(out, " %s", cJSON_GetStringValue(option));
		}
		fputs("</code></dd>\n", out);
	}
	fputs("</dl>\n", out);
}

static void write_method(FILE *out, const struct summary *s)
{
	const cJSON *run = s->set->run;
	char seed[32];

	if (!run)
		return;
	snprintf(seed, sizeof(seed), "%lld", (long long)ts_json_int(run, "seed", 0));
	fputs("<section aria-labelledby=\"method\">\n<h2 id=\"method\">How it was measured</h2>\n"
	      "<p>Every trial starts a fresh server. Server and generator run on different cores. The trials of all "
	      "modes are mixed in "
	      "a random order, so that a drift of the machine favours nobody. Response time counts from the moment at "
	      "which a request "
	      "was due, so a stall of the server shows in full. Every reply is checked. A trial that the generator "
	      "itself "
	      "calls invalid is run again, and after three times shown as not measurable. Intervals are 95 % bootstrap "
	      "intervals of the median over the trials; a lead is called one only when it is beyond the noise of this "
	      "kind of machine "
	      "(10 % in throughput, 5 % in processor time and latency) or the statistics carry it.</p>\n",
	      out);
	write_machine(out, run);
	write_workloads(out, run);
	fputs("</section>\n<section aria-labelledby=\"repeat\">\n<h2 id=\"repeat\">How to repeat it</h2>\n", out);
	put(out,
	    "<pre><code>git checkout %s\nmake bench SUITE=%s SEED=%s</code></pre>\n"
	    "<p>Then <code>make compare BASE=this-run HEAD=yours</code> says what differs.</p>\n</section>\n",
	    ts_json_text(run, "environment.commit", "COMMIT"), ts_json_text(run, "suite", "standard"), seed);
}

static void write_raw(FILE *out, const struct runset *set)
{
	fputs("<section aria-labelledby=\"raw\">\n<h2 id=\"raw\">The raw files</h2>\n", out);
	if (set->run)
		fputs("<p><a href=\"run.json\">run.json</a> lists all trials.</p>\n", out);
	fputs("<details><summary>Each trial's result</summary>\n<ul class=\"raw\">\n", out);
	for (size_t i = 0; i < set->n_trials; i++) {
		const struct trial *trial = &set->trials[i];

		if (trial->file)
			put(out, "<li><a href=\"%s\">%s</a></li>\n", trial->file, trial->file);
		else
			put(out, "<li>%s under %s: %s</li>\n", set->modes[trial->mode].name,
			    set->workloads[trial->workload].id,
			    trial->reason ? trial->reason : trial_status_text(trial->status));
	}
	fputs("</ul>\n</details>\n</section>\n", out);
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
		rc = write_charts(out, s, charts_dir, charts_link, drawn, n_drawn, err);
	write_method(out, s);
	write_raw(out, s->set);
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

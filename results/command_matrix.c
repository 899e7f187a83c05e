#include "command.h"
#include "document.h"
#include "embedded.h"
#include "matrix.h"
#include "matrix_chart.h"
#include "svg.h"
#include "table.h"
#include "ts_json.h"
#include "ts_opt.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct settings {
	const char *html, *output;
	bool differences;
};

static const struct ts_opt options[] = {
        {.type = TS_OPT_TEXT,
         .name = "html",
         .arg = "FILE",
         .offset = offsetof(struct settings, html),
         .help = "write the matrix as a page that needs no network"},
        {.type = TS_OPT_TEXT,
         .name = "output",
         .key = 'o',
         .arg = "DIR",
         .offset = offsetof(struct settings, output),
         .help = "draw the matrix as a chart into this folder: matrix.svg and matrix.png"},
        {.type = TS_OPT_FLAG,
         .name = "differences",
         .offset = offsetof(struct settings, differences),
         .help = "only the cases that some server did not pass"},
        {.type = TS_OPT_END},
};

static const struct ts_opt_program program = {
        .name = "tsreport matrix",
        .operands = "RESULT...",
        .min_operands = 1,
        .max_operands = TABLE_COLUMNS_MAX - 2,
        .summary = "set conformance results of several servers side by side",
        .details = "RESULTs are what tsconform --json writes; a server is named by its file, and by folders "
                   "where files have one name. A row for each case, - where a server did not run it.\n",
        .options = options,
};

static bool all_pass(const struct matrix *m, size_t row)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(matrix_status(m, row, i), "pass") != 0)
			return false;
	return true;
}

static enum table_look look_of(const char *status)
{
	return strcmp(status, "pass") == 0                                   ? TABLE_GOOD
	       : strcmp(status, "fail") == 0 || strcmp(status, "error") == 0 ? TABLE_BAD
	       : strcmp(status, "warn") == 0                                 ? TABLE_PLAIN
	                                                                     : TABLE_FAINT;
}

/* Which rows are to be shown, in the table and in the chart; owned, NULL when out of memory. */
static bool *rows_shown(const struct matrix *m, bool differences)
{
	bool *shown = calloc(m->n_rows + 1, sizeof(*shown));

	for (size_t r = 0; shown && r < m->n_rows; r++)
		shown[r] = !(differences && all_pass(m, r));
	return shown;
}

static int print_matrix(const struct matrix *m, const bool *shown)
{
	const char *titles[TABLE_COLUMNS_MAX] = {"<case", "<level"};
	struct table table;
	int rc;

	memcpy(titles + 2, m->names, m->n * sizeof(*titles));
	table_init(&table, titles, m->n + 2);
	for (size_t r = 0; r < m->n_rows; r++) {
		if (!shown[r])
			continue;
		table_row(&table);
		table_set(&table, 0, TABLE_PLAIN, "%s", ts_json_text(m->rows[r], "id", ""));
		table_set(&table, 1, TABLE_FAINT, "%s", ts_json_text(m->rows[r], "level", ""));
		for (size_t i = 0; i < m->n; i++)
			table_set(&table, i + 2, look_of(matrix_status(m, r, i)), "%s", matrix_status(m, r, i));
	}
	table_row(&table);
	table_set(&table, 0, TABLE_PLAIN, "verdict");
	for (size_t i = 0; i < m->n; i++)
		table_set(&table, i + 2, TABLE_PLAIN, "%s", ts_json_text(m->documents[i], "verdict", "-"));
	rc = table_print(&table, stdout, table_colour(stdout));
	table_release(&table);
	return rc;
}

/* --- the page ----------------------------------------------------------------------------------------------------- */

static void write_cell(FILE *out, const struct matrix *m, size_t row, size_t server)
{
	const char *status = matrix_status(m, row, server);

	fprintf(out, "<td class=\"%s\" title=\"",
	        look_of(status) == TABLE_BAD     ? "bad"
	        : look_of(status) == TABLE_FAINT ? "unknown"
	                                         : status);
	svg_escape(out, ts_json_text(m->cells[row * m->n + server], "message", ""));
	fprintf(out, "\">%s</td>", status);
}

static void write_row(FILE *out, const struct matrix *m, size_t row)
{
	fputs("<tr><th scope=\"row\" title=\"", out);
	svg_escape(out, ts_json_text(m->rows[row], "requirement", ""));
	fputs("\">", out);
	svg_escape(out, ts_json_text(m->rows[row], "id", ""));
	fprintf(out, "</th><td>%s</td>", ts_json_text(m->rows[row], "level", ""));
	for (size_t i = 0; i < m->n; i++)
		write_cell(out, m, row, i);
	fputs("<td></td></tr>\n", out);
}

static void write_page(FILE *out, const struct matrix *m)
{
	fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" "
	      "href=\"data:,\">\n"
	      "<title>Conformance</title>\n<style>\n",
	      out);
	fputs(embedded_text("page.css"), out);
	fputs("</style>\n</head>\n<body>\n<header><h1>Conformance, side by side</h1></header>\n<main>\n"
	      "<p>A row for each case. The requirement shows under the pointer, and so does what a server did "
	      "wrong.</p>\n"
	      "<div class=\"wide\" role=\"region\" aria-label=\"The matrix\" tabindex=\"0\">\n<table "
	      "class=\"sortable\">\n<thead><tr>"
	      "<th scope=\"col\"><button>case</button></th><th scope=\"col\"><button>level</button></th>",
	      out);
	for (size_t i = 0; i < m->n; i++) {
		fputs("<th scope=\"col\"><button>", out);
		svg_escape(out, m->names[i]);
		fputs("</button></th>", out);
	}
	fputs("<th></th></tr></thead>\n<tbody>\n", out);
	for (size_t r = 0; r < m->n_rows; r++)
		write_row(out, m, r);
	fputs("</tbody>\n</table>\n</div>\n</main>\n<script>\n", out);
	fputs(embedded_text("page.js"), out);
	fputs("</script>\n</body>\n</html>\n", out);
}

static int write_html(const struct matrix *m, const char *path, struct ts_err *err)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int rc = -ENOMEM;

	if (out) {
		write_page(out, m);
		rc = fclose(out) == 0 ? ts_file_write(path, text, n, err) : -ENOMEM;
	}
	free(text);
	return rc == -ENOMEM ? ts_err_set(err, ENOMEM, "no memory for the page") : rc;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

/* The last n parts of a path; all of it, where it has no more. */
static const char *last_parts(const char *path, size_t n)
{
	const char *at = path + strlen(path);

	while (at > path && (at[-1] != '/' || --n > 0))
		at--;
	return at;
}

static bool is_taken(const struct ts_opt_list *files, size_t i, size_t n)
{
	for (size_t j = 0; j < files->n; j++)
		if (strcmp(files->items[j], files->items[i]) != 0 &&
		    strcmp(last_parts(files->items[j], n), last_parts(files->items[i], n)) == 0)
			return true;
	return false;
}

/* "results/epoll.json" -> "epoll", with as many folders before it as tell it from the others; owned. */
static char *name_of(const struct ts_opt_list *files, size_t i)
{
	size_t n_parts = 1;

	while (is_taken(files, i, n_parts))
		n_parts++;
	const char *name = last_parts(files->items[i], n_parts);
	size_t n = strlen(name);
	return strndup(name, n > 5 && strcmp(name + n - 5, ".json") == 0 ? n - 5 : n);
}

static int show_matrix(const struct settings *settings, const struct ts_opt_list *files, struct ts_err *err)
{
	cJSON *documents[TABLE_COLUMNS_MAX] = {NULL};
	char *names[TABLE_COLUMNS_MAX] = {NULL};
	struct matrix matrix = {0};
	bool *shown = NULL;
	int rc = 0;

	for (size_t i = 0; i < files->n && rc == 0; i++) {
		names[i] = name_of(files, i);
		documents[i] = names[i] ? document_load(files->items[i], "conform", err) : NULL;
		rc = !names[i] ? ts_err_set(err, ENOMEM, "no memory") : documents[i] ? 0 : -EINVAL;
	}
	if (rc == 0 &&
	    (matrix_make(&matrix, (const cJSON *const *)documents, (const char *const *)names, files->n) < 0 ||
	     !(shown = rows_shown(&matrix, settings->differences))))
		rc = ts_err_set(err, ENOMEM, "no memory for the matrix");
	if (rc == 0 && settings->html)
		rc = write_html(&matrix, settings->html, err);
	if (rc == 0 && settings->output)
		rc = matrix_chart_draw(&matrix, shown, settings->output, err);
	if (rc == 0 && print_matrix(&matrix, shown) < 0)
		rc = ts_err_set(err, ENOMEM, "no memory for the matrix");
	free(shown);
	matrix_release(&matrix);
	for (size_t i = 0; i < files->n; i++) {
		cJSON_Delete(documents[i]);
		free(names[i]);
	}
	return rc;
}

int command_matrix(int argc, char **argv, const struct ts_log *log)
{
	struct settings settings = {0};
	struct ts_opt_list files = {0};
	struct ts_err err = {0};
	int rc = ts_opt_parse(&program, argc, argv, &settings, &files, NULL, &err);

	if (rc == 0)
		rc = show_matrix(&settings, &files, &err);
	ts_opt_list_release(&files);
	return rc < 0 ? ts_log_fail(log, &err) : TS_EXIT_OK;
}

#include "charts.h"
#include "command.h"
#include "html.h"
#include "report.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
	bool no_png;
};

static const struct ts_opt options[] = {
        {.type = TS_OPT_FLAG,
         .name = "no-png",
         .offset = offsetof(struct settings, no_png),
         .help = "draw the charts as SVG only, which takes half the time"},
        {.type = TS_OPT_END},
};

static const struct ts_opt_program program = {
        .name = "tsreport html",
        .operands = "RUN",
        .min_operands = 1,
        .max_operands = 1,
        .summary = "write a run's page, RUN/index.html: one file that needs no network",
        .details = "The charts are drawn into RUN/charts and put into the page. Prints the page's path.\n",
        .options = options,
};

static int write_page(const struct report *report, bool png, char *page, size_t size, struct ts_err *err)
{
	const char *dir = report->set.path;
	char charts[4096];
	struct chart_drawn *drawn = NULL;
	size_t n = 0;
	int rc;

	snprintf(page, size, "%s/index.html", dir);
	snprintf(charts, sizeof(charts), "%s/charts", dir);
	rc = charts_draw(&report->summary, charts, png, &drawn, &n, err);
	if (rc == 0)
		rc = html_write(page, &report->summary, charts, "charts", drawn, n, err);
	free(drawn);
	return rc;
}

int command_html(int argc, char **argv, const struct ts_log *log)
{
	struct settings settings = {0};
	struct report report = {0};
	struct ts_err err = {0};
	char page[4096];
	int rc = report_open(&report, &program, argc, argv, &settings, &err);

	if (rc == 0 && !report.set.run)
		rc = ts_err_usage(&err, "%s: must be a run's folder, with run.json in it", report.operands.items[0]);
	if (rc == 0)
		rc = write_page(&report, !settings.no_png, page, sizeof(page), &err);
	if (rc == 0)
		printf("%s\n", page);
	report_release(&report);
	return rc < 0 ? ts_log_fail(log, &err) : TS_EXIT_OK;
}

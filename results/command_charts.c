#include "charts.h"
#include "command.h"
#include "report.h"
#include <stdio.h>
#include <stdlib.h>

struct settings {
	const char *output;
};

static const struct ts_opt options[] = {
        {.type = TS_OPT_TEXT,
         .name = "output",
         .key = 'o',
         .arg = "DIR",
         .fallback = "charts",
         .offset = offsetof(struct settings, output),
         .help = "folder for the charts; made when it is not there"},
        {.type = TS_OPT_END},
};

static const struct ts_opt_program program = {
        .name = "tsreport charts",
        .operands = "RUN|RESULT...",
        .min_operands = 1,
        .max_operands = 1000000,
        .summary = "draw the charts of a run, or of single results, through gnuplot",
        .details = "Each chart is four files: .svg, .png, and the .dat and .gp that they are drawn from.\n",
        .options = options,
};

int command_charts(int argc, char **argv, const struct ts_log *log)
{
	struct settings settings = {0};
	struct report report = {0};
	struct ts_err err = {0};
	struct chart_drawn *drawn = NULL;
	char missing[800];
	size_t n = 0;
	int rc = report_open(&report, &program, argc, argv, &settings, &err);

	if (rc == 0)
		rc = charts_draw(&report.summary, settings.output, true, &drawn, &n, &err);
	if (rc == 0)
		for (size_t i = 0; i < n; i++)
			printf("%s/%s.svg\n", settings.output, drawn[i].id);
	if (rc == 0 && charts_missing(drawn, n, missing, sizeof(missing))[0])
		ts_log(log, TS_LOG_INFO, "not drawn, for these results have no figures for them: %s", missing);
	free(drawn);
	report_release(&report);
	return rc < 0 ? ts_log_fail(log, &err) : TS_EXIT_OK;
}

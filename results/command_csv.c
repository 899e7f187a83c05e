#include "command.h"
#include "report.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct ts_opt options[] = {{.type = TS_OPT_END}};

static const struct ts_opt_program program = {
        .name = "tsreport csv",
        .operands = "RUN|RESULT...",
        .min_operands = 1,
        .max_operands = 1000000,
        .summary = "print the figures of a run, or of single results, as comma separated values",
        .details = "One line for each trial, in the order in which they ran, quoted as RFC 4180 has it. Unknown is an "
                   "empty "
                   "field.\n",
        .options = options,
};

/* RFC 4180: a field with a comma, a quote or a line's end is quoted, and its quotes are doubled. */
static void print_text(const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, stdout);
		return;
	}
	putchar('"');
	for (; *text; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	putchar('"');
}

static void print_trial(const struct runset *set, const struct trial *trial)
{
	print_text(set->modes[trial->mode].name);
	putchar(',');
	print_text(set->workloads[trial->workload].id);
	printf(",%d,", trial->number);
	print_text(trial_status_text(trial->status));
	putchar(',');
	print_text(trial->reason ? trial->reason : "");
	for (int f = 0; f < FIGURE_N; f++) {
		if (isnan(trial->figures[f]))
			putchar(',');
		else
			printf(",%.10g", trial->figures[f]);
	}
	putchar('\n');
}

int command_csv(int argc, char **argv, const struct ts_log *log)
{
	struct report report = {0};
	struct ts_err err = {0};
	int rc = report_open(&report, &program, argc, argv, NULL, &err);

	if (rc == 0) {
		fputs("mode,workload,trial,status,reason", stdout);
		for (int f = 0; f < FIGURE_N; f++)
			printf(",%s", figure_row((enum figure)f)->name);
		putchar('\n');
		for (size_t i = 0; i < report.set.n_trials; i++)
			print_trial(&report.set, &report.set.trials[i]);
	}
	report_release(&report);
	return rc < 0 ? ts_log_fail(log, &err) : TS_EXIT_OK;
}

/*
 * tsreport: from result files to tables, charts, pages and verdicts. The first operand is the command.
 */
#include "command.h"
#include "ts_opt.h"
#include "ts_stdout.h"
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv, const struct ts_log *log);
} commands[] = {
#define COMMAND_ROW(name, what) {#name, command_##name},
#include "commands.def"
#undef COMMAND_ROW
};

static const struct ts_opt options[] = {{.type = TS_OPT_END}};

static const struct ts_opt_program program = {
        .name = "tsreport",
        .operands = "COMMAND [OPTION...] OPERAND...",
        .min_operands = 1,
        .max_operands = 1,
        .summary = "from result files to tables, charts, pages and verdicts",
        .details = "Commands (tsreport COMMAND --help says more):\n"
#define COMMAND_ROW(name, what) "  " #name ": " what "\n"
#include "commands.def"
#undef COMMAND_ROW
                   "\nExamples:\n"
                   "  tsreport table results/latest\n"
                   "  tsreport compare results/runs/A results/runs/B\n"
                   "  tsreport merge host1.json host2.json -o both.json\n"
                   "  tsreport charts epoll.json libev.json -o charts\n"
                   "\nExit status: 0 all is well; 1 a regression; 2 wrong usage; 3 a file is not what it should be.\n",
        .options = options,
};

/* What a command has printed counts only once it is written. */
static int flush_output(int status, const struct ts_log *log)
{
	struct ts_err err = {0};
	int rc = ts_stdout_flush();

	if (rc == 0)
		return status;
	ts_err_set(&err, -rc, "cannot write to standard output: %s", strerror(-rc));
	return ts_log_fail(log, &err);
}

int main(int argc, char **argv)
{
	struct ts_log log = {.program = "tsreport", .level = TS_LOG_INFO};
	struct ts_opt_list operands = {0};
	struct ts_err err = {0};

	ts_stdio_reserve();
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return flush_output(commands[i].run(argc - 1, argv + 1, &log), &log);
	if (ts_opt_parse(&program, argc, argv, NULL, &operands, NULL, &err) == 0)
		ts_err_usage(&err, "%s: must be a command: %s", operands.items[0],
#define COMMAND_ROW(name, what) #name " "
#include "commands.def"
#undef COMMAND_ROW
		);
	ts_opt_list_release(&operands);
	return ts_log_fail(&log, &err);
}

#include "command.h"
#include "document.h"
#include "ts_opt.h"
#include <stdio.h>

struct settings {
	bool quiet;
};

static const struct ts_opt options[] = {
        {.type = TS_OPT_FLAG,
         .name = "quiet",
         .key = 'q',
         .offset = offsetof(struct settings, quiet),
         .help = "say nothing about files that are well"},
        {.type = TS_OPT_END},
};

static const struct ts_opt_program program = {
        .name = "tsreport validate",
        .operands = "FILE...",
        .min_operands = 1,
        .max_operands = 1000000,
        .summary = "check result files against their schemas",
        .details =
                "Each file that is not what it should be gets one line: its name, the place in it and what is wrong.\n"
                "Exit status: 0 all are well; 2 wrong usage; 3 one is not.\n",
        .options = options,
};

int command_validate(int argc, char **argv, const struct ts_log *log)
{
	struct settings settings = {0};
	struct ts_opt_list files = {0};
	struct ts_err err = {0};
	int status = TS_EXIT_OK;

	if (ts_opt_parse(&program, argc, argv, &settings, &files, NULL, &err) < 0)
		return ts_log_fail(log, &err);
	for (size_t i = 0; i < files.n; i++) {
		char kind[32];
		cJSON *document = document_load(files.items[i], NULL, &err);

		if (!document)
			status = ts_log_fail(log, &err);
		else if (!settings.quiet)
			printf("%s: ok, tsbench.%s/1\n", files.items[i], document_kind(document, kind, sizeof(kind)));
		cJSON_Delete(document);
	}
	ts_opt_list_release(&files);
	return status;
}

#include "command.h"
#include "document.h"
#include "merge.h"
#include "ts_json.h"
#include "ts_opt.h"
#include <errno.h>
#include <stdlib.h>

struct settings {
	const char *output;
};

static const struct ts_opt options[] = {
        {.type = TS_OPT_TEXT,
         .name = "output",
         .key = 'o',
         .arg = "FILE",
         .fallback = "-",
         .offset = offsetof(struct settings, output),
         .help = "where the merged result goes; - is standard output"},
        {.type = TS_OPT_END},
};

static const struct ts_opt_program program = {
        .name = "tsreport merge",
        .operands = "RESULT...",
        .min_operands = 1,
        .max_operands = 1000000,
        .summary = "add results up into one, as if their runs had been one longer run",
        .details = "Counts are added, histograms are added bucket by bucket and percentiles read from the sum, never "
                   "averaged; a rate is "
                   "that over the whole time. What cannot be known from the parts is null. The plan is that of the "
                   "first.\n",
        .options = options,
};

static int merge_files(const struct ts_opt_list *files, const char *output, struct ts_err *err)
{
	cJSON **parts = calloc(files->n, sizeof(cJSON *)), *merged = NULL;
	int rc = 0;

	if (!parts)
		return ts_err_set(err, ENOMEM, "no memory for the results");
	for (size_t i = 0; i < files->n && rc == 0; i++)
		if (!(parts[i] = document_load(files->items[i], "load", err)))
			rc = -EINVAL;
	if (rc == 0 && !(merged = merge_results((const cJSON *const *)parts, files->items, files->n, err)))
		rc = -EINVAL;
	if (rc == 0)
		rc = document_check(merged, "load", err);
	if (rc == 0)
		rc = ts_json_write(output, merged, err);
	cJSON_Delete(merged);
	for (size_t i = 0; i < files->n; i++)
		cJSON_Delete(parts[i]);
	free(parts);
	return rc;
}

int command_merge(int argc, char **argv, const struct ts_log *log)
{
	struct settings settings = {0};
	struct ts_opt_list files = {0};
	struct ts_err err = {0};
	int rc = ts_opt_parse(&program, argc, argv, &settings, &files, NULL, &err);

	if (rc == 0)
		rc = merge_files(&files, settings.output, &err);
	ts_opt_list_release(&files);
	return rc < 0 ? ts_log_fail(log, &err) : TS_EXIT_OK;
}

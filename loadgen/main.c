/*
 * tsload: load a timestamp server, verify every reply, and say whether the figures can be trusted.
 */
#include "finish.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "run.h"
#include "search.h"
#include "ts_json.h"
#include "ts_log.h"
#include "ts_signal.h"
#include "ts_stdout.h"
#include <stdio.h>
#include <string.h>

static int load(const struct plan *plan, const struct ts_log *log, struct ts_err *err)
{
	struct progress progress;
	struct run run;
	int status;

	progress_init(&progress, plan);
	if (run_plan(&run, plan, &progress, err) < 0)
		status = ts_log_fail(log, err);
	else
		status = finish(&run, plan->json_path ? output_json(&run) : NULL, log);
	run_release(&run);
	return status;
}

/* --find-max and --sweep: one line, and the JSON of the run that stands for it. */
static int search(const struct plan *plan, const struct ts_log *log, struct ts_err *err)
{
	struct progress progress;
	struct search_result r;
	int result;

	progress_init(&progress, plan);
	result = plan->find_max_text ? search_find_max(&r, plan, &progress, err)
	                             : search_sweep(&r, plan, &progress, err);
	if (result < 0)
		return ts_log_fail(log, err);
	if (!plan->json_path || strcmp(plan->json_path, "-") != 0)
		printf("%s\n", r.summary);
	if (r.status == TS_EXIT_ENVIRON)
		ts_log(log, TS_LOG_ERROR, "%s", r.trouble);
	if (plan->json_path && r.json && ts_json_write(plan->json_path, r.json, err) < 0)
		r.status = ts_log_fail(log, err);
	cJSON_Delete(r.json);
	return r.status;
}

int main(int argc, char **argv)
{
	struct ts_log log = {.program = "tsload", .level = TS_LOG_WARN};
	struct plan plan = {0};
	struct ts_err err = {0};
	int status;

	ts_stdio_reserve();
	if (options_parse(&plan, "tsload", argc, argv, &err) < 0) {
		status = ts_log_fail(&log, &err);
		plan_release(&plan);
		return status;
	}
	log.level = (enum ts_log_level)plan.log_level;
	ts_signal_install();
	if (ts_opt_cpus_pin(&plan.cpus, &err) < 0)
		status = ts_log_fail(&log, &err);
	else
		status = plan.find_max_text || plan.sweep_text ? search(&plan, &log, &err) : load(&plan, &log, &err);
	plan_release(&plan);
	return status;
}

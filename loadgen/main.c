/*
 * tsload: load a timestamp server, verify every reply, and say whether the figures can be trusted.
 */
#include "options.h"
#include "output.h"
#include "progress.h"
#include "report.h"
#include "run.h"
#include "search.h"
#include "ts_json.h"
#include "ts_log.h"
#include "ts_signal.h"
#include <stdio.h>
#include <string.h>

static bool to_stdout(const char *path)
{
	return path && strcmp(path, "-") == 0;
}

static int write_results(const struct run *r, struct ts_err *err)
{
	int result = 0;

	if (r->plan->json_path) {
		cJSON *root = output_json(r);
		result = ts_json_write(r->plan->json_path, root, err);
		cJSON_Delete(root);
	}
	if (result == 0 && r->plan->hdr_path)
		result = output_hdr_log(r, r->plan->hdr_path, err);
	return result;
}

static int exit_status(const struct run *r)
{
	if (r->signal)
		return 128 + r->signal;
	if (r->stop == STOP_GONE)
		return TS_EXIT_ENVIRON;
	if (r->health.verdict == HEALTH_INVALID)
		return TS_EXIT_SUSPECT;
	return output_thresholds_hold(r) ? TS_EXIT_OK : TS_EXIT_SHORT;
}

static int load(const struct plan *plan, const struct ts_log *log, struct ts_err *err)
{
	struct progress progress;
	struct run run;
	char trouble[256];
	int status;

	progress_init(&progress, plan);
	if (run_plan(&run, plan, &progress, err) < 0) {
		run_release(&run);
		return ts_log_fail(log, err);
	}
	if (run_trouble(&run, trouble, sizeof(trouble))[0])
		ts_log(log, TS_LOG_ERROR, "%s", trouble);
	status = exit_status(&run);
	if (!to_stdout(plan->json_path) && !run.unreachable)
		report_print(stdout, &run);
	if (write_results(&run, err) < 0)
		status = ts_log_fail(log, err);
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
	if (!to_stdout(plan->json_path))
		printf("%s\n", r.summary);
	if (r.status == TS_EXIT_ENVIRON)
		ts_log(log, TS_LOG_ERROR, "the server cannot be reached, or has gone");
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

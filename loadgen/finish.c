#include "finish.h"
#include "output.h"
#include "report.h"
#include "ts_json.h"
#include "ts_stdout.h"
#include <string.h>

static bool to_stdout(const char *path)
{
	return path && strcmp(path, "-") == 0;
}

static int write_results(const struct run *r, const cJSON *json, struct ts_err *err)
{
	int result = 0;

	if (r->plan->json_path)
		result = ts_json_write(r->plan->json_path, json, err);
	if (r->plan->hdr_path && output_hdr_log(r, r->plan->hdr_path, err) < 0)
		result = -1;
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

int finish(const struct run *r, cJSON *result, const struct ts_log *log)
{
	struct ts_err err = {0};
	char trouble[256];
	int status = exit_status(r), rc;

	if (run_trouble(r, trouble, sizeof(trouble))[0])
		ts_log(log, TS_LOG_ERROR, "%s", trouble);
	if (!to_stdout(r->plan->json_path) && !to_stdout(r->plan->hdr_path) && !r->unreachable)
		report_print(stdout, r);
	rc = ts_stdout_flush();
	if (rc < 0) {
		ts_err_set(&err, -rc, "the report cannot be written to standard output: %s", strerror(-rc));
		status = ts_log_fail(log, &err);
	}
	if (write_results(r, result, &err) < 0)
		status = ts_log_fail(log, &err);
	cJSON_Delete(result);
	return status;
}

#include "modes.h"
#include "options.h"
#include "server.h"
#include "ts_json.h"
#include "ts_stdout.h"
#include <string.h>

static int list_modes(bool as_json, const struct ts_log *log)
{
	struct ts_err err = {0};
	cJSON *root;
	int rc;

	if (!as_json) {
		rc = modes_print();
		if (rc == 0)
			return TS_EXIT_OK;
		ts_err_set(&err, -rc, "--list-modes: cannot write: %s", strerror(-rc));
		return ts_log_fail(log, &err);
	}
	root = modes_json();
	rc = ts_json_write("-", root, &err);
	cJSON_Delete(root);
	return rc < 0 ? ts_log_fail(log, &err) : TS_EXIT_OK;
}

int main(int argc, char **argv)
{
	struct server server = {.log = {.program = "tsserver", .level = TS_LOG_WARN}};
	struct ts_err err = {0};
	int status = TS_EXIT_OK, rc;

	ts_stdio_reserve();
	rc = options_parse(&server.set, argc, argv, &err);
	server.log.level = (enum ts_log_level)server.set.log_level;
	if (rc < 0)
		status = ts_log_fail(&server.log, &err);
	else if (server.set.list_modes)
		status = list_modes(server.set.json, &server.log);
	else if (server_run(&server, &err) < 0)
		status = ts_log_fail(&server.log, &err);
	options_release(&server.set);
	return status;
}

/* tsconform: judge a timestamp server, or with --client a client, in any language. */
#include "client.h"
#include "launch.h"
#include "output.h"
#include "progress.h"
#include "runner.h"
#include "ts_clock.h"
#include "ts_host.h"
#include "ts_json.h"
#include "ts_log.h"
#include "ts_signal.h"
#include "ts_stdout.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool to_stdout(const char *path)
{
	return path && strcmp(path, "-") == 0;
}

static uint64_t new_seed(void)
{
	return (uint64_t)(ts_clock_wall_ns() % 1000000007) + (uint64_t)getpid();
}

static int flush_output(struct ts_err *err)
{
	int rc = ts_stdout_flush();

	return rc < 0 ? ts_err_set(err, -rc, "standard output: cannot write: %s%s", strerror(-rc), ts_file_advice(-rc))
	              : 0;
}

static int write_files(const struct report *report, struct ts_err *err)
{
	const struct options *o = report->subject->options;
	int result = 0;

	if (o->json && output_json(o->json, report, err) < 0)
		result = -1;
	if (o->junit && output_junit(o->junit, report, err) < 0)
		result = -1;
	return result;
}

static int write_reports(const struct report *report, struct ts_err *err)
{
	const struct options *o = report->subject->options;
	const char *no_colour = getenv("NO_COLOR");
	int result = 0;

	if (!to_stdout(o->json) && !to_stdout(o->junit)) {
		if (o->format == FORMAT_TAP)
			output_tap(stdout, report);
		else
			output_human(stdout, report, isatty(STDOUT_FILENO) && !(no_colour && no_colour[0]));
		result = flush_output(err);
	}
	return write_files(report, err) < 0 ? -1 : result;
}

/*
 * Start the server, if it is ours to start. What goes wrong is said in the report, too. Of a host of several addresses
 * it may have taken another than we asked for: that one is called from then on.
 */
static void start(struct report *report, struct subject *subject, const char *uri)
{
	struct ts_err err = {0};

	if (!subject->launch)
		return;
	if (launch_start(subject->launch, &err) < 0) {
		snprintf(report->unreached, sizeof(report->unreached), "%s", err.text);
		return;
	}
	ts_endpoint_follow(&subject->endpoint, uri);
	ts_endpoint_text(&subject->endpoint, subject->uri, sizeof(subject->uri));
	launch_found_at(subject->launch, &subject->endpoint);
}

/* Where the server is, or will be. Of usage errors there is no report; of a host that is not found there is. */
static int find_endpoint(struct subject *subject, const char *uri, struct ts_err *err)
{
	const struct options *o = subject->options;

	snprintf(subject->uri, sizeof(subject->uri), "%s", uri);
	if (ts_endpoint_parse(&subject->endpoint, uri, err) < 0)
		return -1;
	if (!o->client && ts_endpoint_port(&subject->endpoint) == 0) {
		if (!o->exec)
			return ts_err_usage(err, "%s: port 0 cannot be called: give the server's port", uri);
		if (launch_choose_port(&subject->endpoint, err) < 0)
			return -1;
	}
	ts_endpoint_text(&subject->endpoint, subject->uri, sizeof(subject->uri));
	return 0;
}

/* The exit status, or -1 with err. */
static int judge(const struct options *o, const char *uri, struct ts_err *err)
{
	struct client_style style = {0};
	struct subject subject = {.options = o, .client = o->client ? &style : NULL};
	struct report report = {.subject = &subject};
	struct progress progress;
	int status;

	bool found = find_endpoint(&subject, uri, err) == 0 &&
	             (!o->client || client_check_endpoint(&subject.endpoint, err) == 0);
	if (!found && err->exit_status == TS_EXIT_USAGE)
		return -1;
	snprintf(report.unreached, sizeof(report.unreached), "%s", found ? "" : err->text);
	subject.seed = o->seed ? (uint64_t)o->seed : new_seed();
	if (report_init(&report, &subject, err) < 0) {
		struct ts_err ignored;
		snprintf(report.unreached, sizeof(report.unreached), "%s", err->text);
		report_none(&report);
		write_files(&report, &ignored);
		report_release(&report);
		return -1;
	}
	if (found && o->exec && !(subject.launch = launch_new(o->exec, &subject.endpoint, err)))
		return -1;
	report.begin_ns = ts_clock_mono_ns();
	report.started_wall_ns = ts_clock_wall_ns();
	start(&report, &subject, uri);
	progress_begin(&progress, &report);
	report_run(&report);
	progress_end(&progress);
	status = write_reports(&report, err) < 0 ? -1 : (int)report_exit(&report);
	if (status == TS_EXIT_ENVIRON && !found)
		status = -1;
	else if (status == TS_EXIT_USAGE)
		status = report_say_untried(&report, err);
	else if (status == TS_EXIT_ENVIRON && o->client && style.absent)
		status = ts_err_set(err, 1, "the client cannot be started: %.300s", report.unreached);
	else if (status == TS_EXIT_ENVIRON && !report.reached)
		status = ts_err_set(err, 1, "%s: %.300s%s", subject.uri, report.unreached,
		                    report.kept_out || o->exec ? "" : "; is the server running there?");
	else if (status == TS_EXIT_ENVIRON)
		status = report_say_kept(&report, err);
	if (ts_signal_stop())
		status = 128 + ts_signal_stop();
	launch_free(subject.launch);
	report_release(&report);
	return status;
}

int main(int argc, char **argv)
{
	struct ts_log log = {.program = "tsconform", .level = TS_LOG_WARN};
	struct options options = {0};
	struct ts_opt_list operands = {0};
	struct ts_err err = {0};
	int status;

	ts_stdio_reserve();
	if (ts_opt_parse(&options_program, argc, argv, &options, &operands, NULL, &err) < 0 ||
	    options_check(&options, &err) < 0)
		return ts_log_fail(&log, &err);
	if (options.list) {
		bool listed = report_check_patterns(&options, &err) == 0 && output_list(&options, &err) == 0 &&
		              flush_output(&err) == 0;
		return listed ? TS_EXIT_OK : ts_log_fail(&log, &err);
	}
	if (operands.n == 0 && !options.client) {
		ts_err_usage(&err, "URI is missing, such as tcp://127.0.0.1:21567");
		return ts_log_fail(&log, &err);
	}
	ts_signal_install();
	ts_host_raise_descriptors();
	/* A report that has no place is said before the work, not after it. */
	status = ts_file_check("--json", options.json, &err);
	if (status == 0)
		status = ts_file_check("--junit", options.junit, &err);
	if (status == 0)
		status = judge(&options, operands.n ? operands.items[0] : "tcp://127.0.0.1:0", &err);
	ts_opt_list_release(&operands);
	ts_opt_list_release(&options.only);
	ts_opt_list_release(&options.skip);
	return status < 0 ? ts_log_fail(&log, &err) : status;
}

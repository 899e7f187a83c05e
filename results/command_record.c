/*
 * The bench script keeps a journal, journal.tsv in the run's folder: lines are only ever appended, so that a kill at
 * any moment leaves every finished trial. This command makes run.json of it, whole or not at all. The lines,
 * tab-separated:
 *
 *   set       KEY VALUE                 suite, seed, started_at, finished_at, partial, commit, dirty, build_flags,
 *                                       generator_cpus, server_cpus; a later line for the same key wins
 *   package   NAME VERSION
 *   workload  ID TITLE TRANSPORT OPEN_LOOP GROUP X UNIT OPTIONS...      (one field an option; "-" for none)
 *   mode      NAME CONCURRENT FOREIGN SUMMARY
 *   plan      MODE WORKLOAD TRIAL ORDER                                 what the script has to do; not in run.json
 *   trial     MODE WORKLOAD TRIAL ORDER STATUS RESULT SERVER REASON     (a later line for the same trial wins)
 *
 * "-" is null. An unfinished last line is dropped: the script died while it wrote it.
 */
#include "command.h"
#include "document.h"
#include "ts_host.h"
#include "ts_json.h"
#include "ts_opt.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FIELDS_MAX 64

static const struct ts_opt options[] = {{.type = TS_OPT_END}};

static const struct ts_opt_program program = {
        .name = "tsreport record",
        .operands = "RUN",
        .min_operands = 1,
        .max_operands = 1,
        .summary = "write a run's run.json from the journal that the bench script keeps",
        .details = "RUN is the run's folder, with journal.tsv in it; the facts of this machine are added.\n",
        .options = options,
};

static const char *field(char *const *fields, size_t n, size_t i)
{
	return i < n && strcmp(fields[i], "-") != 0 ? fields[i] : NULL;
}

static void set_text(cJSON *object, const char *name, const char *text)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	ts_json_add_text(object, name, text);
}

static void set_bool(cJSON *object, const char *name, const char *text)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	if (text)
		ts_json_add_bool(object, name, strcmp(text, "true") == 0);
	else
		ts_json_add_null(object, name);
}

static void record_set(cJSON *run, char *const *fields, size_t n)
{
	static const char top[] = " suite started_at finished_at ";
	cJSON *environment = cJSON_GetObjectItem(run, "environment");
	const char *value = field(fields, n, 2);
	char key[64];

	snprintf(key, sizeof(key), " %s ", fields[1]);
	if (strcmp(fields[1], "seed") == 0 && value) {
		cJSON_DeleteItemFromObjectCaseSensitive(run, "seed");
		ts_json_add_int(run, "seed", strtoll(value, NULL, 10));
	} else if (strcmp(fields[1], "partial") == 0) {
		set_bool(run, "partial", value);
	} else if (strcmp(fields[1], "dirty") == 0) {
		set_bool(environment, "dirty", value);
	} else {
		set_text(strstr(top, key) ? run : environment, fields[1], value);
	}
}

static void record_workload(cJSON *run, char *const *fields, size_t n)
{
	cJSON *workload = ts_json_add_object(cJSON_GetObjectItem(run, "workloads"), NULL), *list;

	ts_json_add_text(workload, "id", field(fields, n, 1));
	ts_json_add_text(workload, "title", field(fields, n, 2));
	ts_json_add_text(workload, "transport", field(fields, n, 3));
	set_bool(workload, "open_loop", field(fields, n, 4));
	ts_json_add_text(workload, "group", field(fields, n, 5));
	if (field(fields, n, 6))
		ts_json_add_real(workload, "x", strtod(fields[6], NULL));
	else
		ts_json_add_null(workload, "x");
	ts_json_add_text(workload, "unit", field(fields, n, 7));
	list = ts_json_add_array(workload, "options");
	for (size_t i = 8; i < n; i++)
		if (field(fields, n, i))
			ts_json_add_text(list, NULL, fields[i]);
}

static void record_mode(cJSON *run, char *const *fields, size_t n)
{
	cJSON *mode = ts_json_add_object(cJSON_GetObjectItem(run, "modes"), NULL);

	ts_json_add_text(mode, "name", field(fields, n, 1));
	set_bool(mode, "concurrent", field(fields, n, 2));
	set_bool(mode, "foreign", field(fields, n, 3));
	ts_json_add_text(mode, "summary", n > 4 ? fields[4] : "");
}

/* A trial that was run again takes the place of the one before. */
static void record_trial(cJSON *run, char *const *fields, size_t n)
{
	cJSON *trials = cJSON_GetObjectItem(run, "trials"), *trial = cJSON_CreateObject(), *item;
	int i = 0;

	ts_json_add_text(trial, "mode", field(fields, n, 1));
	ts_json_add_text(trial, "workload", field(fields, n, 2));
	ts_json_add_int(trial, "trial", n > 3 ? strtoll(fields[3], NULL, 10) : 0);
	ts_json_add_int(trial, "order", n > 4 ? strtoll(fields[4], NULL, 10) : 0);
	ts_json_add_text(trial, "status", field(fields, n, 5));
	ts_json_add_text(trial, "result", field(fields, n, 6));
	ts_json_add_text(trial, "server", field(fields, n, 7));
	ts_json_add_text(trial, "reason", field(fields, n, 8));
	cJSON_ArrayForEach (item, trials) {
		if (cJSON_Compare(cJSON_GetObjectItem(item, "mode"), cJSON_GetObjectItem(trial, "mode"), 1) &&
		    cJSON_Compare(cJSON_GetObjectItem(item, "workload"), cJSON_GetObjectItem(trial, "workload"), 1) &&
		    cJSON_Compare(cJSON_GetObjectItem(item, "trial"), cJSON_GetObjectItem(trial, "trial"), 1)) {
			cJSON_ReplaceItemInArray(trials, i, trial);
			return;
		}
		i++;
	}
	cJSON_AddItemToArray(trials, trial);
}

static void record_package(cJSON *run, char *const *fields, size_t n)
{
	set_text(cJSON_GetObjectItem(cJSON_GetObjectItem(run, "environment"), "packages"), fields[1],
	         field(fields, n, 2));
}

static void record_plan(cJSON *run, char *const *fields, size_t n)
{
	(void)run, (void)fields, (void)n;
}

/* The kinds of lines, and how many fields each has at least. */
static const struct {
	const char *kind;
	size_t n_fields;
	void (*record)(cJSON *run, char *const *fields, size_t n);
} kinds[] = {
        {"set", 3, record_set},   {"package", 3, record_package}, {"workload", 8, record_workload},
        {"mode", 5, record_mode}, {"plan", 5, record_plan},       {"trial", 9, record_trial},
};

/* 0, or -EINVAL with err: without the name of the file, and the number of the line. */
static int record_line(cJSON *run, char *line, struct ts_err *err)
{
	char *fields[FIELDS_MAX];
	size_t n = 0;

	for (char *text; n < FIELDS_MAX && (text = strsep(&line, "\t"));)
		fields[n++] = text;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		if (strcmp(fields[0], kinds[k].kind) != 0)
			continue;
		if (n < kinds[k].n_fields)
			return ts_err_set(err, EINVAL, "a line that begins with %s has %zu fields, this one %zu",
			                  kinds[k].kind, kinds[k].n_fields, n);
		kinds[k].record(run, fields, n);
		return 0;
	}
	return ts_err_set(err, EINVAL, "must begin with set, package, workload, mode, plan or trial, and a tab");
}

static cJSON *run_new(void)
{
	cJSON *run = cJSON_CreateObject(), *environment;

	ts_json_add_text(run, "schema", "tsbench.run/1");
	ts_json_add_text(run, "suite", NULL);
	ts_json_add_int(run, "seed", 0);
	ts_json_add_text(run, "started_at", NULL);
	ts_json_add_text(run, "finished_at", NULL);
	ts_json_add_bool(run, "partial", true);
	environment = ts_json_add_object(run, "environment");
	cJSON_AddItemToObject(environment, "host", ts_host_facts());
	ts_json_add_null(environment, "commit");
	ts_json_add_null(environment, "dirty");
	ts_json_add_null(environment, "build_flags");
	ts_json_add_object(environment, "packages");
	ts_json_add_null(environment, "generator_cpus");
	ts_json_add_null(environment, "server_cpus");
	ts_json_add_array(run, "workloads");
	ts_json_add_array(run, "modes");
	ts_json_add_array(run, "trials");
	return run;
}

/* The machine as it was when the run began: a later load or a later kernel is not what the first trials were measured
 * on. */
static void keep_host(cJSON *run, const char *path)
{
	struct ts_err ignored = {0};
	cJSON *before = ts_json_load(path, &ignored);
	const cJSON *host = ts_json_at(before, "environment.host");

	if (cJSON_IsObject(host))
		cJSON_ReplaceItemInObjectCaseSensitive(cJSON_GetObjectItem(run, "environment"), "host",
		                                       cJSON_Duplicate(host, 1));
	cJSON_Delete(before);
}

/* Line by line, but for an unfinished last one. 0 or -errno with err: without the name of the file. */
static int read_lines(cJSON *run, FILE *in, struct ts_err *err)
{
	char *line = NULL, place[40];
	size_t size = 0, number = 0;
	ssize_t n;
	int rc = 0;

	while (rc == 0 && (n = getline(&line, &size, in)) > 0 && line[n - 1] == '\n') {
		line[n - 1] = '\0';
		number++;
		if ((rc = record_line(run, line, err)) < 0) {
			snprintf(place, sizeof(place), "line %zu", number);
			ts_err_prefix(err, rc, place);
		}
	}
	if (rc == 0 && ferror(in))
		rc = ts_err_set(err, errno, "cannot be read: %s", strerror(errno));
	free(line);
	return rc;
}

static int read_journal(cJSON *run, const char *path, struct ts_err *err)
{
	FILE *in = fopen(path, "re");
	struct stat st;
	int rc;

	if (!in)
		return ts_err_set(err, errno, "%s: cannot be read: %s", path, strerror(errno));
	if (fstat(fileno(in), &st) == 0 && st.st_size > TS_JSON_MAX_BYTES)
		rc = ts_err_set(err, EFBIG, "larger than 256 MiB");
	else
		rc = read_lines(run, in, err);
	fclose(in);
	return rc < 0 ? ts_err_prefix(err, rc, path) : 0;
}

int command_record(int argc, char **argv, const struct ts_log *log)
{
	struct ts_opt_list operands = {0};
	struct ts_err err = {0};
	char journal[4096], output[4096];
	cJSON *run = run_new();
	int rc = ts_opt_parse(&program, argc, argv, NULL, &operands, NULL, &err);

	if (rc == 0) {
		snprintf(journal, sizeof(journal), "%s/journal.tsv", operands.items[0]);
		snprintf(output, sizeof(output), "%s/run.json", operands.items[0]);
		keep_host(run, output);
		rc = read_journal(run, journal, &err);
		if (rc == 0 && (rc = document_check(run, "run", &err)) < 0)
			ts_err_prefix(&err, rc, journal);
		if (rc == 0)
			rc = ts_json_write(output, run, &err);
	}
	cJSON_Delete(run);
	ts_opt_list_release(&operands);
	return rc < 0 ? ts_log_fail(log, &err) : TS_EXIT_OK;
}

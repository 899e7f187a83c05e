#include "runset.h"
#include "document.h"
#include "ts_json.h"
#include "ts_opt.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *trial_status_text(enum trial_status status)
{
	static const char *const texts[] = {"ok", "failed", "invalid", "not measurable", "not able"};

	return texts[status];
}

/* One more zeroed element at the end of an array that grows by doubling; NULL when out of memory. */
static void *grown(void **array, size_t *n, size_t size)
{
	if ((*n & (*n - 1)) == 0) { /* 0, 1, 2, 4, 8 ...: full */
		void *more = realloc(*array, size * (*n ? *n * 2 : 1));

		if (!more)
			return NULL;
		*array = more;
	}
	memset((char *)*array + size * *n, 0, size);
	return (char *)*array + size * (*n)++;
}

static const char *kept(struct runset *set, char *text)
{
	char **slot = text ? grown((void **)&set->texts, &set->n_texts, sizeof(char *)) : NULL;

	if (!slot) {
		free(text);
		return NULL;
	}
	return *slot = text;
}

static int no_memory(struct ts_err *err)
{
	return ts_err_set(err, ENOMEM, "no memory for the results");
}

/* Index of the mode or workload with this name; a new one at the end when there is none; -1 when out of memory. */
static long mode_index(struct runset *set, const char *name)
{
	struct mode *mode;

	for (size_t i = 0; i < set->n_modes; i++)
		if (strcmp(set->modes[i].name, name) == 0)
			return (long)i;
	mode = grown((void **)&set->modes, &set->n_modes, sizeof(*mode));
	if (!mode)
		return -1;
	*mode = (struct mode){.name = name, .summary = ""};
	return (long)set->n_modes - 1;
}

static long workload_index(struct runset *set, const char *id)
{
	struct workload *workload;

	for (size_t i = 0; i < set->n_workloads; i++)
		if (strcmp(set->workloads[i].id, id) == 0)
			return (long)i;
	workload = grown((void **)&set->workloads, &set->n_workloads, sizeof(*workload));
	if (!workload)
		return -1;
	*workload = (struct workload){
	        .id = id, .title = id, .unit = "requests/s", .transport = "tcp", .group = "", .x = NAN};
	return (long)set->n_workloads - 1;
}

static struct trial *trial_new(struct runset *set, const char *mode, const char *workload, int number)
{
	long m = mode_index(set, mode), w = workload_index(set, workload);
	struct trial *trial;

	if (m < 0 || w < 0 || !(trial = grown((void **)&set->trials, &set->n_trials, sizeof(*trial))))
		return NULL;
	trial->mode = (size_t)m;
	trial->workload = (size_t)w;
	trial->number = number;
	figures_read(trial->figures, NULL, NULL);
	return trial;
}

/* --- a run's folder ----------------------------------------------------------------------------------------------- */

static int read_lists(struct runset *set, struct ts_err *err)
{
	const cJSON *item;

	cJSON_ArrayForEach (item, ts_json_at(set->run, "modes")) {
		long i = mode_index(set, ts_json_text(item, "name", ""));

		if (i < 0)
			return no_memory(err);
		set->modes[i].summary = ts_json_text(item, "summary", "");
		set->modes[i].foreign = ts_json_bool(item, "foreign", false);
	}
	cJSON_ArrayForEach (item, ts_json_at(set->run, "workloads")) {
		long i = workload_index(set, ts_json_text(item, "id", ""));
		struct workload *w;

		if (i < 0)
			return no_memory(err);
		w = &set->workloads[i];
		w->title = ts_json_text(item, "title", w->id);
		w->unit = ts_json_text(item, "unit", "requests/s");
		w->transport = ts_json_text(item, "transport", "tcp");
		w->open_loop = ts_json_bool(item, "open_loop", false);
		w->group = ts_json_text(item, "group", "");
		w->x = ts_json_real(item, "x", NAN);
	}
	return 0;
}

static cJSON *load_beside(const char *dir, const char *file, const char *kind, struct ts_err *err)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path)) {
		ts_err_set(err, ENAMETOOLONG, "%s: the path is too long", dir);
		return NULL;
	}
	return document_load(path, kind, err);
}

static int read_trial(struct runset *set, const char *dir, const cJSON *item, struct ts_err *err)
{
	static const char words[] = TRIAL_STATUSES;
	const char *server = ts_json_text(item, "server", NULL);
	struct trial *trial = trial_new(set, ts_json_text(item, "mode", ""), ts_json_text(item, "workload", ""),
	                                (int)ts_json_int(item, "trial", 1));

	if (!trial)
		return no_memory(err);
	trial->status = (enum trial_status)ts_opt_choice_index(words, ts_json_text(item, "status", "ok"));
	trial->reason = ts_json_text(item, "reason", NULL);
	trial->file = ts_json_text(item, "result", NULL);
	if (trial->file && !(trial->load = load_beside(dir, trial->file, "load", err)))
		return -EINVAL;
	if (server && !(trial->server = load_beside(dir, server, "server", err)))
		return -EINVAL;
	figures_read(trial->figures, trial->load, trial->server);
	return 0;
}

static int load_run(struct runset *set, const char *dir, struct ts_err *err)
{
	const cJSON *item;
	int rc;

	set->run = load_beside(dir, "run.json", "run", err);
	if (!set->run)
		return -EINVAL;
	rc = read_lists(set, err);
	cJSON_ArrayForEach (item, ts_json_at(set->run, "trials")) {
		if (rc == 0)
			rc = read_trial(set, dir, item, err);
	}
	return rc;
}

/* --- single files ------------------------------------------------------------------------------------------------- */

/* "path/epoll.crowd.2.json" -> epoll, crowd, 2; else the name without ".json", "-", 1. */
static int split_name(struct runset *set, const char *path, const char **mode, const char **workload, int *number)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t n = strlen(base);
	char a[128], b[128];
	int end = 0;

	*number = 1;
	*workload = "-";
	if (sscanf(base, "%127[^.].%127[^.].%d.json%n", a, b, number, &end) == 3 && (size_t)end == n) {
		*mode = kept(set, strdup(a));
		*workload = kept(set, strdup(b));
	} else {
		if (n > 5 && strcmp(base + n - 5, ".json") == 0)
			n -= 5;
		*mode = kept(set, strndup(base, n));
	}
	return *mode && *workload ? 0 : -ENOMEM;
}

/* What a reader of a single result must know of it; NULL: nothing. */
static const char *caution(const cJSON *load)
{
	const char *reason = ts_json_text(load, "trouble", ts_json_text(load, "validity.reasons[0]", NULL));

	return !reason && ts_json_bool(load, "partial", false) ? "partial: it was stopped before its end" : reason;
}

static int load_file(struct runset *set, const char *path, struct ts_err *err)
{
	const char *mode, *workload;
	struct trial *trial;
	int number;
	cJSON *load = document_load(path, "load", err);

	if (!load)
		return -EINVAL;
	if (split_name(set, path, &mode, &workload, &number) < 0 || !(trial = trial_new(set, mode, workload, number))) {
		cJSON_Delete(load);
		return no_memory(err);
	}
	trial->load = load;
	trial->file = path;
	trial->reason = caution(load);
	if (strcmp(ts_json_text(load, "validity.verdict", ""), "invalid") == 0)
		trial->status = TRIAL_INVALID;
	figures_read(trial->figures, load, NULL);
	return 0;
}

/* The folder of "folder/run.json", kept; NULL when the path is another. */
static const char *folder_of_run(struct runset *set, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

	if (strcmp(base, "run.json") != 0)
		return NULL;
	return kept(set, slash ? strndup(path, (size_t)(slash - path)) : strdup("."));
}

int runset_load(struct runset *set, const char **paths, size_t n_paths, struct ts_err *err)
{
	struct stat st;

	memset(set, 0, sizeof(*set));
	set->path = paths[0];
	for (size_t i = 0; i < n_paths; i++) {
		const char *folder = n_paths == 1 ? folder_of_run(set, paths[i]) : NULL;
		int rc;

		if (folder) {
			set->path = folder;
			rc = load_run(set, folder, err);
		} else if (stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode)) {
			if (n_paths > 1)
				return ts_err_usage(err, "%s: one run's folder, or several result files, but not both",
				                    paths[i]);
			rc = load_run(set, paths[i], err);
		} else {
			rc = load_file(set, paths[i], err);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

void runset_release(struct runset *set)
{
	for (size_t i = 0; i < set->n_trials; i++) {
		cJSON_Delete(set->trials[i].load);
		cJSON_Delete(set->trials[i].server);
	}
	for (size_t i = 0; i < set->n_texts; i++)
		free(set->texts[i]);
	free(set->texts);
	free(set->trials);
	free(set->modes);
	free(set->workloads);
	cJSON_Delete(set->run);
	memset(set, 0, sizeof(*set));
}

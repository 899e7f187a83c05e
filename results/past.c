#include "past.h"
#include "summary.h"
#include "ts_json.h"
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct past_point *past_point(const struct past *past, size_t run, size_t mode, size_t workload)
{
	return &past->runs[run].points[mode * PAST_WORKLOADS_MAX + workload];
}

double past_value(const struct past *past, size_t run, size_t mode, size_t workload)
{
	return past_point(past, run, mode, workload)->x.value;
}

/* Index of the name, added when it is new; -1 when there is no room. */
static long name_index(char **names, size_t *n, size_t n_max, const char *name)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp(names[i], name) == 0)
			return (long)i;
	if (*n == n_max || !(names[*n] = strdup(name)))
		return -1;
	return (long)(*n)++;
}

static void keep_cell(struct past *past, struct past_run *run, const struct runset *set, const struct cell *cell,
                      enum figure figure)
{
	long m = name_index(past->modes, &past->n_modes, PAST_MODES_MAX, set->modes[cell->mode].name);
	long w = name_index(past->workloads, &past->n_workloads, PAST_WORKLOADS_MAX, set->workloads[cell->workload].id);

	if (m >= 0 && w >= 0)
		run->points[m * PAST_WORKLOADS_MAX + w] =
		        (struct past_point){.x = cell->figures[figure], .n_trials = cell->n_ok};
}

static int read_run(struct past *past, struct past_run *run, const char *path, enum figure figure, struct ts_err *err)
{
	const size_t n = PAST_MODES_MAX * PAST_WORKLOADS_MAX;
	struct runset set = {0};
	struct summary summary = {0};
	int rc = runset_load(&set, &path, 1, err);

	if (rc == 0)
		rc = summary_make(&summary, &set, err);
	run->points = malloc(n * sizeof(*run->points));
	if (rc == 0 && !run->points)
		rc = ts_err_set(err, ENOMEM, "no memory for the history");
	for (size_t i = 0; run->points && i < n; i++)
		run->points[i] = (struct past_point){.x = {NAN, NAN, NAN}};
	for (size_t i = 0; run->points && rc == 0 && i < set.n_modes * set.n_workloads; i++)
		if (summary.cells[i].n_ok > 0)
			keep_cell(past, run, &set, &summary.cells[i], figure);
	snprintf(run->started, sizeof(run->started), "%s", ts_json_text(set.run, "started_at", "-"));
	snprintf(run->suite, sizeof(run->suite), "%s", ts_json_text(set.run, "suite", "-"));
	snprintf(run->commit, sizeof(run->commit), "%.8s", ts_json_text(set.run, "environment.commit", "-"));
	summary_release(&summary);
	runset_release(&set);
	return rc;
}

static int add_run(struct past *past, const char *dir, const char *name, enum figure figure, struct ts_err *err)
{
	struct past_run *more;
	char path[2048], file[2100];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	snprintf(file, sizeof(file), "%s/run.json", path);
	if (access(file, F_OK) != 0) /* killed before its first trial, or no run at all */
		return 0;
	more = realloc(past->runs, (past->n_runs + 1) * sizeof(*more));
	if (!more)
		return ts_err_set(err, ENOMEM, "no memory for the history");
	past->runs = more;
	more[past->n_runs] = (struct past_run){.name = strdup(name)};
	return read_run(past, &more[past->n_runs++], path, figure, err);
}

static int by_start(const void *a, const void *b)
{
	const struct past_run *x = a, *y = b;
	int order = strcmp(x->started, y->started);

	return order ? order : strcmp(x->name, y->name);
}

int past_load(struct past *past, const char *dir, enum figure figure, struct ts_err *err)
{
	DIR *folder = opendir(dir);
	struct dirent *entry;
	int rc = 0;

	memset(past, 0, sizeof(*past));
	if (!folder)
		return ts_err_set(err, errno, "%s: cannot be read: %s", dir, strerror(errno));
	while (rc == 0 && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			rc = add_run(past, dir, entry->d_name, figure, err);
	closedir(folder);
	if (rc == 0 && past->n_runs == 0)
		rc = ts_err_set(err, ENOENT, "%s: there is no run in this folder", dir);
	if (rc == 0)
		qsort(past->runs, past->n_runs, sizeof(*past->runs), by_start);
	return rc;
}

void past_release(struct past *past)
{
	for (size_t i = 0; i < past->n_runs; i++) {
		free(past->runs[i].name);
		free(past->runs[i].points);
	}
	for (size_t i = 0; i < past->n_modes; i++)
		free(past->modes[i]);
	for (size_t i = 0; i < past->n_workloads; i++)
		free(past->workloads[i]);
	free(past->runs);
	memset(past, 0, sizeof(*past));
}

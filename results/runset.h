/*
 * What is to be reported: a run's folder (run.json and its trials), or single result files, as rows mode x workload x
 * trial.
 *
 * A lone result file is a trial, too: "epoll.crowd.2.json" is mode epoll, workload crowd, trial 2; any other name is a
 * mode of its own, with the workload "-". Everything is loaded and checked at once: what is wrong with a file is said
 * before any output is made. All texts are borrowed from the set's documents, and live as long as the set.
 */
#ifndef RUNSET_H
#define RUNSET_H

#include "figures.h"
#include "ts_err.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

enum trial_status { TRIAL_OK, TRIAL_FAILED, TRIAL_INVALID, TRIAL_NOT_MEASURABLE, TRIAL_SKIPPED };
#define TRIAL_STATUSES "ok|failed|invalid|not_measurable|skipped"

struct trial {
	size_t mode, workload; /* indices into the set's lists */
	int number;            /* from 1 */
	enum trial_status status;
	const char *reason;   /* or NULL */
	const char *file;     /* the result's path as given, or relative to the run's folder; NULL */
	cJSON *load, *server; /* owned; NULL where there is none */
	double figures[FIGURE_N];
};

struct mode {
	const char *name, *summary; /* summary "" when unknown */
	bool foreign;               /* not a mode of the reference server */
};

struct workload {
	const char *id, *title, *unit, *transport;
	bool open_loop;
	const char *group; /* "" or the name of a series such as "idle", of which this is the point `x` */
	double x;          /* NaN without a group */
};

struct runset {
	const char *path; /* the run's folder, or the first result file */
	cJSON *run;       /* run.json; NULL for lone files */
	struct mode *modes;
	struct workload *workloads;
	struct trial *trials;
	size_t n_modes, n_workloads, n_trials;
	char **texts; /* private: names made from file names */
	size_t n_texts;
};

/* Load a run's folder (or the run.json in it) or result files, no mixture. 0 or -errno with err, exit status 3. Release
 * it in any case. */
int runset_load(struct runset *set, const char **paths, size_t n_paths, struct ts_err *err);
void runset_release(struct runset *set);

const char *trial_status_text(enum trial_status status);

#endif

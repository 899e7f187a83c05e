/*
 * How far the suite is, on standard error: one line that is written anew on a terminal, or a line for each case.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "runner.h"
#include "ts_live.h"

struct progress {
	pthread_mutex_t lock;
	struct ts_live line;
	int n_done, n_all, n_found; /* cases: run or set aside, selected, and found to fail or to be warned of */
};

/* From now on each result of the report is shown. The progress is borrowed until progress_end. */
void progress_begin(struct progress *p, struct report *report);

/* Take the line away. */
void progress_end(struct progress *p);

#endif

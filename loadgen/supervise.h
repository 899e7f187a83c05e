/*
 * Watches the workers of a run, and tells them when to start and to stop: for signals, for --until, for a server that
 * has gone, for workers that died. With a team (team.h) all hosts agree on it.
 */
#ifndef SUPERVISE_H
#define SUPERVISE_H

#include "crew.h"
#include "progress.h"
#include "run.h"

/* Until all connections have been tried once. 0, or -1: the run is to stop before its load. `progress` or NULL. */
int supervise_opening(struct run *r, struct crew *crew, struct progress *progress);

/* From the start of the load until all workers are done. */
void supervise_load(struct run *r, struct crew *crew, struct progress *progress);

/* The width of the interval of --until, as a part of its value; NaN when there is too little to say. */
double supervise_until_width(const struct run *r);

#endif

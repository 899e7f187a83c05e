/*
 * Parts of the result that have files of their own; private to output*.c. Each adds a field to the object it is given.
 *
 *   output.c          the whole, and what it counts: requests, connections, errors, throughput, thresholds
 *   output_plan.c     all settings
 *   output_latency.c  times
 *   output_watched.c  intervals, tsload itself, the server
 */
#ifndef OUTPUT_INSIDE_H
#define OUTPUT_INSIDE_H

#include "output.h"

void output_add_targets(cJSON *o, const char *name, const struct plan *plan); /* all, as a list of URIs */

/* Those that the plan names, of this histogram. Owned. */
cJSON *output_percentiles(const struct plan *plan, const struct ts_hist *h);

/* One latency (ts_latency.h), which is returned, borrowed. unanswered: NULL where there is no such thing. */
cJSON *output_add_latency(cJSON *o, const char *name, const struct run *r, const struct ts_hist *h,
                          const struct ts_hist *unanswered);

void output_add_latencies(cJSON *root, const struct run *r);
void output_add_series(cJSON *root, const struct run *r);
void output_add_generator(cJSON *root, const struct run *r);
void output_add_server(cJSON *root, const struct run *r); /* null: no process to watch */

#endif

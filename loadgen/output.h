/*
 * A run as JSON, tsbench.load/1 (results/schema/load.json), and as an HdrHistogram log.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "run.h"
#include <cjson/cJSON.h>

/* The whole result; owned. */
cJSON *output_json(const struct run *r);

/* All settings, defaults included; owned. */
cJSON *output_plan(const struct plan *plan);

/* HdrHistogram's log format 1.3: one line an interval, response times in ns, maxima in ms. 0 or -errno with err. */
int output_hdr_log(const struct run *r, const char *path, struct ts_err *err);

/* Do all thresholds hold, and was --until met? */
bool output_thresholds_hold(const struct run *r);

#endif

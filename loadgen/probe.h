/*
 * One measurement of a search: the plan run at one rate, and what of it the search looks at.
 */
#ifndef PROBE_H
#define PROBE_H

#include "plan.h"
#include "thresholds.h"
#include <cjson/cJSON.h>
#include <stdbool.h>

struct progress;

struct probe {
	double rate_per_s, achieved_per_s, achieved_ratio, error_rate;
	double p50_ns, p99_ns, actual; /* actual: of the bound; NaN without one */
	bool held;  /* the bound; and at most 0.1 % failed or unsent, and at least 98 % back in time */
	bool valid; /* the run's own checks do not say "invalid" */
};

#define PROBE_TROUBLE 256

struct prober {
	const struct plan *plan; /* borrowed, as is progress */
	struct progress *progress;
	struct threshold bound;
	bool has_bound;
	int signal;                  /* that stopped the last run, or 0 */
	bool gone;                   /* the server cannot be reached any more */
	char trouble[PROBE_TROUBLE]; /* then: why, in one sentence */
};

/*
 * Run the plan at this rate; 0: a closed loop for a second, to guess the capacity. *json (or NULL) receives the whole
 * result, owned. 0, or -errno with err when it could not be started.
 */
int probe_run(struct prober *s, double rate_per_s, struct probe *probe, cJSON **json, struct ts_err *err);

void probe_add_json(cJSON *array, const struct probe *p);

#endif

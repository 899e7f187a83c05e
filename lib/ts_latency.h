/*
 * A latency as results tell it: one object of figures and histograms, the same whether one run measured it or several
 * were merged. No I/O.
 *
 * Source: "latency" in results/schema/load.json, which names each field and its unit.
 * Errors: -ENOMEM where a histogram cannot be written; its field is null then.
 * Ownership: histograms are borrowed; the objects that are added to are the caller's.
 */
#ifndef TS_LATENCY_H
#define TS_LATENCY_H

#include "ts_hist.h"
#include <cjson/cJSON.h>
#include <stdbool.h>

struct ts_latency {
	const struct ts_hist *all, *unanswered; /* unanswered: the part that never was; NULL: there is no such thing */
	double min_ns, max_ns;                  /* NaN: no values */
	double n_overflow, n_unanswered;        /* NaN: unknown */
	bool knows_unanswered;                  /* else nothing is said of lower bounds */
};

/* All that histograms know that have recorded each value themselves. */
struct ts_latency ts_latency_of(const struct ts_hist *all, const struct ts_hist *unanswered);

/* One percentile (0 to 100) of an object of them: nanoseconds; null when there are no values. */
void ts_latency_add_percentile(cJSON *percentiles, const char *name, const struct ts_hist *h, double percent);

/* Fill an empty object; `percentiles`, an object of names and nanoseconds, is given to it. 0 or -ENOMEM. */
int ts_latency_add(cJSON *object, const struct ts_latency *l, cJSON *percentiles);

#endif

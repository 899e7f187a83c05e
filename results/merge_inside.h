/* What the files of merging share: the parts, and one function for each way in which a field is merged. */
#ifndef MERGE_INSIDE_H
#define MERGE_INSIDE_H

#include "ts_err.h"
#include <cjson/cJSON.h>
#include <stddef.h>

struct parts {
	const cJSON *const *items; /* the whole results */
	const char *const *names;
	size_t n;
};

#define MERGE_PATH_MAX 160

/*
 * Merge the field `name` at `path` of all parts into `object`. 0, or -errno with err. Each adds the field, or leaves it
 * out.
 */
typedef int merge_fn(cJSON *object, const char *name, const struct parts *p, const char *path, struct ts_err *err);

merge_fn merge_latency, merge_lag;                   /* merge_latency.c */
merge_fn merge_errors, merge_series, merge_validity; /* merge_lists.c */

/* How long a part was measured, in seconds; NaN: unknown. */
double merge_duration_s(const cJSON *part);

#endif

/*
 * Several results as one, as if the runs had been one longer run: counts are added, histograms are added bucket by
 * bucket and percentiles read from the sum, rates are those over the whole time. What cannot be known from the parts is
 * null. Pure.
 */
#ifndef MERGE_H
#define MERGE_H

#include "ts_err.h"
#include <cjson/cJSON.h>
#include <stddef.h>

/*
 * Merge n documents of tsbench.load/1 (checked; borrowed). names: their files, for reasons and messages.
 * Returns a document of the same kind (owned), or NULL with err: out of memory, a histogram that cannot be decoded, or
 * a part with requests and no histogram.
 */
cJSON *merge_results(const cJSON *const *parts, const char *const *names, size_t n, struct ts_err *err);

#endif

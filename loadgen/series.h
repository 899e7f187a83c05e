/*
 * The series and the batches of several hosts, put together: entry by entry, bucket by bucket. An entry is the same
 * stretch of each host's load, to the 10 ms of the supervisors' rhythm; sums over the series are exact.
 */
#ifndef SERIES_H
#define SERIES_H

#include "sampler.h"

/* The histograms of all entries, one after the other, each with its terminator ("" for none). Owned; NULL and 0 bytes
 * where there is no entry or no memory. */
char *series_texts(const struct sampler *s, size_t *n_bytes);

/* dst += src. src's entries have their histograms in `texts` instead. An entry for which there is no memory is left
 * out. */
void series_merge(struct sampler *dst, const struct sampler *src, const char *texts);

#endif

/*
 * What is known of a percentile where some requests were never answered. No I/O.
 *
 * An unanswered request counts with the time that it was waited for, which is the least that it can have taken: so each
 * percentile of all is the least that it can be. The most is found by letting each of them take for ever. Where that is
 * clearly more, the percentile is a lower bound. (With one unanswered of 10,000 the median is the 5,000th value or the
 * 5,001st, and there is no difference; the 99.99th percentile may be anything.)
 *
 * Source: order statistics of censored samples, as in Kaplan and Meier 1958, without any assumption about the
 * censoring.
 */
#ifndef TS_BOUNDS_H
#define TS_BOUNDS_H

#include "ts_hist.h"
#include <stdbool.h>

#define TS_BOUNDS_NONE INT64_MAX

/* The largest that this percentile of `all` can be, of which `unanswered` are a part; TS_BOUNDS_NONE: as large as you
 * like. */
int64_t ts_bounds_most_ns(const struct ts_hist *all, const struct ts_hist *unanswered, double percentile);

/* Is it a lower bound: may it be larger than ts_hist_percentile says, by more than 1 %? */
bool ts_bounds_is_least(const struct ts_hist *all, const struct ts_hist *unanswered, double percentile);

/* The percentile above which every one is a lower bound; some below may be, too. NaN: none is. */
double ts_bounds_from(const struct ts_hist *all, const struct ts_hist *unanswered);

#endif

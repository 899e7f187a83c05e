/*
 * Bounds on a figure, as people write them: p99<5ms, service.p50<=100us, error_rate<0.1%, rate>1k. Pure.
 *
 *   p50 ... p99.99, mean, max   of the response time; or, with "service.", "connect." or "first_byte." before it,
 *                               of that
 *   error_rate                  failed and not sent, of all that were scheduled
 *   rate                        requests completed per second
 *   achieved                    that rate over the offered one (open loop)
 *   lost                        datagrams lost, of all that were scheduled
 */
#ifndef THRESHOLDS_H
#define THRESHOLDS_H

#include "ledger.h"
#include "ts_err.h"
#include <stdbool.h>

#define THRESHOLD_FORMS                                                                                                \
	"must be FIGURE<VALUE (or <= > >=), with a figure of p99, mean, max, service.p99, connect.p99, error_rate, "   \
	"rate, achieved or lost"

enum threshold_figure {
	FIGURE_PERCENTILE,
	FIGURE_MEAN,
	FIGURE_MAX,
	FIGURE_ERROR_RATE,
	FIGURE_RATE,
	FIGURE_ACHIEVED,
	FIGURE_LOST
};
enum threshold_latency { LATENCY_RESPONSE, LATENCY_SERVICE, LATENCY_CONNECT, LATENCY_FIRST_BYTE };

struct threshold {
	enum threshold_figure figure;
	enum threshold_latency latency;
	double percentile;
	bool less, or_equal;
	double bound; /* ns for latencies, else a fraction or a rate */
};

int threshold_parse(struct threshold *t, const char *text, struct ts_err *err);
bool threshold_is_latency(const struct threshold *t); /* and bounds it from above */

/* The figure of a run that took duration_s; NaN when it has none (nothing was recorded): then no bound is held. */
double threshold_actual(const struct threshold *t, const struct shard *total, double duration_s);
bool threshold_holds(const struct threshold *t, double actual);

/* A search for precision: ci(p99)<5%, the width of the interval over the value. */
struct until {
	double percentile, bound;
};
int until_parse(struct until *u, const char *text, struct ts_err *err);

#endif

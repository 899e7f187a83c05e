/*
 * The throughput-latency curve: how the tail grows as the load nears the capacity, and where each mode stops to keep
 * up: there its line turns back or straight up.
 */
#include "charts.h"
#include "lines.h"

int chart_curve(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	static const struct lines lines = {
	        .group = "curve",
	        .heading = "Response time, 99th percentile, against throughput",
	        .x_axis = "requests per second reached",
	        .y_axis = "response time, p99 (log scale)",
	        .y = FIGURE_P99,
	        .y_scale = 1e-9,
	        .x = LINES_RATE,
	        .settings = "set xrange [0:*]\nset format x '%.0s%c'\nset format y duration\neval duration_tics('y')\n",
	};

	return lines_draw(p, s, w, &lines, err);
}

/*
 * Is a mode a queue with one server? The mean response time against the rate, with the curve of M/G/1 (Pollaczek and
 * Khinchine) through the points of each mode that follows it. t is the service time that the curve implies.
 */
#include "charts.h"
#include "lines.h"

int chart_model(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	static const struct lines lines = {
	        .group = "curve",
	        .heading = "Mean response time against throughput, and M/G/1",
	        .x_axis = "requests per second reached",
	        .y_axis = "response time, mean (log scale)",
	        .y = FIGURE_MEAN,
	        .y_scale = 1e-9,
	        .x = LINES_RATE,
	        .law = FIT_MG1,
	        .settings = "set xrange [0:*]\nset format x '%.0s%c'\nset format y duration\neval duration_tics('y')\n",
	};

	return lines_draw(p, s, w, &lines, err);
}

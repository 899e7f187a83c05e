/*
 * Throughput against the number of clients, with the universal scalability law (USL) through the points of each mode
 * that follows it: s is what they wait for each other, k what they cost each other.
 */
#include "charts.h"
#include "lines.h"

int chart_clients(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	static const struct lines lines = {
	        .group = "clients",
	        .heading = "Throughput against clients, and the USL",
	        .x_axis = "clients",
	        .y_axis = "requests per second (log scale)",
	        .y = FIGURE_RATE,
	        .y_scale = 1,
	        .x = LINES_NUMBER,
	        .law = FIT_USL,
	        .settings = "set logscale x 2\nset xtics (1, 4, 16, 64, 256, '1,024' 1024, '4,096' 4096)\nset xrange "
	                    "[0.8:*]\n"
	                    "set format y '%.0s%c'\nset ytics add (20, 50, 200, 500, 2e3, 5e3, 2e4, 5e4, 2e5, 5e5)\n",
	};

	return lines_draw(p, s, w, &lines, err);
}

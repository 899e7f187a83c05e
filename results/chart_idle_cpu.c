/* The same crowd's price in processor time of the server. */
#include "charts.h"
#include "lines.h"

int chart_idle_cpu(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	static const struct lines lines = {
	        .group = "idle",
	        .heading = "Processor time per request, among idle connections",
	        .x_axis = "idle connections",
	        .y_axis = "microseconds per request (log scale)",
	        .y = FIGURE_CPU,
	        .y_scale = 1,
	        .settings = "set format y '%g'\nset ytics add (2, 5, 20, 50, 200, 500)\n",
	};

	return lines_draw(p, s, w, &lines, err);
}

/*
 * Memory of the server against the number of open connections. Where a line fits, its slope is the memory of one
 * connection, and stands in the legend. What the kernel holds for each socket is not in it.
 */
#include "charts.h"
#include "lines.h"

int chart_idle_memory(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	static const struct lines lines = {
	        .group = "idle",
	        .heading = "Memory against open connections",
	        .x_axis = "connections open",
	        .y_axis = "peak memory of the server, MiB (log scale)",
	        .y = FIGURE_RSS,
	        .y_scale = 1.0 / 1048576,
	        .x = LINES_OPEN,
	        .law = FIT_LINE,
	        .settings = "set logscale x\nset autoscale xfix\nset offsets graph 0.03, graph 0.03, 0, 0\nset xtics "
	                    "(10, 100, '1,000' 1e3, '10,000' 1e4, '100,000' 1e5, '1,000,000' "
	                    "1e6)\n"
	                    "set format y '%g'\nset ytics add (2, 5, 20, 50, 200, 500, 2e3, 5e3)\n",
	};

	return lines_draw(p, s, w, &lines, err);
}

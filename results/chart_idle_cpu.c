/* The same crowd's price in processor time of the server. */
#include "charts.h"
#include "lines.h"

int chart_idle_cpu(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	static const struct lines lines = {
	        .group = "idle",
	        .heading = "Processor time per request, among idle connections",
	        .x_axis = "idle connections",
	        .y_axis = "processor time per request (log scale)",
	        .y = FIGURE_CPU,
	        .y_scale = 1e-6,
	        .settings = "set format y duration\neval duration_tics('y')\n",
	};

	return lines_draw(p, s, w, &lines, err);
}

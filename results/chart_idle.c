/* What an idle crowd costs those that talk: where select ends and poll bends. */
#include "charts.h"
#include "lines.h"

int chart_idle(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	static const struct lines lines = {
	        .group = "idle",
	        .heading = "Response time, median, among idle connections",
	        .x_axis = "idle connections",
	        .y_axis = "response time, p50 (log scale)",
	        .y = FIGURE_P50,
	        .y_scale = 1e-9,
	        .settings = "set format y duration\neval duration_tics('y')\n",
	};

	return lines_draw(p, s, w, &lines, err);
}

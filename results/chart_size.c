/* What a message's size does to throughput: from where on the bytes cost more than the message. */
#include "charts.h"
#include "lines.h"

int chart_size(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	static const struct lines lines = {
	        .group = "size",
	        .heading = "Throughput against message size",
	        .x_axis = "bytes of a message",
	        .y_axis = "requests per second (log scale)",
	        .y = FIGURE_RATE,
	        .y_scale = 1,
	        .settings = "set format y '%.0s%c'\nset ytics add (20, 50, 200, 500, 2e3, 5e3, 2e4, 5e4, 2e5, 5e5)\n",
	};

	return lines_draw(p, s, w, &lines, err);
}

/* What a request costs: processor time of the server, user and system, divided by the requests answered. */
#include "bars.h"
#include "charts.h"

int chart_cpu(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	static const struct bars bars = {FIGURE_CPU, "Processor time per request", "processor time per request", 1e-6,
	                                 "%.0s %cs"};

	return bars_draw(p, s, w, &bars, err);
}

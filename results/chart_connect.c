/* How long a caller waits until its connection is open, at the 99th percentile: the queue before accept. */
#include "bars.h"
#include "charts.h"

#define CALLERS_MIN 100 /* fewer have no 99th percentile */

int chart_connect(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	static const struct bars bars = {FIGURE_CONNECT_P99, "Connect time, 99th percentile", "connect time", 1e-9,
	                                 "%.0s %cs"};

	if (!(summary_cell(s, 0, w)->figures[FIGURE_OPENED].value >= CALLERS_MIN))
		return 0;
	return bars_draw(p, s, w, &bars, err);
}

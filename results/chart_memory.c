/* Memory of the server at its peak, with so many connections open: processes of fork and stacks of thread show here. */
#include "bars.h"
#include "charts.h"

#define OPEN_MIN 16 /* connections at once: with fewer it is the program's own memory that shows */

int chart_memory(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	static const struct bars bars = {FIGURE_RSS, "Peak memory of the server", "MiB", 1.0 / 1048576, "%g"};

	if (!(summary_cell(s, 0, w)->figures[FIGURE_PEAK_OPEN].value >= OPEN_MIN))
		return 0;
	return bars_draw(p, s, w, &bars, err);
}

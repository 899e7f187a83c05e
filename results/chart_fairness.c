/* Is everybody served alike? Jain's index over the requests of each connection: 1 is even, 1/n is one
 * connection alone. */
#include "bars.h"
#include "charts.h"

int chart_fairness(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	static const struct bars bars = {FIGURE_JAIN, "Fairness among connections",       "Jain's index", 1,
	                                 "%g",        .settings = "set xtics 0, 0.2, 1\n"};

	if (summary_cell(s, 0, w)->figures[FIGURE_PEAK_OPEN].value <= 1) /* one client is always treated alike */
		return 0;
	return bars_draw(p, s, w, &bars, err);
}

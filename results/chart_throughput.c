/*
 * Throughput by mode. Where a mode did not serve every connection, or not rightly, its label says so: an iterative
 * server is fast for the one client that it serves.
 */
#include "bars.h"
#include "charts.h"
#include "show.h"

static const char *unfit(const struct cell *cell, char *buf, size_t size)
{
	char why[SHOW_MAX];

	buf[0] = '\0';
	if (summary_unfit(cell))
		snprintf(buf, size, " (%s)", show_unfit(cell, why, sizeof(why)));
	return buf;
}

int chart_throughput(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	static const struct bars bars = {FIGURE_RATE, "Throughput", "requests per second", 1, NULL, unfit};

	return bars_draw(p, s, w, &bars, err);
}

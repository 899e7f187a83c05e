/* Why a request costs what it does: system calls of the server per message, by its own count. Foreign servers do not
 * tell. */
#include "bars.h"
#include "charts.h"

int chart_calls(struct plot *p, const struct summary *s, size_t w, struct ts_err *err)
{
	static const struct bars bars = {FIGURE_CALLS, "System calls per request", "calls per request", 1, "%g"};

	return bars_draw(p, s, w, &bars, err);
}

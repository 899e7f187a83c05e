#include "ts_live.h"
#include <stdio.h>
#include <unistd.h>

void ts_live_init(struct ts_live *l, enum ts_live_when when)
{
	*l = (struct ts_live){.rewrites = isatty(STDERR_FILENO)};
	l->on = when == TS_LIVE_ALWAYS || (when == TS_LIVE_AUTO && l->rewrites);
}

void ts_live_put(struct ts_live *l, const char *text)
{
	char line[256];
	int n = snprintf(line, sizeof(line), l->rewrites ? "\r%s\033[K" : "%s\n", text);

	if (n > 0 && write(STDERR_FILENO, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1) < 0)
		l->on = false;
	l->shown = true;
}

void ts_live_wipe(struct ts_live *l)
{
	if (l->on && l->rewrites && l->shown)
		ts_live_put(l, "");
	l->shown = false;
}

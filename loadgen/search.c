#include "search.h"
#include "ts_units.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sweep_parse(struct sweep *s, const char *text, struct ts_err *err)
{
	char copy[96], *to, *steps, *end;

	snprintf(copy, sizeof(copy), "%s", text);
	to = strchr(copy, ':');
	steps = to ? strchr(to + 1, ':') : NULL;
	if (!steps)
		goto wrong;
	*to++ = '\0';
	*steps++ = '\0';
	s->n_steps = (int)strtol(steps, &end, 10);
	if (ts_units_rate(copy, &s->from_per_s) == 0 && ts_units_rate(to, &s->to_per_s) == 0 && *end == '\0' &&
	    s->from_per_s > 0 && s->to_per_s >= s->from_per_s && s->n_steps >= 1 && s->n_steps <= 1000)
		return 0;
wrong:
	return ts_err_usage(err, "must be FROM:TO:STEPS, rates and a number of them, such as 1k:20k:8");
}

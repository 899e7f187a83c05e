#include "show.h"
#include "ts_units.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *show_figure(enum figure figure, double value, char *buf, size_t size)
{
	const char *unit = figure_row(figure)->unit;

	if (isnan(value))
		snprintf(buf, size, "-");
	else if (strcmp(unit, "ns") == 0)
		ts_units_show_duration((int64_t)llround(value), buf, size);
	else if (strcmp(unit, "us") == 0)
		ts_units_show_duration((int64_t)llround(value * 1000), buf, size);
	else if (strcmp(unit, "bytes") == 0)
		ts_units_show_bytes(value, buf, size);
	else if (strcmp(unit, "0 to 1") == 0)
		snprintf(buf, size, "%.3f", value);
	else if (value < 100 && value != floor(value))
		snprintf(buf, size, "%.2f", value);
	else
		ts_units_show_count(value, buf, size);
	return buf;
}

const char *show_spread(const struct ts_interval *x, char *buf, size_t size)
{
	if (isnan(x->low) || !(x->value > 0))
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%.1f", 50 * (x->high - x->low) / x->value);
	return buf;
}

const char *show_served(const struct cell *cell, char *buf, size_t size)
{
	double served = cell->figures[FIGURE_SERVED].value, n = cell->figures[FIGURE_OPENED].value;

	if (isnan(served) || isnan(n))
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%.0f of %.0f", served, n);
	return buf;
}

const char *show_mode(const struct summary *s, const struct cell *cell, char *buf, size_t size)
{
	const char *name = s->set->modes[cell->mode].name;
	char served[SHOW_MAX];

	if (summary_unserved(cell))
		snprintf(buf, size, "%s (%s)", name, show_served(cell, served, sizeof(served)));
	else
		snprintf(buf, size, "%s", name);
	return buf;
}

const char *show_gap(const struct cell *cell, char *buf, size_t size)
{
	const struct trial *worst = cell->worst;
	int n = 0;

	buf[0] = '\0';
	if (!worst) {
		if (cell->n_trials == 0)
			snprintf(buf, size, "not run");
		else if (cell->remark)
			snprintf(buf, size, "%s", cell->remark);
		return buf;
	}
	if (cell->n_ok > 0)
		n = snprintf(buf, size, "%zu of %zu trials: ", cell->n_trials - cell->n_ok, cell->n_trials);
	snprintf(buf + n, size - (size_t)n, "%s%s%s", trial_status_text(worst->status), worst->reason ? ": " : "",
	         worst->reason ? worst->reason : "");
	return buf;
}

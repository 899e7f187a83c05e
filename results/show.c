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

const char *show_failed(const struct cell *cell, char *buf, size_t size)
{
	buf[0] = '\0';
	if (cell->n_failed > 0)
		snprintf(buf, size, "%.0f of %.0f requests failed%s%s", cell->n_failed, cell->n_requests,
		         cell->failure ? ": " : "", cell->failure ? cell->failure : "");
	return buf;
}

const char *show_unfit(const struct cell *cell, char *buf, size_t size)
{
	char served[SHOW_MAX];

	if (!summary_unserved(cell))
		return show_failed(cell, buf, size);
	snprintf(buf, size, "served %s", show_served(cell, served, sizeof(served)));
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
	char failed[SHOW_MAX], part[SHOW_MAX] = "";
	size_t n;

	show_failed(cell, failed, sizeof(failed));
	if (worst && cell->n_ok > 0)
		snprintf(part, sizeof(part), "%zu of %zu trials: ", cell->n_trials - cell->n_ok, cell->n_trials);
	if (worst)
		snprintf(buf, size, "%s%s%s%s", part, trial_status_text(worst->status), worst->reason ? ": " : "",
		         worst->reason ? worst->reason : "");
	else
		snprintf(buf, size, "%s", cell->n_trials == 0 ? "not run" : cell->remark ? cell->remark : "");
	n = strlen(buf);
	if (failed[0])
		snprintf(buf + n, size - n, "%s%s", n ? "; " : "", failed);
	return buf;
}

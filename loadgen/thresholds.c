#include "thresholds.h"
#include "ts_bounds.h"
#include "ts_units.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const latency_names[] = {"response.", "service.", "connect.", "first_byte."};

static bool parse_percentile(const char *text, double *percentile)
{
	char *end;

	if (text[0] != 'p' || text[1] < '0' || text[1] > '9')
		return false;
	*percentile = strtod(text + 1, &end);
	return *end == '\0' && *percentile > 0 && *percentile <= 100;
}

static bool parse_figure(struct threshold *t, const char *name)
{
	static const struct {
		const char *name;
		enum threshold_figure figure;
	} plain[] = {{"error_rate", FIGURE_ERROR_RATE},
	             {"rate", FIGURE_RATE},
	             {"achieved", FIGURE_ACHIEVED},
	             {"lost", FIGURE_LOST}};

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (strcmp(name, plain[i].name) == 0) {
			t->figure = plain[i].figure;
			return true;
		}
	for (size_t i = 0; i < sizeof(latency_names) / sizeof(*latency_names); i++)
		if (strncmp(name, latency_names[i], strlen(latency_names[i])) == 0) {
			t->latency = (enum threshold_latency)i;
			name += strlen(latency_names[i]);
			break;
		}
	t->figure = strcmp(name, "mean") == 0 ? FIGURE_MEAN : strcmp(name, "max") == 0 ? FIGURE_MAX : FIGURE_PERCENTILE;
	return t->figure != FIGURE_PERCENTILE || parse_percentile(name, &t->percentile);
}

static bool is_time(const struct threshold *t)
{
	return t->figure == FIGURE_PERCENTILE || t->figure == FIGURE_MEAN || t->figure == FIGURE_MAX;
}

static bool parse_bound(struct threshold *t, const char *text)
{
	int64_t ns;

	if (is_time(t)) {
		if (ts_units_duration(text, &ns) < 0 || text[strlen(text) - 1] <= '9') /* a time needs its unit here */
			return false;
		t->bound = (double)ns;
		return true;
	}
	if (t->figure == FIGURE_RATE)
		return ts_units_rate(text, &t->bound) == 0;
	return ts_units_percent(text, &t->bound) == 0;
}

int threshold_parse(struct threshold *t, const char *text, struct ts_err *err)
{
	char copy[96], *at;

	memset(t, 0, sizeof(*t));
	snprintf(copy, sizeof(copy), "%s", text);
	at = strpbrk(copy, "<>");
	if (!at)
		return ts_err_usage(err, THRESHOLD_FORMS);
	t->less = *at == '<';
	*at++ = '\0';
	t->or_equal = *at == '=';
	at += t->or_equal;
	if (!parse_figure(t, copy) || !parse_bound(t, at))
		return ts_err_usage(err, THRESHOLD_FORMS);
	return 0;
}

bool threshold_is_latency(const struct threshold *t)
{
	return is_time(t) && t->less;
}

static double latency_figure(const struct threshold *t, const struct ts_hist *h)
{
	if (t->figure == FIGURE_MEAN)
		return ts_hist_mean(h);
	return (double)(t->figure == FIGURE_MAX ? h->max_ns : ts_hist_percentile(h, t->percentile));
}

/* Where requests were never answered a figure may be a lower bound: such a one shows that a bound from above is missed,
 * and that it holds only where the most that the figure can be holds it. */
static double known_figure(const struct threshold *t, const struct ts_hist *h, const struct ts_hist *unanswered)
{
	double figure;

	if (h->n == 0)
		return NAN;
	figure = latency_figure(t, h);
	if (!t->less || figure > t->bound || !unanswered || unanswered->n == 0)
		return figure;
	if (t->figure != FIGURE_PERCENTILE)
		return NAN; /* the mean and the maximum have no most */
	return threshold_holds(t, (double)ts_bounds_most_ns(h, unanswered, t->percentile)) ? figure : NAN;
}

double threshold_actual(const struct threshold *t, const struct shard *total, double duration_s)
{
	const struct ledger *l = &total->figures;
	const struct ts_hist *latencies[] = {&total->response, &total->service, &total->connect, &total->first_byte};
	const struct ts_hist *unanswered[] = {&total->response_unanswered, &total->service_unanswered, NULL, NULL};

	switch (t->figure) {
	case FIGURE_ERROR_RATE: return l->scheduled ? (double)(l->failed + l->not_sent) / (double)l->scheduled : NAN;
	case FIGURE_RATE: return duration_s > 0 ? (double)l->in_time / duration_s : NAN;
	case FIGURE_ACHIEVED: return l->scheduled ? (double)l->in_time / (double)l->scheduled : NAN;
	case FIGURE_LOST: return l->scheduled ? (double)l->lost / (double)l->scheduled : NAN;
	default: return known_figure(t, latencies[t->latency], unanswered[t->latency]);
	}
}

bool threshold_holds(const struct threshold *t, double actual)
{
	if (isnan(actual))
		return false;
	if (actual == t->bound)
		return t->or_equal;
	return t->less ? actual < t->bound : actual > t->bound;
}

int until_parse(struct until *u, const char *text, struct ts_err *err)
{
	char copy[64], *close;

	snprintf(copy, sizeof(copy), "%s", text);
	close = strstr(copy, ")<");
	if (strncmp(copy, "ci(", 3) != 0 || !close)
		goto wrong;
	*close = '\0';
	if (parse_percentile(copy + 3, &u->percentile) && ts_units_percent(close + 2, &u->bound) == 0 && u->bound > 0)
		return 0;
wrong:
	return ts_err_usage(err, "must be ci(PERCENTILE)<FRACTION, such as ci(p99)<5%%");
}

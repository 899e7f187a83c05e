#include "ts_latency.h"
#include "ts_bounds.h"
#include "ts_json.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct ts_latency ts_latency_of(const struct ts_hist *all, const struct ts_hist *unanswered)
{
	return (struct ts_latency){.all = all,
	                           .unanswered = unanswered,
	                           .min_ns = all->n ? (double)all->min_ns : NAN,
	                           .max_ns = all->n ? (double)all->max_ns : NAN,
	                           .n_overflow = (double)all->n_overflow,
	                           .n_unanswered = unanswered ? (double)unanswered->n : 0,
	                           .knows_unanswered = true};
}

void ts_latency_add_percentile(cJSON *percentiles, const char *name, const struct ts_hist *h, double percent)
{
	ts_json_add_real(percentiles, name, h->n ? (double)ts_hist_percentile(h, percent) : NAN);
}

/* Which of the percentiles may be larger. */
static void add_bounds(cJSON *object, const struct ts_latency *l, const cJSON *percentiles)
{
	const cJSON *percentile;
	cJSON *bounds;

	if (!l->knows_unanswered) {
		ts_json_add_null(object, "lower_bound_from_percentile");
		ts_json_add_null(object, "lower_bounds");
		return;
	}
	ts_json_add_real(object, "lower_bound_from_percentile",
	                 l->unanswered ? ts_bounds_from(l->all, l->unanswered) : NAN);
	bounds = ts_json_add_array(object, "lower_bounds");
	cJSON_ArrayForEach (percentile, percentiles)
		if (l->unanswered && ts_bounds_is_least(l->all, l->unanswered, strtod(percentile->string, NULL)))
			ts_json_add_text(bounds, NULL, percentile->string);
}

static int add_histogram(cJSON *object, const char *name, const struct ts_hist *h)
{
	bool is_empty = !h || h->n == 0;
	char *text = is_empty ? NULL : ts_hist_encode(h);

	ts_json_add_text(object, name, text);
	free(text);
	return text || is_empty ? 0 : -ENOMEM;
}

int ts_latency_add(cJSON *object, const struct ts_latency *l, cJSON *percentiles)
{
	int rc;

	ts_json_add_int(object, "count", (int64_t)l->all->n);
	ts_json_add_real(object, "min_ns", l->min_ns);
	ts_json_add_real(object, "max_ns", l->max_ns);
	ts_json_add_real(object, "mean_ns", ts_hist_mean(l->all));
	ts_json_add_real(object, "stddev_ns", ts_hist_stddev(l->all));
	cJSON_AddItemToObject(object, "percentiles", percentiles);
	ts_json_add_real(object, "overflow_count", l->n_overflow);
	ts_json_add_real(object, "unanswered_count", l->n_unanswered);
	add_bounds(object, l, percentiles);
	rc = add_histogram(object, "histogram", l->all);
	return rc == 0 ? add_histogram(object, "unanswered_histogram", l->unanswered) : rc;
}

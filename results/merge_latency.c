/* Histograms as one: added bucket by bucket, which is bit for bit what one histogram would have recorded. */
#include "merge_inside.h"
#include "ts_bounds.h"
#include "ts_hist.h"
#include "ts_json.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The sums, and what the histograms do not hold. */
struct sum {
	struct ts_hist *all, *unanswered; /* owned */
	double min_ns, max_ns;            /* exact; NaN: no values */
	double n_overflow, n_unanswered;
	bool knows_unanswered; /* each part says which were never answered, or that there are none */
};

static double number(const cJSON *latency, const char *name)
{
	return ts_json_real(latency, name, NAN);
}

static void look_beside(struct sum *sum, const cJSON *latency)
{
	double n_unanswered = number(latency, "unanswered_count");

	sum->min_ns = fmin(sum->min_ns, number(latency, "min_ns")); /* both pass over NaN */
	sum->max_ns = fmax(sum->max_ns, number(latency, "max_ns"));
	sum->n_overflow += number(latency, "overflow_count");
	sum->n_unanswered += n_unanswered;
	if (n_unanswered != 0 && !ts_json_text(latency, "unanswered_histogram", NULL))
		sum->knows_unanswered = false;
}

/* One of a part's histograms, where it has it. */
static int add_part(struct ts_hist *sum, const struct parts *p, size_t i, const char *path, const char *name,
                    struct ts_err *err)
{
	const char *text = ts_json_text(ts_json_at(p->items[i], path), name, NULL);
	struct ts_hist *one;
	char place[MERGE_PATH_MAX];
	int rc;

	if (!text)
		return 0;
	one = ts_hist_new();
	if (!one)
		return ts_err_set(err, ENOMEM, "no memory for a histogram");
	rc = ts_hist_decode(one, text, err);
	if (rc == 0) {
		ts_hist_add(sum, one);
	} else {
		snprintf(place, sizeof(place), "%s.%s", path, name);
		ts_err_prefix(err, rc, place);
		ts_err_prefix(err, rc, p->names[i]);
	}
	ts_hist_free(one);
	return rc;
}

static int add_up(struct sum *sum, const struct parts *p, const char *path, struct ts_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < p->n && rc == 0; i++) {
		const cJSON *latency = ts_json_at(p->items[i], path);

		if (!ts_json_text(latency, "histogram", NULL) && ts_json_int(latency, "count", 0) > 0)
			return ts_err_set(err, EINVAL, "%s: %s.histogram: is null, and so cannot be merged",
			                  p->names[i], path);
		look_beside(sum, latency);
		rc = add_part(sum->all, p, i, path, "histogram", err);
		if (rc == 0)
			rc = add_part(sum->unanswered, p, i, path, "unanswered_histogram", err);
	}
	return rc;
}

static bool same_bucket(double a_ns, int64_t b_ns)
{
	double top_ns = (double)TS_HIST_MAX_NS;

	return a_ns >= 0 &&
	       ts_hist_index((int64_t)fmin(a_ns, top_ns)) == ts_hist_index((int64_t)fmin((double)b_ns, top_ns));
}

/* Decoded, it knows its extremes only as far as its buckets, and not what was above its top. */
static void know_extremes(const struct sum *sum)
{
	if (same_bucket(sum->min_ns, sum->all->min_ns))
		sum->all->min_ns = (int64_t)sum->min_ns;
	if (same_bucket(sum->max_ns, sum->all->max_ns))
		sum->all->max_ns = (int64_t)sum->max_ns;
	if (sum->n_overflow > 0 && sum->n_overflow <= (double)sum->all->n)
		sum->all->n_overflow = (uint64_t)sum->n_overflow;
}

/* Every percentile that any part has, of the sum. */
static void add_percentiles(cJSON *latency, const struct parts *p, const char *path, const struct ts_hist *sum)
{
	cJSON *percentiles = ts_json_add_object(latency, "percentiles");
	const cJSON *name;
	char place[MERGE_PATH_MAX];

	snprintf(place, sizeof(place), "%s.percentiles", path);
	for (size_t i = 0; i < p->n; i++)
		cJSON_ArrayForEach (name, ts_json_at(p->items[i], place)) {
			double percent = strtod(name->string, NULL);

			if (!cJSON_GetObjectItemCaseSensitive(percentiles, name->string))
				ts_json_add_real(percentiles, name->string,
				                 sum->n ? (double)ts_hist_percentile(sum, percent) : NAN);
		}
}

/* Which of the percentiles may be larger. */
static void add_bounds(cJSON *latency, const struct sum *sum)
{
	ts_json_add_real(latency, "unanswered_count", sum->n_unanswered);
	if (!sum->knows_unanswered) {
		ts_json_add_null(latency, "lower_bound_from_percentile");
		ts_json_add_null(latency, "lower_bounds");
		return;
	}
	ts_bounds_add(latency, sum->all, sum->unanswered);
}

static int add_histogram(cJSON *latency, const char *name, const struct ts_hist *h, struct ts_err *err)
{
	char *text = h->n > 0 ? ts_hist_encode(h) : NULL;
	int rc = h->n > 0 && !text ? ts_err_set(err, ENOMEM, "no memory for a histogram") : 0;

	ts_json_add_text(latency, name, text);
	free(text);
	return rc;
}

static bool all_have(const struct parts *p, const char *path)
{
	for (size_t i = 0; i < p->n; i++)
		if (!cJSON_IsObject(ts_json_at(p->items[i], path)))
			return false;
	return true;
}

/* No confidence_95: it needs the batches in which the values came. */
static int add_latency(cJSON *object, const char *name, const struct parts *p, const char *path, const struct sum *sum,
                       struct ts_err *err)
{
	cJSON *latency = ts_json_add_object(object, name);
	int rc;

	ts_json_add_int(latency, "count", (int64_t)sum->all->n);
	ts_json_add_real(latency, "min_ns", sum->min_ns);
	ts_json_add_real(latency, "max_ns", sum->max_ns);
	ts_json_add_real(latency, "mean_ns", ts_hist_mean(sum->all));
	ts_json_add_real(latency, "stddev_ns", ts_hist_stddev(sum->all));
	add_percentiles(latency, p, path, sum->all);
	ts_json_add_real(latency, "overflow_count", sum->n_overflow);
	add_bounds(latency, sum);
	rc = add_histogram(latency, "histogram", sum->all, err);
	return rc == 0 ? add_histogram(latency, "unanswered_histogram", sum->unanswered, err) : rc;
}

static int merge_sums(cJSON *object, const char *name, const struct parts *p, const char *path, struct sum *sum,
                      struct ts_err *err)
{
	int rc = add_up(sum, p, path, err);

	if (rc < 0)
		return rc;
	know_extremes(sum);
	return add_latency(object, name, p, path, sum, err);
}

/* A latency that some parts did not measure is left out. */
int merge_latency(cJSON *object, const char *name, const struct parts *p, const char *path, struct ts_err *err)
{
	struct sum sum = {.min_ns = NAN, .max_ns = NAN, .knows_unanswered = true};
	int rc;

	if (!all_have(p, path))
		return 0;
	sum.all = ts_hist_new();
	sum.unanswered = ts_hist_new();
	rc = sum.all && sum.unanswered ? merge_sums(object, name, p, path, &sum, err)
	                               : ts_err_set(err, ENOMEM, "no memory for a histogram");
	ts_hist_free(sum.all);
	ts_hist_free(sum.unanswered);
	return rc;
}

/* The send lag comes without a histogram: what is left of it is how many and the latest. */
int merge_lag(cJSON *object, const char *name, const struct parts *p, const char *path, struct ts_err *err)
{
	double n = 0, max_ns = NAN;
	cJSON *lag, *percentiles;
	const cJSON *percentile;
	char place[MERGE_PATH_MAX];

	(void)err;
	if (!all_have(p, path)) {
		ts_json_add_null(object, name);
		return 0;
	}
	for (size_t i = 0; i < p->n; i++) {
		n += number(ts_json_at(p->items[i], path), "count");
		max_ns = fmax(max_ns, number(ts_json_at(p->items[i], path), "max_ns"));
	}
	lag = ts_json_add_object(object, name);
	ts_json_add_real(lag, "count", n);
	ts_json_add_real(lag, "max_ns", max_ns);
	percentiles = ts_json_add_object(lag, "percentiles");
	snprintf(place, sizeof(place), "%s.percentiles", path);
	cJSON_ArrayForEach (percentile, ts_json_at(p->items[0], place))
		ts_json_add_null(percentiles, percentile->string);
	return 0;
}

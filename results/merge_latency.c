/* Histograms as one: added bucket by bucket, which is bit for bit what one histogram would have recorded. */
#include "merge_inside.h"
#include "ts_hist.h"
#include "ts_json.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* What the histograms do not hold, over all parts. */
struct beside {
	double min_ns, max_ns; /* exact; NaN: no values */
	double n_overflow, n_unanswered;
	int64_t least_unanswered_ns; /* of the shortest wait without an answer, the bucket's low end; INT64_MAX: none */
};

static double number(const cJSON *latency, const char *name)
{
	return ts_json_real(latency, name, NAN);
}

/*
 * The percentile from which on a part's values are lower bounds tells the bucket of its shortest wait: the one that
 * holds the next value.
 */
static int64_t least_unanswered(const struct ts_hist *h, double bound_percentile)
{
	uint64_t n_below = (uint64_t)llround(bound_percentile / 100 * (double)h->n), seen = 0;

	for (unsigned i = 0; i < TS_HIST_BUCKETS; i++)
		if ((seen += h->counts[i]) > n_below)
			return ts_hist_bucket_low(i);
	return INT64_MAX;
}

static void look_beside(struct beside *all, const cJSON *latency, const struct ts_hist *one)
{
	double bound = number(latency, "lower_bound_from_percentile");
	int64_t least_ns = isnan(bound) ? INT64_MAX : least_unanswered(one, bound);

	all->min_ns = fmin(all->min_ns, number(latency, "min_ns")); /* both pass over NaN */
	all->max_ns = fmax(all->max_ns, number(latency, "max_ns"));
	all->n_overflow += number(latency, "overflow_count");
	all->n_unanswered += number(latency, "unanswered_count");
	if (least_ns < all->least_unanswered_ns)
		all->least_unanswered_ns = least_ns;
}

static int add_part(struct ts_hist *sum, struct beside *all, struct ts_hist *one, const struct parts *p, size_t i,
                    const char *path, struct ts_err *err)
{
	const cJSON *latency = ts_json_at(p->items[i], path);
	const char *text = ts_json_text(latency, "histogram", NULL);
	char place[MERGE_PATH_MAX];

	snprintf(place, sizeof(place), "%s.histogram", path);
	ts_hist_reset(one);
	if (!text && ts_json_int(latency, "count", 0) > 0)
		return ts_err_set(err, EINVAL, "%s: %s: is null, and so cannot be merged", p->names[i], place);
	if (text && ts_hist_decode(one, text, err) < 0) {
		ts_err_prefix(err, -EINVAL, place);
		return ts_err_prefix(err, -EINVAL, p->names[i]);
	}
	look_beside(all, latency, one);
	ts_hist_add(sum, one);
	return 0;
}

static int add_up(struct ts_hist *sum, struct beside *all, const struct parts *p, const char *path, struct ts_err *err)
{
	struct ts_hist *one = ts_hist_new();
	int rc = one ? 0 : ts_err_set(err, ENOMEM, "no memory for a histogram");

	for (size_t i = 0; i < p->n && rc == 0; i++)
		rc = add_part(sum, all, one, p, i, path, err);
	ts_hist_free(one);
	return rc;
}

static bool same_bucket(double a_ns, int64_t b_ns)
{
	double top_ns = (double)TS_HIST_MAX_NS;

	return a_ns >= 0 &&
	       ts_hist_index((int64_t)fmin(a_ns, top_ns)) == ts_hist_index((int64_t)fmin((double)b_ns, top_ns));
}

/* Decoded, it knows its extremes only as far as its buckets, and not what was above its top. */
static void know_extremes(struct ts_hist *sum, const struct beside *all)
{
	if (same_bucket(all->min_ns, sum->min_ns))
		sum->min_ns = (int64_t)all->min_ns;
	if (same_bucket(all->max_ns, sum->max_ns))
		sum->max_ns = (int64_t)all->max_ns;
	if (all->n_overflow > 0 && all->n_overflow <= (double)sum->n)
		sum->n_overflow = (uint64_t)all->n_overflow;
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

static double bound_of(const struct ts_hist *sum, const struct beside *all)
{
	if (sum->n == 0 || all->least_unanswered_ns == INT64_MAX)
		return NAN;
	return 100.0 * (double)(sum->n - ts_hist_count_above(sum, all->least_unanswered_ns - 1)) / (double)sum->n;
}

static bool all_have(const struct parts *p, const char *path)
{
	for (size_t i = 0; i < p->n; i++)
		if (!cJSON_IsObject(ts_json_at(p->items[i], path)))
			return false;
	return true;
}

static void add_latency(cJSON *object, const char *name, const struct parts *p, const char *path,
                        const struct ts_hist *sum, const struct beside *all, const char *text)
{
	cJSON *latency = ts_json_add_object(object, name);

	ts_json_add_int(latency, "count", (int64_t)sum->n);
	ts_json_add_real(latency, "min_ns", all->min_ns);
	ts_json_add_real(latency, "max_ns", all->max_ns);
	ts_json_add_real(latency, "mean_ns", ts_hist_mean(sum));
	ts_json_add_real(latency, "stddev_ns", ts_hist_stddev(sum));
	add_percentiles(latency, p, path, sum);
	ts_json_add_real(latency, "overflow_count", all->n_overflow);
	ts_json_add_real(latency, "unanswered_count", all->n_unanswered);
	ts_json_add_real(latency, "lower_bound_from_percentile", bound_of(sum, all));
	ts_json_add_text(latency, "histogram",
	                 text); /* no confidence_95: it needs the batches in which the values came */
}

/* A latency that some parts did not measure is left out. */
int merge_latency(cJSON *object, const char *name, const struct parts *p, const char *path, struct ts_err *err)
{
	struct beside all = {.min_ns = NAN, .max_ns = NAN, .least_unanswered_ns = INT64_MAX};
	struct ts_hist *sum;
	char *text = NULL;
	int rc;

	if (!all_have(p, path))
		return 0;
	sum = ts_hist_new();
	rc = sum ? add_up(sum, &all, p, path, err) : ts_err_set(err, ENOMEM, "no memory for a histogram");
	if (rc == 0 && sum->n > 0 && !(text = ts_hist_encode(sum)))
		rc = ts_err_set(err, ENOMEM, "no memory for a histogram");
	if (rc == 0) {
		know_extremes(sum, &all);
		add_latency(object, name, p, path, sum, &all, text);
	}
	free(text);
	ts_hist_free(sum);
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

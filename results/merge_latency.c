/* Histograms as one: added bucket by bucket, which is bit for bit what one histogram would have recorded. */
#include "merge_inside.h"
#include "ts_hist.h"
#include "ts_json.h"
#include "ts_latency.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The sums; `latency` points at them, and holds what they do not. */
struct sum {
	struct ts_hist *all, *unanswered; /* owned */
	struct ts_latency latency;
};

static double number(const cJSON *latency, const char *name)
{
	return ts_json_real(latency, name, NAN);
}

static void look_beside(struct ts_latency *sum, const cJSON *latency)
{
	double n_unanswered = number(latency, "unanswered_count");

	sum->min_ns = fmin(sum->min_ns, number(latency, "min_ns")); /* both pass over NaN */
	sum->max_ns = fmax(sum->max_ns, number(latency, "max_ns"));
	sum->n_overflow += number(latency, "overflow_count");
	sum->n_unanswered += n_unanswered;
	/* each part says which were never answered, or that there are none */
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
		look_beside(&sum->latency, latency);
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
static void know_extremes(struct ts_hist *all, const struct ts_latency *exact)
{
	if (same_bucket(exact->min_ns, all->min_ns))
		all->min_ns = (int64_t)exact->min_ns;
	if (same_bucket(exact->max_ns, all->max_ns))
		all->max_ns = (int64_t)exact->max_ns;
	if (exact->n_overflow > 0 && exact->n_overflow <= (double)all->n)
		all->n_overflow = (uint64_t)exact->n_overflow;
}

/* Every percentile that any part has, of the sum. Owned. */
static cJSON *percentiles_of(const struct ts_hist *sum, const struct parts *p, const char *path)
{
	cJSON *percentiles = cJSON_CreateObject();
	const cJSON *name;
	char place[MERGE_PATH_MAX];

	snprintf(place, sizeof(place), "%s.percentiles", path);
	for (size_t i = 0; i < p->n; i++)
		cJSON_ArrayForEach (name, ts_json_at(p->items[i], place))
			if (!cJSON_GetObjectItemCaseSensitive(percentiles, name->string))
				ts_latency_add_percentile(percentiles, name->string, sum, strtod(name->string, NULL));
	return percentiles;
}

static bool all_have(const struct parts *p, const char *path)
{
	for (size_t i = 0; i < p->n; i++)
		if (!cJSON_IsObject(ts_json_at(p->items[i], path)))
			return false;
	return true;
}

/* No confidence_95: it needs the batches in which the values came. */
static int merge_sums(cJSON *object, const struct parts *p, const char *path, struct sum *sum, struct ts_err *err)
{
	int rc = add_up(sum, p, path, err);

	if (rc < 0)
		return rc;
	know_extremes(sum->all, &sum->latency);
	rc = ts_latency_add(object, &sum->latency, percentiles_of(sum->all, p, path));
	return rc < 0 ? ts_err_set(err, -rc, "no memory for a histogram") : 0;
}

/* A latency that some parts did not measure is left out. */
int merge_latency(cJSON *object, const char *name, const struct parts *p, const char *path, struct ts_err *err)
{
	struct sum sum = {.all = ts_hist_new(), .unanswered = ts_hist_new()};
	int rc = 0;

	if (!sum.all || !sum.unanswered) {
		rc = ts_err_set(err, ENOMEM, "no memory for a histogram");
	} else if (all_have(p, path)) {
		sum.latency = ts_latency_of(sum.all, sum.unanswered);
		rc = merge_sums(ts_json_add_object(object, name), p, path, &sum, err);
	}
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

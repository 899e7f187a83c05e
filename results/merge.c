#include "merge.h"
#include "ts_hist.h"
#include "ts_json.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parts {
	const cJSON *const *items;
	const char *const *names;
	size_t n;
};

/* How the values at one path become one. Any unknown among them makes the result unknown. */
enum fold { SUM, LEAST, MOST };

static double fold(const struct parts *p, const char *path, enum fold how)
{
	double result = ts_json_real(p->items[0], path, NAN);

	for (size_t i = 1; i < p->n; i++) {
		double value = ts_json_real(p->items[i], path, NAN);

		if (isnan(value) || isnan(result))
			return NAN;
		result = how == SUM ? result + value : how == LEAST ? fmin(result, value) : fmax(result, value);
	}
	return result;
}

static void add_folded(cJSON *object, const struct parts *p, const char *folder, const char *name, enum fold how)
{
	char path[128];

	snprintf(path, sizeof(path), "%s.%s", folder, name);
	ts_json_add_real(object, name, fold(p, path, how));
}

/* Every number of a folder, by its names in the first part: so that fields of later versions are added up, too. */
static void add_all(cJSON *object, const struct parts *p, const char *folder)
{
	const cJSON *member;

	cJSON_ArrayForEach (member, ts_json_at(p->items[0], folder)) {
		if (cJSON_IsNumber(member) || cJSON_IsNull(member))
			add_folded(object, p, folder, member->string, SUM);
	}
}

/* --- latencies ---------------------------------------------------------------------------------------------------- */

static int add_histograms(const struct parts *p, const char *path, struct ts_hist *sum, struct ts_err *err)
{
	struct ts_hist *one = ts_hist_new();
	int rc = one ? 0 : ts_err_set(err, ENOMEM, "no memory for a histogram");
	char place[96];

	snprintf(place, sizeof(place), "%s.histogram", path);
	for (size_t i = 0; i < p->n && rc == 0; i++) {
		const cJSON *latency = ts_json_at(p->items[i], path);
		const char *text = ts_json_text(latency, "histogram", NULL);

		if (text && ts_hist_decode(one, text, err) < 0) {
			ts_err_prefix(err, -EINVAL, place);
			rc = ts_err_prefix(err, -EINVAL, p->names[i]);
		} else if (text) {
			ts_hist_add(sum, one);
		} else if (ts_json_int(latency, "count", 0) > 0) {
			rc = ts_err_set(err, EINVAL, "%s: %s: is null, and so cannot be merged", p->names[i], place);
		}
	}
	ts_hist_free(one);
	return rc;
}

/* The percentiles that the first part has, of the sum. */
static void add_percentiles(cJSON *latency, const struct parts *p, const char *path, const struct ts_hist *sum)
{
	cJSON *percentiles = ts_json_add_object(latency, "percentiles");
	const cJSON *name;
	char place[96];

	snprintf(place, sizeof(place), "%s.percentiles", path);
	for (size_t i = 0; i < p->n && sum->n > 0; i++) {
		cJSON_ArrayForEach (name, ts_json_at(p->items[i], place)) {
			if (!cJSON_GetObjectItemCaseSensitive(percentiles, name->string))
				ts_json_add_int(percentiles, name->string,
				                ts_hist_percentile(sum, strtod(name->string, NULL)));
		}
	}
}

/* Exact extremes: the histograms know them only as far as their buckets. A part without values has none. */
static double extreme(const struct parts *p, const char *path, const char *name, enum fold how)
{
	double result = NAN;
	char place[96];

	snprintf(place, sizeof(place), "%s.%s", path, name);
	for (size_t i = 0; i < p->n; i++) {
		double value = ts_json_real(p->items[i], place, NAN);

		result = how == LEAST ? fmin(result, value) : fmax(result, value); /* both pass over NaN */
	}
	return result;
}

/* So that no percentile of the sum is beyond them: decoded, it knows its own only as far as its buckets, too. */
static void know_extremes(struct ts_hist *sum, double min_ns, double max_ns)
{
	if (min_ns >= 0 && ts_hist_index((int64_t)min_ns) == ts_hist_index(sum->min_ns))
		sum->min_ns = (int64_t)min_ns;
	if (max_ns >= 0 && max_ns < (double)TS_HIST_MAX_NS &&
	    ts_hist_index((int64_t)max_ns) == ts_hist_index(sum->max_ns))
		sum->max_ns = (int64_t)max_ns;
}

static int add_latency(cJSON *object, const char *name, const struct parts *p, const char *path, struct ts_err *err)
{
	struct ts_hist *sum = ts_hist_new();
	cJSON *latency = ts_json_add_object(object, name);
	double min_ns = extreme(p, path, "min_ns", LEAST), max_ns = extreme(p, path, "max_ns", MOST);
	char *text = NULL;
	int rc = sum ? add_histograms(p, path, sum, err) : ts_err_set(err, ENOMEM, "no memory for a histogram");

	if (sum && rc == 0 && sum->n > 0 && !(text = ts_hist_encode(sum)))
		rc = ts_err_set(err, ENOMEM, "no memory for a histogram");
	if (sum && rc == 0) {
		ts_json_add_int(latency, "count", (int64_t)sum->n);
		know_extremes(sum, min_ns, max_ns);
		ts_json_add_real(latency, "min_ns", min_ns);
		ts_json_add_real(latency, "max_ns", max_ns);
		ts_json_add_real(latency, "mean_ns", ts_hist_mean(sum));
		ts_json_add_real(latency, "stddev_ns", ts_hist_stddev(sum));
		add_percentiles(latency, p, path, sum);
		ts_json_add_text(latency, "histogram", text);
	}
	free(text);
	ts_hist_free(sum);
	return rc;
}

static int add_latencies(cJSON *root, const struct parts *p, struct ts_err *err)
{
	cJSON *object = ts_json_add_object(root, "latency");
	const cJSON *member;
	int rc = 0;

	cJSON_ArrayForEach (member, ts_json_at(p->items[0], "latency")) {
		char path[96];

		snprintf(path, sizeof(path), "latency.%s", member->string);
		if (rc == 0 && ts_json_at(member, "percentiles"))
			rc = add_latency(object, member->string, p, path, err);
	}
	return rc;
}

/* --- the rest ----------------------------------------------------------------------------------------------------- */

/* How long a part was measured: what its count and its rate say. NaN for a part without a rate. */
static double measured_s(const cJSON *part)
{
	return ts_json_real(part, "requests.completed", NAN) / ts_json_real(part, "throughput.requests_per_s", NAN);
}

/* A rate over the whole time: the parts' rates, each for as long as it held. */
static double rate_over_all(const struct parts *p, const char *path)
{
	double amount = 0, all_s = 0;

	for (size_t i = 0; i < p->n; i++) {
		double part_s = measured_s(p->items[i]);

		amount += ts_json_real(p->items[i], path, NAN) * part_s;
		all_s += part_s;
	}
	return amount / all_s;
}

static void add_throughput(cJSON *root, const struct parts *p)
{
	static const char *const rates[] = {"requests_per_s", "sent_bytes_per_s", "received_bytes_per_s",
	                                    "offered_per_s"};
	cJSON *object = ts_json_add_object(root, "throughput");

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "throughput.%s", rates[i]);
		ts_json_add_real(object, rates[i], rate_over_all(p, path));
	}
	ts_json_add_real(object, "achieved_ratio",
	                 ts_json_real(object, "requests_per_s", NAN) / ts_json_real(object, "offered_per_s", NAN));
}

static void add_error(cJSON *errors, const cJSON *error)
{
	const char *class = ts_json_text(error, "class", "");
	cJSON *known;

	cJSON_ArrayForEach (known, errors) {
		if (strcmp(ts_json_text(known, "class", ""), class) == 0) {
			cJSON_SetNumberValue(cJSON_GetObjectItem(known, "count"),
			                     ts_json_real(known, "count", 0) + ts_json_real(error, "count", 0));
			return;
		}
	}
	cJSON_AddItemToArray(errors, cJSON_Duplicate(error, 1));
}

static void add_errors(cJSON *root, const struct parts *p)
{
	cJSON *errors = ts_json_add_array(root, "errors");
	const cJSON *error;

	for (size_t i = 0; i < p->n; i++)
		cJSON_ArrayForEach (error, ts_json_at(p->items[i], "errors"))
			add_error(errors, error);
}

/* One run after the other, on one axis of time. */
static void add_series(cJSON *root, const struct parts *p)
{
	cJSON *series = ts_json_add_array(root, "series");
	double begin_s = 0;
	const cJSON *interval;

	for (size_t i = 0; i < p->n; i++) {
		double end_s = begin_s;

		cJSON_ArrayForEach (interval, ts_json_at(p->items[i], "series")) {
			cJSON *copy = cJSON_Duplicate(interval, 1);
			double at_s = begin_s + ts_json_real(interval, "at_s", 0);

			cJSON_SetNumberValue(cJSON_GetObjectItem(copy, "at_s"), at_s);
			cJSON_AddItemToArray(series, copy);
			end_s = fmax(end_s, at_s + ts_json_real(interval, "duration_s", 0));
		}
		begin_s = end_s;
	}
}

static void add_generator(cJSON *root, const struct parts *p)
{
	cJSON *object = ts_json_add_object(root, "generator");

	add_folded(object, p, "generator", "cpu_user_s", SUM);
	add_folded(object, p, "generator", "cpu_system_s", SUM);
	add_folded(object, p, "generator", "max_rss_bytes", MOST);
	if (!ts_json_text(p->items[0], "generator.send_lag.histogram", NULL) ||
	    add_latency(object, "send_lag", p, "generator.send_lag", NULL) < 0) {
		cJSON_DeleteItemFromObject(object, "send_lag");
		ts_json_add_null(object, "send_lag");
	}
}

static void add_server(cJSON *root, const struct parts *p)
{
	static const char *const sums[] = {"cpu_user_s", "cpu_system_s", "switches_voluntary_count",
	                                   "switches_involuntary_count", "tcp_retransmits_count"};
	static const char *const peaks[] = {"peak_rss_bytes", "descriptors_count", "threads_count", "processes_count"};
	cJSON *object;

	for (size_t i = 0; i < p->n; i++)
		if (!cJSON_IsObject(ts_json_at(p->items[i], "server"))) {
			ts_json_add_null(root, "server");
			return;
		}
	object = ts_json_add_object(root, "server");
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		add_folded(object, p, "server", sums[i], SUM);
	for (size_t i = 0; i < sizeof(peaks) / sizeof(peaks[0]); i++)
		add_folded(object, p, "server", peaks[i], MOST);
}

/* As bad as the worst part, with the reasons of all. */
static void add_validity(cJSON *root, const struct parts *p)
{
	static const char *const verdicts[] = {"valid", "suspect", "invalid"};
	cJSON *object = ts_json_add_object(root, "validity"), *reasons;
	const cJSON *reason;
	int worst = 0;
	char text[512];

	for (size_t i = 0; i < p->n; i++)
		for (int v = 1; v < 3; v++)
			if (strcmp(ts_json_text(p->items[i], "validity.verdict", ""), verdicts[v]) == 0 && v > worst)
				worst = v;
	ts_json_add_text(object, "verdict", verdicts[worst]);
	reasons = ts_json_add_array(object, "reasons");
	for (size_t i = 0; i < p->n; i++)
		cJSON_ArrayForEach (reason, ts_json_at(p->items[i], "validity.reasons")) {
			snprintf(text, sizeof(text), "%s: %s", p->names[i], cJSON_GetStringValue(reason));
			cJSON_AddItemToArray(reasons, cJSON_CreateString(text));
		}
}

static void add_head(cJSON *root, const struct parts *p)
{
	const cJSON *first = p->items[0];
	cJSON *files;
	bool partial = false;

	for (size_t i = 0; i < p->n; i++)
		partial = partial || ts_json_bool(p->items[i], "partial", false);
	ts_json_add_text(root, "schema", "tsbench.load/1");
	cJSON_AddItemToObject(root, "target", cJSON_Duplicate(ts_json_at(first, "target"), 1));
	cJSON_AddItemToObject(root, "plan", cJSON_Duplicate(ts_json_at(first, "plan"), 1));
	cJSON_AddItemToObject(root, "host", cJSON_Duplicate(ts_json_at(first, "host"), 1));
	ts_json_add_text(root, "started_at", ts_json_text(first, "started_at", NULL));
	ts_json_add_bool(root, "partial", partial);
	files = ts_json_add_array(root, "merged_from");
	for (size_t i = 0; i < p->n; i++)
		cJSON_AddItemToArray(files, cJSON_CreateString(p->names[i]));
}

cJSON *merge_results(const cJSON *const *parts, const char *const *names, size_t n, struct ts_err *err)
{
	const struct parts p = {.items = parts, .names = names, .n = n};
	cJSON *root = cJSON_CreateObject(), *connections, *fairness;

	add_head(root, &p);
	add_all(ts_json_add_object(root, "requests"), &p, "requests");
	connections = ts_json_add_object(root, "connections");
	add_all(connections, &p, "connections");
	cJSON_SetNumberValue(cJSON_GetObjectItem(connections, "peak_open"), fold(&p, "connections.peak_open", MOST));
	add_errors(root, &p);
	add_throughput(root, &p);
	fairness = ts_json_add_object(root, "fairness");
	ts_json_add_null(fairness, "jain"); /* not to be had from the parts' indices */
	add_folded(fairness, &p, "fairness", "min_per_connection", LEAST);
	add_folded(fairness, &p, "fairness", "max_per_connection", MOST);
	add_series(root, &p);
	add_generator(root, &p);
	add_server(root, &p);
	add_validity(root, &p);
	ts_json_add_array(root, "thresholds");
	if (add_latencies(root, &p, err) < 0) {
		cJSON_Delete(root);
		return NULL;
	}
	return root;
}

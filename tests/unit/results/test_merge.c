/* Merged is as good as recorded in one histogram, bit for bit; what cannot be known is null. */
#include "document.h"
#include "merge.h"
#include "ts_hist.h"
#include "ts_json.h"
#include "ts_random.h"
#include "unit.h"
#include <stdio.h>

static const char text[] =
        "{\"schema\":\"tsbench.load/1\",\"target\":\"tcp://"
        "x\",\"plan\":{},\"host\":{\"kernel\":null,\"cpu_model\":null,"
        "\"cores_count\":2,\"limits\":null},\"started_at\":\"2026-11-22T10:30:00Z\",\"partial\":false,"
        "\"requests\":{\"scheduled\":%d,\"not_sent\":0,\"completed\":%d,\"failed\":0,\"in_flight_at_end\":0,\"timed_"
        "out\":0,"
        "\"mismatched\":0,\"late\":0,\"duplicated\":0,\"reordered\":0,\"lost\":0},"
        "\"connections\":{\"attempted\":4,\"opened\":4,\"failed\":0,\"peak_open\":4,\"served\":4},"
        "\"errors\":[{\"class\":\"reset\",\"count\":2,\"first_at_s\":0,\"last_at_s\":1,\"example\":null}],"
        "\"throughput\":{\"requests_per_s\":%d,\"sent_bytes_per_s\":10,\"received_bytes_per_s\":20,\"offered_per_s\":"
        "null,"
        "\"achieved_ratio\":null},\"latency\":{\"response\":%s,\"service\":%s,\"connect\":{\"count\":0,\"min_ns\":null,"
        "\"max_ns\":null,\"mean_ns\":null,\"stddev_ns\":null,\"percentiles\":{},\"histogram\":null}},"
        "\"fairness\":{\"jain\":0.5,\"min_per_connection\":%d,\"max_per_connection\":9},"
        "\"series\":[{\"at_s\":0,\"duration_s\":1,\"scheduled\":1,\"completed\":1,\"failed\":0,\"open_count\":1,"
        "\"response\":"
        "{\"count\":0,\"p50_ns\":null,\"p90_ns\":null,\"p99_ns\":null,\"max_ns\":null},\"histogram\":null,\"server\":"
        "null}],"
        "\"generator\":{\"cpu_user_s\":1,\"cpu_system_s\":1,\"max_rss_bytes\":%d,\"send_lag\":{\"percentiles\":{\"50\":"
        "5}}},"
        "\"server\":%s,\"validity\":{\"verdict\":\"%s\",\"reasons\":[]},\"thresholds\":[]}";

static const char server[] =
        "{\"cpu_user_s\":1,\"cpu_system_s\":2,\"peak_rss_bytes\":5,\"descriptors_count\":6,\"threads_count\":1,"
        "\"processes_count\":1,\"switches_voluntary_count\":1,\"switches_involuntary_count\":1,"
        "\"tcp_retransmits_count\":null}";

static char *latency_text(const struct ts_hist *h)
{
	char *encoded = ts_hist_encode(h), *out = NULL;

	assert_true(asprintf(&out,
	                     "{\"count\":%d,\"min_ns\":%lld,\"max_ns\":%lld,\"mean_ns\":1,\"stddev_ns\":1,"
	                     "\"percentiles\":{\"50\":1,\"99.9\":2,\"99.999\":3},\"overflow_count\":%d,\"histogram\":"
	                     "\"%s\"}",
	                     (int)h->n, (long long)h->min_ns, (long long)h->max_ns, (int)h->n_overflow, encoded) > 0);
	free(encoded);
	return out;
}

static cJSON *result(const struct ts_hist *h, int n, int rate, const char *server_text, const char *verdict)
{
	char *latency = latency_text(h), *all = NULL;
	struct ts_err err = {0};
	cJSON *root;

	assert_true(asprintf(&all, text, n, n, rate, latency, latency, n % 7, n, server_text, verdict) > 0);
	root = cJSON_Parse(all);
	assert_non_null(root);
	if (document_check(root, "load", &err) < 0)
		fail_msg("%s", err.text);
	free(latency);
	free(all);
	return root;
}

static const char *const names[] = {"a.json", "b.json"};

static void test_bit_identical(void **state)
{
	struct ts_hist *a = ts_hist_new(), *b = ts_hist_new(), *both = ts_hist_new();
	struct ts_random *random = ts_random_new(3);
	struct ts_err err = {0};

	(void)state;
	for (int i = 0; i < 5000; i++) {
		int64_t ns = (int64_t)ts_random_lognormal(random, 11, 2);

		ts_hist_record(i % 3 ? a : b, ns);
		ts_hist_record(both, ns);
	}
	ts_hist_record(b, 2 * TS_HIST_MAX_NS);
	ts_hist_record(both, 2 * TS_HIST_MAX_NS);
	cJSON *parts[2] = {result(a, (int)a->n, 1000, server, "valid"), result(b, (int)b->n, 3000, server, "suspect")};
	cJSON *merged = merge_results((const cJSON *const *)parts, names, 2, &err);
	char *expected = ts_hist_encode(both);

	assert_non_null(merged);
	assert_int_equal(document_check(merged, "load", &err), 0);
	assert_string_equal(ts_json_text(merged, "latency.response.histogram", ""), expected);
	assert_int_equal(ts_json_int(merged, "latency.response.percentiles.50", 0), ts_hist_percentile(both, 50));
	assert_int_equal(ts_json_int(merged, "latency.response.percentiles.\"99.9\"", 0),
	                 ts_hist_percentile(both, 99.9));
	/* the last one: exact, and not the end of its bucket */
	assert_int_equal(ts_json_int(merged, "latency.response.percentiles.\"99.999\"", 0), both->max_ns);
	assert_int_equal(ts_json_int(merged, "latency.response.min_ns", 0), both->min_ns);
	assert_int_equal(ts_json_int(merged, "latency.response.max_ns", 0), both->max_ns);
	assert_true(ts_json_real(merged, "latency.response.mean_ns", 0) == ts_hist_mean(both));
	assert_true(ts_json_real(merged, "latency.response.stddev_ns", 0) == ts_hist_stddev(both));
	assert_int_equal(ts_json_int(merged, "latency.response.overflow_count", 0), 1);
	assert_int_equal(ts_json_int(merged, "requests.completed", 0), 5001);
	free(expected);
	cJSON_Delete(merged);
	cJSON_Delete(parts[0]);
	cJSON_Delete(parts[1]);
	ts_random_free(random);
	ts_hist_free(a);
	ts_hist_free(b);
	ts_hist_free(both);
}

static void test_the_rest(void **state)
{
	struct ts_hist *h = ts_hist_new();
	struct ts_err err = {0};

	(void)state;
	ts_hist_record(h, 100);
	/* 1,000 requests in 1 s and 1,000 in 4 s: 400/s over all, not 625 */
	cJSON *parts[2] = {result(h, 1000, 1000, server, "valid"), result(h, 1000, 250, "null", "suspect")};
	cJSON *merged = merge_results((const cJSON *const *)parts, names, 2, &err);

	assert_non_null(merged);
	assert_true(ts_json_real(merged, "throughput.requests_per_s", 0) == 400);
	assert_true(cJSON_IsNull(ts_json_at(merged, "throughput.offered_per_s")));
	assert_true(cJSON_IsNull(ts_json_at(merged, "server")));
	assert_true(cJSON_IsNull(ts_json_at(merged, "fairness.jain")));
	assert_true(cJSON_IsNull(ts_json_at(merged, "generator.send_lag.percentiles.50"))); /* it has no histogram */
	assert_int_equal(ts_json_int(merged, "connections.opened", 0), 8);
	assert_int_equal(ts_json_int(merged, "connections.peak_open", 0), 4);
	assert_int_equal(ts_json_int(merged, "errors[0].count", 0), 4);
	assert_null(ts_json_at(merged, "errors[1]"));
	assert_true(ts_json_real(merged, "series[1].at_s", 0) == 1);
	assert_string_equal(ts_json_text(merged, "validity.verdict", ""), "suspect");
	cJSON_Delete(merged);
	cJSON_Delete(parts[0]);
	cJSON_Delete(parts[1]);
	ts_hist_free(h);
}

/* What a part has beside the fields of the text above. */
static void give(cJSON *part, const char *name, const char *json)
{
	cJSON *value = cJSON_Parse(json);

	assert_non_null(value);
	cJSON_DeleteItemFromObjectCaseSensitive(part, name);
	cJSON_AddItemToObject(part, name, value);
}

static cJSON *member(cJSON *part, const char *path)
{
	return (cJSON *)ts_json_at(part, path);
}

/* Catches: fields that the merge forgets, rates that are added up, moments of one part on the axis of another. */
static void test_the_less_seen_fields(void **state)
{
	struct ts_hist *h = ts_hist_new();
	struct ts_err err = {0};

	(void)state;
	ts_hist_record(h, 100);
	cJSON *parts[2] = {result(h, 10, 10, server, "valid"), result(h, 30, 10, server, "valid")};
	for (int i = 0; i < 2; i++) {
		give(parts[i], "warmup", i ? "{\"completed\": 5}" : "{\"completed\": 7}");
		give(member(parts[i], "throughput"), "duration_s", i ? "3" : "1");
		give(member(parts[i], "connections"), "attempted_per_s",
		     i ? "1" : "3"); /* 3 steps in 1 s, and in 3 s */
		give(member(parts[i], "generator"), "load_cpu_s", i ? "0.03" : "0.022");
		give(member(parts[i], "generator"), "cpu_per_request_ns", "1");
		give(member(parts[i], "generator"), "new_in_a_later_version", "1");
		give(member(parts[i], "server"), "cpu_unsure_s", "0.02");
		give(parts[i], "trouble", i ? "\"it went\"" : "null");
	}
	cJSON *merged = merge_results((const cJSON *const *)parts, names, 2, &err);

	assert_non_null(merged);
	assert_int_equal(ts_json_int(merged, "warmup.completed", 0), 12);
	assert_true(ts_json_real(merged, "throughput.duration_s", 0) == 4);
	assert_true(ts_json_real(merged, "throughput.requests_per_s", 0) == 10);
	assert_true(ts_json_real(merged, "connections.attempted_per_s", 0) == 1.5);
	assert_true(ts_json_real(merged, "generator.cpu_per_request_ns", 0) == 0.052e9 / 52);
	assert_true(cJSON_IsNull(ts_json_at(merged, "generator.new_in_a_later_version")));
	assert_true(ts_json_real(merged, "server.cpu_unsure_s", 0) == 0.04);
	assert_string_equal(ts_json_text(merged, "trouble", ""), "it went");
	assert_true(ts_json_real(merged, "errors[0].first_at_s", -1) == 0);
	assert_true(ts_json_real(merged, "errors[0].last_at_s", 0) == 2); /* the second part begins after 1 s */
	cJSON_Delete(merged);
	cJSON_Delete(parts[0]);
	cJSON_Delete(parts[1]);
	ts_hist_free(h);
}

/* Catches: slow readers lost, or hidden by a part that had none. */
static void test_slow_readers(void **state)
{
	struct ts_hist *h = ts_hist_new();
	struct ts_err err = {0};
	char *latency, *slow = NULL;

	(void)state;
	ts_hist_record(h, 100);
	latency = latency_text(h);
	assert_true(asprintf(&slow,
	                     "{\"connections\": 6, \"requests\": {\"completed\": 1}, \"requests_per_s\": 2, "
	                     "\"response\": %s}",
	                     latency) > 0);
	cJSON *parts[3] = {result(h, 1, 1, server, "valid"), result(h, 1, 1, server, "valid"),
	                   result(h, 1, 1, server, "valid")};
	const char *const three[] = {"a.json", "b.json", "c.json"};

	give(parts[0], "slow_readers", slow);
	give(parts[1], "slow_readers", "null");
	give(parts[2], "slow_readers", slow);
	cJSON *merged = merge_results((const cJSON *const *)parts, three, 3, &err);

	assert_non_null(merged);
	assert_int_equal(ts_json_int(merged, "slow_readers.connections", 0), 12);
	assert_int_equal(ts_json_int(merged, "slow_readers.requests.completed", 0), 2);
	assert_true(ts_json_real(merged, "slow_readers.requests_per_s", 0) == 2);
	assert_int_equal(ts_json_int(merged, "slow_readers.response.count", 0), 2);
	cJSON_Delete(merged);
	merged = merge_results((const cJSON *const *)parts + 1, three, 1, &err);
	assert_true(cJSON_IsNull(ts_json_at(merged, "slow_readers")));
	cJSON_Delete(merged);
	for (int i = 0; i < 3; i++)
		cJSON_Delete(parts[i]);
	free(latency);
	free(slow);
	ts_hist_free(h);
}

static void give_unanswered(cJSON *part, const struct ts_hist *unanswered)
{
	cJSON *latency = member(part, "latency.response");
	char *encoded = ts_hist_encode(unanswered), *quoted = NULL, count[24];

	assert_true(asprintf(&quoted, "\"%s\"", encoded) > 0);
	snprintf(count, sizeof(count), "%d", (int)unanswered->n);
	give(latency, "unanswered_count", count);
	give(latency, "unanswered_histogram", quoted);
	free(quoted);
	free(encoded);
}

/* Catches: requests that were never answered and bound nothing in the sum; a bound that is made up where a part does
 * not say which they were. */
static void test_lower_bounds(void **state)
{
	struct ts_hist *all = ts_hist_new(), *unanswered = ts_hist_new();
	struct ts_err err = {0};

	(void)state;
	for (int i = 1; i <= 100; i++)
		ts_hist_record(all, i * 1000);
	ts_hist_record(unanswered, 90000);
	cJSON *parts[2] = {result(all, 100, 1, server, "valid"), result(all, 100, 1, server, "valid")};
	give_unanswered(parts[0], unanswered);
	ts_hist_record(unanswered, 95000);
	give_unanswered(parts[1], unanswered);
	cJSON *merged = merge_results((const cJSON *const *)parts, names, 2, &err);

	assert_non_null(merged);
	assert_int_equal(document_check(merged, "load", &err), 0);
	assert_int_equal(ts_json_int(merged, "latency.response.unanswered_count", 0), 3);
	assert_true(ts_json_real(merged, "latency.response.lower_bound_from_percentile", 0) == 89);
	assert_string_equal(ts_json_text(ts_json_at(merged, "latency.response.lower_bounds"), "[0]", ""), "99.9");
	assert_true(cJSON_IsNull(ts_json_at(merged, "latency.service.lower_bounds")));
	cJSON_Delete(merged);
	cJSON_Delete(parts[0]);
	cJSON_Delete(parts[1]);
	ts_hist_free(all);
	ts_hist_free(unanswered);
}

/* Requests without a histogram cannot be merged: said, with the file and the place, never guessed. */
static void test_no_histogram(void **state)
{
	struct ts_hist *h = ts_hist_new();
	struct ts_err err = {0};

	(void)state;
	ts_hist_record(h, 100);
	cJSON *parts[2] = {result(h, 1, 1, server, "valid"), result(h, 1, 1, server, "valid")};

	cJSON_ReplaceItemInObject((cJSON *)ts_json_at(parts[1], "latency.service"), "histogram", cJSON_CreateNull());
	assert_null(merge_results((const cJSON *const *)parts, names, 2, &err));
	assert_string_equal(err.text, "b.json: latency.service.histogram: is null, and so cannot be merged");
	assert_int_equal(err.exit_status, TS_EXIT_ENVIRON);
	cJSON_Delete(parts[0]);
	cJSON_Delete(parts[1]);
	ts_hist_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_bit_identical),        cmocka_unit_test(test_the_rest),
	        cmocka_unit_test(test_the_less_seen_fields), cmocka_unit_test(test_slow_readers),
	        cmocka_unit_test(test_lower_bounds),         cmocka_unit_test(test_no_histogram),
	};

	return cmocka_run_group_tests_name("results/merge", tests, NULL, NULL);
}

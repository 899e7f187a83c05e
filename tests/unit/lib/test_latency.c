/* The latency of a result: its figures, what is null, and what is said of those that were never answered. */
#include "ts_json.h"
#include "ts_latency.h"
#include "unit.h"
#include <math.h>

#define MS 1000000LL

static cJSON *latency_of(const struct ts_latency *figures)
{
	cJSON *latency = cJSON_CreateObject(), *percentiles = cJSON_CreateObject();

	ts_latency_add_percentile(percentiles, "50", figures->all, 50);
	ts_latency_add_percentile(percentiles, "99.9", figures->all, 99.9);
	assert_int_equal(ts_latency_add(latency, figures, percentiles), 0);
	return latency;
}

static bool is_null(const cJSON *latency, const char *path)
{
	return cJSON_IsNull(ts_json_at(latency, path));
}

/* Fault caught: 0 for what is not known. */
static void without_values_figures_are_null(void **state)
{
	struct ts_hist *none = ts_hist_new();
	struct ts_latency figures = ts_latency_of(none, NULL);
	cJSON *latency = latency_of(&figures);

	(void)state;
	assert_int_equal(ts_json_int(latency, "count", -1), 0);
	assert_int_equal(ts_json_int(latency, "unanswered_count", -1), 0);
	assert_true(is_null(latency, "min_ns") && is_null(latency, "max_ns") && is_null(latency, "mean_ns"));
	assert_true(is_null(latency, "stddev_ns") && is_null(latency, "percentiles.50"));
	assert_true(is_null(latency, "histogram") && is_null(latency, "unanswered_histogram"));
	assert_true(is_null(latency, "lower_bound_from_percentile"));
	assert_int_equal(cJSON_GetArraySize(ts_json_at(latency, "lower_bounds")), 0);
	cJSON_Delete(latency);
	ts_hist_free(none);
}

/* Faults caught: a bound that is not named, one that is named and is none, bounds told where nobody knows. */
static void those_never_answered_make_bounds(void **state)
{
	struct ts_hist *all = ts_hist_new(), *unanswered = ts_hist_new();
	struct ts_latency figures;
	cJSON *latency;

	(void)state;
	ts_hist_record_n(all, MS, 190);
	ts_hist_record_n(all, 200 * MS, 10);
	ts_hist_record_n(unanswered, 200 * MS, 10);
	figures = ts_latency_of(all, unanswered);
	latency = latency_of(&figures);
	assert_int_equal(ts_json_int(latency, "count", 0), 200);
	assert_int_equal(ts_json_int(latency, "min_ns", 0), MS);
	assert_int_equal(ts_json_int(latency, "max_ns", 0), 200 * MS);
	assert_int_equal(ts_json_int(latency, "unanswered_count", 0), 10);
	assert_true(fabs(ts_json_real(latency, "lower_bound_from_percentile", 0) - 95) < 1e-9);
	assert_string_equal(ts_json_text(latency, "lower_bounds[0]", ""), "99.9");
	assert_null(ts_json_at(latency, "lower_bounds[1]"));
	assert_non_null(ts_json_text(latency, "unanswered_histogram", NULL));
	cJSON_Delete(latency);

	figures.knows_unanswered = false;
	latency = latency_of(&figures);
	assert_true(is_null(latency, "lower_bound_from_percentile") && is_null(latency, "lower_bounds"));
	cJSON_Delete(latency);
	ts_hist_free(all);
	ts_hist_free(unanswered);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(without_values_figures_are_null),
	        cmocka_unit_test(those_never_answered_make_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

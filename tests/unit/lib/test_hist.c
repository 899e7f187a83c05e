/* The histogram against a sorted array, and its arithmetic. */
#include "ts_hist.h"
#include "ts_random.h"
#include "unit.h"
#include <math.h>
#include <pthread.h>

#define N_VALUES 50000

static struct ts_hist *new_hist(void)
{
	struct ts_hist *h = ts_hist_new();

	assert_non_null(h);
	return h;
}

/* Catches: an index that is not the inverse of the bounds, gaps or overlaps between buckets, a bucket
 * that is too wide. */
static void buckets_tile_the_range(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TS_HIST_BUCKETS; i++) {
		int64_t low = ts_hist_bucket_low(i), high = ts_hist_bucket_high(i);

		assert_int_equal(ts_hist_index(low), i);
		assert_int_equal(ts_hist_index(high), i);
		assert_int_equal(low, i == 0 ? 0 : ts_hist_bucket_high(i - 1) + 1);
		assert_true(i >= 2048 || low == (int64_t)i);
		assert_true((high - low) <= low / 1024);
	}
	assert_int_equal(ts_hist_bucket_high(TS_HIST_BUCKETS - 1), TS_HIST_MAX_NS);
}

static int compare_values(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Values of every size from 1 ns to 73 minutes, equally many in each octave. */
static int64_t *values_of_all_sizes(struct ts_hist *h, uint64_t seed)
{
	struct ts_random *r = ts_random_new(seed);
	int64_t *values = malloc(N_VALUES * sizeof(*values));

	for (int i = 0; i < N_VALUES; i++) {
		values[i] = (int64_t)exp2(ts_random_unit(r) * TS_HIST_TOP_BITS);
		ts_hist_record(h, values[i]);
	}
	qsort(values, N_VALUES, sizeof(*values), compare_values);
	ts_random_free(r);
	return values;
}

/* Against the exact order statistics: at most 0.05 % off anywhere. Catches: a rank off by one, the lower end of a
 * bucket for its middle, scales that are not covered. */
static void percentiles_match_a_sorted_array(void **state)
{
	struct ts_hist *h = new_hist();
	int64_t *values = values_of_all_sizes(h, 1);

	(void)state;
	for (int i = 1; i <= 10000; i++) {
		double percentile = i / 100.0;
		long rank = ((long)i * N_VALUES + 9999) / 10000; /* ceil, in integers */
		double exact = (double)values[rank - 1], got = (double)ts_hist_percentile(h, percentile);
		assert_true(fabs(got - exact) <= exact / 2048); /* half a bucket */
	}
	assert_int_equal(ts_hist_percentile(h, 100), values[N_VALUES - 1]);
	assert_int_equal(h->min_ns, values[0]);
	free(values);
	ts_hist_free(h);
}

/* "At least p % are not larger": 1 to 1,000 once each. Catches: 99.9 % of 1,000 rounded up to the 1,000th value. */
static void percentiles_of_small_numbers_are_exact(void **state)
{
	static const struct {
		double percentile;
		int64_t value;
	} cases[] = {{0, 1},    {0.1, 1},    {0.11, 2},     {50, 500},  {50.01, 501},
	             {99, 990}, {99.9, 999}, {99.91, 1000}, {100, 1000}};
	struct ts_hist *h = new_hist();

	(void)state;
	for (int64_t i = 1; i <= 1000; i++)
		ts_hist_record(h, i);
	for (size_t i = 0; i < N(cases); i++)
		assert_int_equal(ts_hist_percentile(h, cases[i].percentile), cases[i].value);
	ts_hist_free(h);
}

/* Catches: a middle outside of what was measured, statistics of nothing that look like figures. */
static void one_value_and_none(void **state)
{
	struct ts_hist *h = new_hist();

	(void)state;
	assert_int_equal(ts_hist_percentile(h, 50), 0);
	assert_true(isnan(ts_hist_mean(h)) && isnan(ts_hist_stddev(h)));
	assert_int_equal(ts_hist_count_above(h, 0), 0);
	ts_hist_record(h, 123456789);
	assert_int_equal(ts_hist_percentile(h, 0.001), 123456789);
	assert_int_equal(ts_hist_percentile(h, 99.999), 123456789);
	ts_hist_record_n(h, 5, 0);
	assert_int_equal(h->min_ns, 123456789);
	ts_hist_free(h);
}

/* Catches: a write past the last bucket, an overflow that is dropped, a p99 that hides it. */
static void the_ends_of_the_range(void **state)
{
	struct ts_hist *h = new_hist();

	(void)state;
	ts_hist_record_n(h, -5, 97);
	ts_hist_record(h, TS_HIST_MAX_NS);
	ts_hist_record_n(h, INT64_MAX, 2);
	assert_int_equal(h->n, 100);
	assert_int_equal(h->n_overflow, 2);
	assert_int_equal(h->min_ns, 0);
	assert_int_equal(h->counts[TS_HIST_BUCKETS - 1], 3);
	assert_int_equal(ts_hist_percentile(h, 97), 0);
	assert_in_range(ts_hist_percentile(h, 98), TS_HIST_MAX_NS / 1000 * 999, TS_HIST_MAX_NS);
	assert_int_equal(ts_hist_percentile(h, 99), INT64_MAX);
	assert_int_equal(ts_hist_count_above(h, TS_HIST_MAX_NS), 2);
	assert_int_equal(ts_hist_count_above(h, 0), 3);
	ts_hist_record(h, INT64_MAX - 1); /* between the extremes, and above the top all the same */
	assert_int_equal(h->n_overflow, 3);
	assert_int_equal(h->counts[TS_HIST_BUCKETS - 1], 4);
	ts_hist_free(h);
}

/* Catches: a value between the extremes of what was all taken back, that leaves them as they were. */
static void taken_back(void **state)
{
	struct ts_hist *h = new_hist();

	(void)state;
	ts_hist_record(h, 10);
	ts_hist_record(h, 1000);
	ts_hist_record_n(h, 1000, (uint64_t)-1);
	assert_int_equal(h->n, 1);
	ts_hist_record_n(h, 10, (uint64_t)-1);
	ts_hist_record(h, 500);
	assert_int_equal(h->n, 1);
	assert_int_equal(h->min_ns, 500);
	assert_int_equal(h->max_ns, 500);
	ts_hist_free(h);
}

/* Catches: moments of bucket ends, or of the wrong denominator. */
static void mean_and_deviation(void **state)
{
	struct ts_hist *h = new_hist();

	(void)state;
	for (int i = 0; i < 1000; i++)
		ts_hist_record(h, i % 2 ? 3000000 : 1000000);
	assert_true(fabs(ts_hist_mean(h) - 2000000) < 2000);
	assert_true(fabs(ts_hist_stddev(h) - 1000000) < 1000);
	ts_hist_free(h);
}

/* Catches: counting the value's own bucket, or from the wrong end. */
static void count_above_matches_a_sorted_array(void **state)
{
	struct ts_hist *h = new_hist();
	int64_t *values = values_of_all_sizes(h, 2);

	(void)state;
	for (int i = 0; i < N_VALUES; i += 997) {
		int64_t edge = ts_hist_bucket_high(ts_hist_index(values[i]));
		uint64_t n = 0;
		for (int j = 0; j < N_VALUES; j++)
			n += values[j] > edge;
		assert_int_equal(ts_hist_count_above(h, values[i]), n);
	}
	assert_int_equal(ts_hist_count_above(h, -1), N_VALUES - h->counts[0]);
	free(values);
	ts_hist_free(h);
}

/* Parts added up are the same bytes as one histogram of everything. Catches: a range cut short, a lost minimum. */
static void adding_is_exact(void **state)
{
	struct ts_hist *all = new_hist(), *sum = new_hist(), *parts[3];
	struct ts_random *r = ts_random_new(3);

	(void)state;
	for (int i = 0; i < 3; i++)
		parts[i] = new_hist();
	for (int i = 0; i < 10000; i++) {
		int64_t ns = (int64_t)exp2(ts_random_unit(r) * 43); /* some overflow */
		ts_hist_record(all, ns);
		ts_hist_record(parts[ts_random_below(r, 3)], ns);
	}
	assert_true(all->n_overflow > 0);
	for (int i = 0; i < 3; i++)
		ts_hist_add(sum, parts[i]);
	assert_memory_equal(sum, all, sizeof(*all));
	for (int i = 0; i < 3; i++)
		ts_hist_free(parts[i]);
	ts_hist_free(all);
	ts_hist_free(sum);
	ts_random_free(r);
}

/* Later minus earlier is what came between. Catches: counts of the wrong sign, extremes of the whole for the
 * interval's. */
static void subtracting_leaves_the_interval(void **state)
{
	struct ts_hist *now = new_hist(), *before = new_hist(), *between = new_hist();
	struct ts_random *r = ts_random_new(4);

	(void)state;
	for (int i = 0; i < 20000; i++) {
		int64_t ns = (int64_t)exp2(ts_random_unit(r) * 20 + (i < 10000 ? 0 : 10));
		ts_hist_record(now, ns);
		ts_hist_record(i < 10000 ? before : between, ns);
	}
	ts_hist_subtract(now, before);
	assert_int_equal(now->n, 10000);
	assert_memory_equal(now->counts, between->counts, sizeof(now->counts));
	assert_int_equal(ts_hist_index(now->min_ns), ts_hist_index(between->min_ns));
	assert_int_equal(ts_hist_index(now->max_ns), ts_hist_index(between->max_ns));
	assert_int_equal(ts_hist_percentile(now, 50), ts_hist_percentile(between, 50));

	ts_hist_reset(now); /* and with the slow ones taken away, the maximum falls */
	ts_hist_add(now, before);
	ts_hist_add(now, between);
	ts_hist_subtract(now, between);
	assert_memory_equal(now->counts, before->counts, sizeof(now->counts));
	assert_int_equal(ts_hist_index(now->max_ns), ts_hist_index(before->max_ns));
	assert_int_equal(ts_hist_index(now->min_ns), ts_hist_index(before->min_ns));

	ts_hist_subtract(now, before); /* nothing is left: as new */
	ts_hist_reset(before);
	assert_memory_equal(now, before, sizeof(*now));
	ts_hist_free(now);
	ts_hist_free(before);
	ts_hist_free(between);
	ts_random_free(r);
}

/* Catches: a short way that counts one where several were meant, at a new extreme or between the old ones. */
static void alike_is_the_same_as_one_by_one(void **state)
{
	const int64_t values[] = {500, 1000000, 700, TS_HIST_MAX_NS + 5, 0, 700};
	struct ts_hist *alike = new_hist(), *single = new_hist();

	(void)state;
	for (unsigned i = 0; i < N(values); i++) {
		ts_hist_record_alike(alike, values[i], i + 1);
		for (unsigned k = 0; k <= i; k++)
			ts_hist_record(single, values[i]);
	}
	assert_int_equal(alike->n, 21);
	assert_memory_equal(alike, single, sizeof(*alike));
	ts_hist_free(alike);
	ts_hist_free(single);
}

#define N_RUNNING 2000000

static void *record_many(void *data)
{
	struct ts_hist *h = data;

	for (int i = 0; i < N_RUNNING; i++)
		ts_hist_record(h, 1000 + i % 100000);
	return NULL;
}

/* One thread records, another adds up. Catches: races that the thread sanitizer sees (VARIANT=tsan), and sums whose
 * count does not fit, so that a percentile of them falls off the end. */
static void a_running_histogram_can_be_added_up(void **state)
{
	struct ts_hist *running = new_hist(), *seen = new_hist();
	pthread_t thread;
	uint64_t n_before = 0;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, record_many, running), 0);
	while (n_before < N_RUNNING) {
		uint64_t n = 0;

		ts_hist_reset(seen);
		ts_hist_add(seen, running);
		for (unsigned i = 0; i < TS_HIST_BUCKETS; i++)
			n += seen->counts[i];
		assert_int_equal(seen->n, n);
		assert_true(n >= n_before);
		n_before = n;
	}
	pthread_join(thread, NULL);
	assert_int_equal(running->n, N_RUNNING);
	ts_hist_free(running);
	ts_hist_free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(buckets_tile_the_range),
	        cmocka_unit_test(taken_back),
	        cmocka_unit_test(percentiles_match_a_sorted_array),
	        cmocka_unit_test(percentiles_of_small_numbers_are_exact),
	        cmocka_unit_test(one_value_and_none),
	        cmocka_unit_test(the_ends_of_the_range),
	        cmocka_unit_test(mean_and_deviation),
	        cmocka_unit_test(count_above_matches_a_sorted_array),
	        cmocka_unit_test(adding_is_exact),
	        cmocka_unit_test(subtracting_leaves_the_interval),
	        cmocka_unit_test(alike_is_the_same_as_one_by_one),
	        cmocka_unit_test(a_running_histogram_can_be_added_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

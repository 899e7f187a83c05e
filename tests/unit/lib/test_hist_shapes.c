/*
 * Histograms of all shapes, each encoded and decoded here; and with the argument "--print" written out for
 * tests/hdr.bats, which has the official decoder read them: one line a shape, with tabs between name, count, min, max,
 * mean, the percentiles 50 90 99 99.9 99.99, the text. Counts are multiples of 10,000 (or 1), so that a percentile's
 * rank is whole and no rounding rule matters.
 */
#include "ts_hist.h"
#include "ts_random.h"
#include "unit.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static const double percentiles[] = {50, 90, 99, 99.9, 99.99};

static void empty(struct ts_hist *h)
{
	(void)h;
}

static void single(struct ts_hist *h)
{
	ts_hist_record(h, 1234567);
}

static void zeros(struct ts_hist *h)
{
	ts_hist_record_n(h, 0, 10000);
}

static void small_values(struct ts_hist *h)
{
	for (int64_t ns = 1; ns <= 2500; ns++)
		ts_hist_record_n(h, ns, 4);
}

static void two_far_peaks(struct ts_hist *h)
{
	ts_hist_record_n(h, 20000, 9990);
	ts_hist_record_n(h, 200000000, 10);
}

static void all_scales(struct ts_hist *h)
{
	struct ts_random *r = ts_random_new(1);

	for (int i = 0; i < 100000; i++)
		ts_hist_record(h, (int64_t)exp2(ts_random_unit(r) * TS_HIST_TOP_BITS));
	ts_random_free(r);
}

static void latencies(struct ts_hist *h)
{
	struct ts_random *r = ts_random_new(2);

	for (int i = 0; i < 200000; i++)
		ts_hist_record(h, (int64_t)ts_random_lognormal(r, log(50000), 0.7));
	ts_random_free(r);
}

static void every_bucket(struct ts_hist *h)
{
	for (unsigned i = 0; i < TS_HIST_BUCKETS; i++)
		ts_hist_record_n(h, ts_hist_bucket_low(i), 625); /* 33,792 * 625 = 2,112 * 10,000 */
}

static void huge_counts(struct ts_hist *h)
{
	ts_hist_record_n(h, 30000, 89990000000000); /* above 2^46 */
	ts_hist_record_n(h, 5000000, 10000000000);  /* above 2^32 */
	ts_hist_record_n(h, 4000000000, 1000000000000);
}

static void overflow(struct ts_hist *h)
{
	ts_hist_record_n(h, 70000, 9500);
	ts_hist_record_n(h, TS_HIST_MAX_NS, 400);
	ts_hist_record_n(h, TS_HIST_MAX_NS + 1, 50);
	ts_hist_record_n(h, INT64_MAX, 50);
}

static const struct {
	const char *name;
	void (*fill)(struct ts_hist *h);
} shapes[] = {
        {"empty", empty},
        {"single", single},
        {"zeros", zeros},
        {"small values", small_values},
        {"two far peaks", two_far_peaks},
        {"all scales", all_scales},
        {"latencies", latencies},
        {"every bucket", every_bucket},
        {"huge counts", huge_counts},
        {"overflow", overflow},
};

static void all_shapes_come_back(void **state)
{
	struct ts_hist *h = ts_hist_new(), *back = ts_hist_new();

	(void)state;
	for (size_t i = 0; i < N(shapes); i++) {
		ts_hist_reset(h);
		shapes[i].fill(h);
		assert_true(h->n <= 1 || h->n % 10000 == 0);
		char *text = ts_hist_encode(h);
		assert_int_equal(ts_hist_decode(back, text, NULL), 0);
		assert_int_equal(back->n, h->n);
		assert_memory_equal(back->counts, h->counts, sizeof(h->counts));
		free(text);
	}
	ts_hist_free(h);
	ts_hist_free(back);
}

static int print_shapes(void)
{
	struct ts_hist *h = ts_hist_new();

	for (size_t i = 0; i < N(shapes); i++) {
		ts_hist_reset(h);
		shapes[i].fill(h);
		char *text = ts_hist_encode(h);
		printf("%s\t%" PRIu64 "\t%" PRId64 "\t%" PRId64 "\t%.17g", shapes[i].name, h->n, h->min_ns, h->max_ns,
		       h->n ? ts_hist_mean(h) : 0);
		for (size_t p = 0; p < N(percentiles); p++)
			printf("\t%" PRId64, ts_hist_percentile(h, percentiles[p]));
		printf("\t%s\n", text);
		free(text);
	}
	ts_hist_free(h);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(all_shapes_come_back),
	};

	if (argc > 1 && strcmp(argv[1], "--print") == 0)
		return print_shapes();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

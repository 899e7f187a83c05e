/* Every check of a run's own health is able to fail, and none accuses a clean run. */
#include "health.h"
#include "ts_random.h"
#include "ts_stats.h"
#include "unit.h"
#include <math.h>

#define MS 1000000LL

struct fixture {
	struct shard *total;
	double medians_ns[60];
	struct health_facts facts;
};

/* A clean open loop: 10,000 requests in 10 s, sent 60 us late, answered after 100 us. */
static struct fixture clean(void)
{
	struct fixture f = {.total = calloc(1, sizeof(struct shard))};

	assert_non_null(f.total);
	f.total->figures = (struct ledger){.scheduled = 10000, .completed = 10000, .in_time = 10000};
	for (int i = 0; i < 10000; i++) {
		ts_hist_record(&f.total->response, 160000 + i % 100);
		ts_hist_record(&f.total->send_lag, 60000 + i % 50);
	}
	f.total->generator = (struct generator){.watched_s = 10,
	                                        .busy_s = 1,
	                                        .run_wait_s = 0.2,
	                                        .ad_statistic = 1.2,
	                                        .dispersion = 1.01,
	                                        .n_arrivals_tested = 1};
	for (int i = 0; i < 60; i++)
		f.medians_ns[i] = 160000 + 3000 * (i % 5);
	f.facts = (struct health_facts){.total = f.total,
	                                .open_loop = true,
	                                .steady = true,
	                                .duration_s = 10,

	                                .cores = 2,
	                                .n_medians = 60};
	return f;
}

static struct health check(struct fixture *f)
{
	struct health h;

	f->facts.medians_ns = f->medians_ns;
	health_check(&h, &f->facts);
	free(f->total);
	return h;
}

static bool says(const struct health *h, const char *words)
{
	for (unsigned i = 0; i < h->n_reasons; i++)
		if (strstr(h->reasons[i], words))
			return true;
	return false;
}

static void a_clean_run_is_not_accused(void **state)
{
	struct fixture f = clean();
	struct health h = check(&f);

	(void)state;
	assert_int_equal(h.verdict, HEALTH_VALID);
	assert_int_equal(h.n_reasons, 0);
}

/* A fault, and the words that must name it. */
#define FAULT(name, expected, words, ...)                                                                              \
	static void name(void **state)                                                                                 \
	{                                                                                                              \
		struct fixture f = clean();                                                                            \
		struct health h;                                                                                       \
		(void)state;                                                                                           \
		__VA_ARGS__;                                                                                           \
		h = check(&f);                                                                                         \
		assert_int_equal(h.verdict, expected);                                                                 \
		assert_true(says(&h, words));                                                                          \
	}

FAULT(a_ledger_that_does_not_add_up, HEALTH_INVALID, "does not add up", f.total->figures.failed = 1)
FAULT(a_histogram_that_lacks_requests, HEALTH_INVALID, "histogram holds", f.total->figures.completed = 9000,
      f.total->figures.failed = 1000)
FAULT(nothing_answered, HEALTH_INVALID, "no request was answered", f.total->figures.completed = 0,
      f.total->figures.failed = 10000, f.total->figures.unanswered = 10000)
FAULT(no_begin, HEALTH_INVALID, "did not begin", f.total->figures.scheduled = f.total->figures.completed = 0,
      ts_hist_reset(&f.total->response))
FAULT(nothing_due, HEALTH_INVALID, "too short for the rate",
      f.total->figures.scheduled = f.total->figures.completed = 0, f.total->generator.begin_ns = 1,
      ts_hist_reset(&f.total->response))
FAULT(nobody_free, HEALTH_INVALID, "no connection was free",
      f.total->figures.scheduled = f.total->figures.completed = 0, f.total->generator.begin_ns = 1,
      f.facts.open_loop = false, ts_hist_reset(&f.total->response))
FAULT(a_late_tail, HEALTH_SUSPECT, "sent late", ts_hist_record_n(&f.total->send_lag, 5 * MS, 300))
FAULT(late_throughout, HEALTH_INVALID, "sent late", ts_hist_record_n(&f.total->send_lag, 8 * MS, 20000))
FAULT(a_stop, HEALTH_SUSPECT, "did not run", f.total->generator.n_gaps = 1, f.total->generator.gap_sum_ns = 200 * MS,
      f.total->generator.longest_gap_ns = 200 * MS)
FAULT(a_long_stop, HEALTH_INVALID, "did not run", f.total->generator.n_gaps = 1,
      f.total->generator.gap_sum_ns = 3000 * MS, f.total->generator.longest_gap_ns = 3000 * MS)
FAULT(a_stop_beyond_the_end, HEALTH_INVALID, "for 100.0% of the time", f.total->generator.n_gaps = 1,
      f.total->generator.gap_sum_ns = 3600000 * MS, f.total->generator.longest_gap_ns = 3600000 * MS)
FAULT(a_hog, HEALTH_SUSPECT, "waited for a processor", f.total->generator.run_wait_s = 5)
FAULT(a_busy_thread, HEALTH_SUSPECT, "busy", f.total->generator.busy_s = 9.9)
FAULT(a_thief, HEALTH_SUSPECT, "hypervisor", f.facts.steal_s = 4)
FAULT(a_throttled_group, HEALTH_SUSPECT, "throttled", f.facts.n_throttled = 3)
FAULT(a_clock_step, HEALTH_SUSPECT, "clock stepped", f.total->generator.clock_steps = 1,
      f.total->generator.largest_step_ns = 1000 * MS)
FAULT(a_rate_not_reached, HEALTH_SUSPECT, "rate was not reached", f.total->figures.completed = 9000,
      f.total->figures.not_sent = 1000, ts_hist_reset(&f.total->response),
      ts_hist_record_n(&f.total->response, 160000, 9000))
FAULT(wrong_arrivals, HEALTH_SUSPECT, "Anderson-Darling", f.total->generator.n_arrivals_failed = 1)
FAULT(uneven_arrivals, HEALTH_SUSPECT, "vary by 101%", f.total->generator.n_arrivals_failed = 1,
      f.total->generator.ad_statistic = NAN)
FAULT(a_slow_reader_that_is_not_counted, HEALTH_INVALID, "slow readers", f.total->slow.scheduled = 1,
      f.total->slow.completed = 1)

static void a_response_time_that_keeps_rising(void **state)
{
	struct fixture f = clean();
	struct health h;

	(void)state;
	for (int i = 0; i < 60; i++)
		f.medians_ns[i] = 100000.0 * (i + 1);
	h = check(&f);
	assert_int_equal(h.verdict, HEALTH_SUSPECT);
	assert_true(says(&h, "kept rising"));
}

/* Moments of sending: a Poisson process passes as Poisson, and a constant or bunched one does not. */
static size_t poisson(int64_t *at_ns, size_t n, unsigned every, double rate_per_s, uint64_t seed, double lag_s)
{
	struct ts_random *random = ts_random_new(seed);
	double at_s = 0;

	for (size_t i = 0; i < n; i++) {
		for (unsigned k = 0; k < every; k++)
			at_s += ts_random_exponential(random, 1 / rate_per_s);
		at_ns[i] = (int64_t)((at_s + lag_s * ts_random_unit(random)) * 1e9);
	}
	ts_random_free(random);
	return n;
}

static void poisson_arrivals_pass_and_others_fail(void **state)
{
	static int64_t at_ns[1000];
	double ad, dispersion;
	int n_accused = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		poisson(at_ns, 1000, 5, 1000, seed, 100e-6);
		health_test_arrivals(at_ns, 1000, 5, 1000, PACER_POISSON, &ad, &dispersion);
		assert_true(dispersion > 0.7 && dispersion < 1.4);
		n_accused += health_arrivals_differ(ad, dispersion, 1000, PACER_POISSON);
	}
	assert_true(n_accused <= 1);
	for (int i = 0; i < 1000; i++)
		at_ns[i] = i * 5 * MS;
	health_test_arrivals(at_ns, 1000, 5, 1000, PACER_POISSON, &ad, &dispersion);
	assert_true(ad > TS_STATS_AD_CRITICAL_1PCT);
	assert_true(health_arrivals_differ(ad, dispersion, 1000, PACER_POISSON));
}

static void constant_arrivals_pass_and_bunches_fail(void **state)
{
	static int64_t at_ns[1000];
	double ad, dispersion;

	(void)state;
	for (int i = 0; i < 1000; i++)
		at_ns[i] = i * 5 * MS + i % 7 * 10000;
	health_test_arrivals(at_ns, 1000, 5, 1000, PACER_CONSTANT, &ad, &dispersion);
	assert_true(isnan(ad) && dispersion < 0.05);
	assert_false(health_arrivals_differ(ad, dispersion, 1000, PACER_CONSTANT));
	for (int i = 0; i < 1000; i++)
		at_ns[i] = i / 4 * 20 * MS;
	health_test_arrivals(at_ns, 1000, 5, 1000, PACER_CONSTANT, &ad, &dispersion);
	assert_true(health_arrivals_differ(ad, dispersion, 1000, PACER_CONSTANT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_clean_run_is_not_accused),
	        cmocka_unit_test(a_ledger_that_does_not_add_up),
	        cmocka_unit_test(a_histogram_that_lacks_requests),
	        cmocka_unit_test(nothing_answered),
	        cmocka_unit_test(no_begin),
	        cmocka_unit_test(nothing_due),
	        cmocka_unit_test(nobody_free),
	        cmocka_unit_test(a_late_tail),
	        cmocka_unit_test(late_throughout),
	        cmocka_unit_test(a_stop),
	        cmocka_unit_test(a_long_stop),
	        cmocka_unit_test(a_stop_beyond_the_end),
	        cmocka_unit_test(a_hog),
	        cmocka_unit_test(a_busy_thread),
	        cmocka_unit_test(a_thief),
	        cmocka_unit_test(a_throttled_group),
	        cmocka_unit_test(a_clock_step),
	        cmocka_unit_test(a_rate_not_reached),
	        cmocka_unit_test(wrong_arrivals),
	        cmocka_unit_test(uneven_arrivals),
	        cmocka_unit_test(a_slow_reader_that_is_not_counted),
	        cmocka_unit_test(a_response_time_that_keeps_rising),
	        cmocka_unit_test(poisson_arrivals_pass_and_others_fail),
	        cmocka_unit_test(constant_arrivals_pass_and_bunches_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

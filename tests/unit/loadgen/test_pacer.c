/* The schedule: exact counts for any rate and any number of workers, laws of arrival, stages, traces,
 * what is given up. */
#include "pacer.h"
#include "ts_stats.h"
#include "unit.h"
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#define S 1000000000LL

static struct pacer_schedule steady(double rate, int64_t duration_ns, enum pacer_arrival law, uint64_t seed)
{
	struct pacer_schedule s = {.arrival = law, .seed = seed};
	struct pacer_stage stage = {.duration_ns = duration_ns, .from_per_s = rate, .to_per_s = rate};

	assert_int_equal(pacer_stage_add(&s, &stage), 0);
	pacer_schedule_close(&s);
	return s;
}

/* All arrivals of one part, in order: how many. */
static uint64_t drain(const struct pacer_schedule *s, unsigned part, unsigned n_parts, int64_t *last_ns)
{
	struct pacer p;
	uint64_t n = 0;

	assert_int_equal(pacer_init(&p, s, part, n_parts), 0);
	for (int64_t before_ns = -1; pacer_peek(&p) != PACER_NEVER; n++) {
		assert_true(pacer_peek(&p) >= before_ns);
		before_ns = *last_ns = pacer_peek(&p);
		pacer_take(&p);
	}
	assert_int_equal(p.n_taken, n);
	pacer_release(&p);
	return n;
}

/* Fault caught: a rate dealt to workers by division, so that 7/s over 4 workers becomes 4 or 8. */
static void constant_counts_are_exact(void **state)
{
	static const double rates[] = {1, 7, 51, 999, 12345, 100000};
	static const unsigned parts[] = {1, 2, 3, 7, 64};

	(void)state;
	for (size_t r = 0; r < sizeof(rates) / sizeof(*rates); r++)
		for (size_t k = 0; k < sizeof(parts) / sizeof(*parts); k++) {
			struct pacer_schedule s = steady(rates[r], 10 * S, PACER_CONSTANT, 1);
			uint64_t n = 0;
			int64_t last_ns = 0;
			for (unsigned part = 0; part < parts[k]; part++)
				n += drain(&s, part, parts[k], &last_ns);
			assert_int_equal(n, (uint64_t)(rates[r] * 10));
			pacer_schedule_release(&s);
		}
}

/* Fault caught: errors of rounding that add up, because each moment is made from the one before. */
static void constant_moments_do_not_drift(void **state)
{
	struct pacer_schedule s = steady(12345, 3600 * S, PACER_CONSTANT, 1);

	(void)state;
	assert_int_equal(pacer_moment_ns(&s, 0), 0);
	assert_int_equal(pacer_moment_ns(&s, 12345 * 3599.0), 3599 * S);
	assert_int_equal(pacer_moment_ns(&s, 12345 * 3600.0), PACER_NEVER);
	pacer_schedule_release(&s);
}

static void poisson_is_poisson(void **state)
{
	struct pacer_schedule s = steady(1000, 20 * S, PACER_POISSON, 7);
	double gaps[30000];
	struct pacer p;
	size_t n = 0;
	int64_t before_ns = 0;

	(void)state;
	assert_int_equal(pacer_init(&p, &s, 0, 1), 0);
	for (; pacer_peek(&p) != PACER_NEVER; pacer_take(&p)) {
		gaps[n++] = (double)(pacer_peek(&p) - before_ns) / 1e9;
		before_ns = pacer_peek(&p);
	}
	assert_true(fabs((double)n - 20000) < 5 * sqrt(20000));
	assert_true(ts_stats_anderson_darling_exponential(gaps, 4000, 0.001) < TS_STATS_AD_CRITICAL_1PCT);
	pacer_release(&p);
	pacer_schedule_release(&s);
}

/* Fault caught: workers with the same seed, whose arrivals then come in pairs. */
static void poisson_parts_are_independent_and_repeatable(void **state)
{
	struct pacer_schedule s = steady(800, 10 * S, PACER_POISSON, 3);
	struct pacer a, b, again;
	int equal = 0;

	(void)state;
	pacer_init(&a, &s, 0, 2);
	pacer_init(&b, &s, 1, 2);
	pacer_init(&again, &s, 0, 2);
	for (int i = 0; i < 100; i++, pacer_take(&a), pacer_take(&b), pacer_take(&again)) {
		equal += pacer_peek(&a) == pacer_peek(&b);
		assert_int_equal(pacer_peek(&a), pacer_peek(&again));
	}
	assert_int_equal(equal, 0);
	pacer_release(&a);
	pacer_release(&b);
	pacer_release(&again);
	pacer_schedule_release(&s);
}

static void stages_follow_each_other(void **state)
{
	struct pacer_schedule s = {.arrival = PACER_CONSTANT};
	struct ts_err err = {0};
	int64_t last_ns = 0;

	(void)state;
	assert_int_equal(pacer_stage_parse(&s, "2s:100", &err), 0);
	assert_int_equal(pacer_stage_parse(&s, "4s:100-300", &err), 0);
	assert_int_equal(pacer_stage_parse(&s, "3s:50/1s", &err), 0);
	pacer_schedule_close(&s);
	assert_int_equal(pacer_schedule_duration_ns(&s), 9 * S);
	assert_int_equal(drain(&s, 0, 1, &last_ns), 200 + 800 + 150);
	assert_int_equal(pacer_moment_ns(&s, 200 + 300), 4 * S); /* half of the ramp's time holds 100*2 + 50*2 */
	assert_int_equal(pacer_moment_ns(&s, 1000), 6 * S);
	assert_int_equal(pacer_moment_ns(&s, 1049), 6 * S);
	assert_int_equal(pacer_moment_ns(&s, 1050), 7 * S);
	pacer_schedule_release(&s);
}

static void wrong_stages_are_refused(void **state)
{
	static const char *const wrong[] = {"", "10s", "10s:", ":5k", "x:5k", "10s:5k-", "0s:5", "10s:5/0s", "10s:-5"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct pacer_schedule s = {0};
		struct ts_err err = {0};
		assert_int_equal(pacer_stage_parse(&s, wrong[i], &err), -EINVAL);
		assert_int_equal(err.exit_status, TS_EXIT_USAGE);
	}
}

static void a_trace_is_followed(void **state)
{
	struct pacer_schedule s = {.arrival = PACER_TRACE};
	char path[] = "/tmp/tsbench-trace-XXXXXX";
	int fd = mkstemp(path);
	struct ts_err err = {0};
	struct pacer p;

	(void)state;
	assert_true(fd >= 0);
	assert_true(dprintf(fd, "# moments\n0\n0.25\r\n\r\n0.25\n1.5\n") > 0);
	close(fd);
	assert_int_equal(pacer_trace_load(&s, path, &err), 0);
	assert_int_equal(pacer_init(&p, &s, 1, 2), 0);
	assert_int_equal(pacer_peek(&p), S / 4);
	pacer_take(&p);
	assert_int_equal(pacer_peek(&p), S + S / 2);
	pacer_take(&p);
	assert_int_equal(pacer_peek(&p), PACER_NEVER);
	unlink(path);
	pacer_schedule_release(&s);
}

/* Fault caught: a pacer that skips to now and forgets what it skipped. */
static void what_is_given_up_is_counted(void **state)
{
	struct pacer_schedule s = steady(1000, 10 * S, PACER_CONSTANT, 1);
	struct pacer p;

	(void)state;
	pacer_init(&p, &s, 0, 1);
	for (int i = 0; i < 300; i++)
		pacer_take(&p);
	assert_int_equal(pacer_give_up(&p, 4 * S), 3700);
	assert_int_equal(pacer_peek(&p), 4 * S);
	assert_int_equal(pacer_give_up(&p, 10 * S), 6000);
	assert_int_equal(p.n_taken + p.n_given_up, 10000);
	pacer_schedule_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(constant_counts_are_exact),
	        cmocka_unit_test(constant_moments_do_not_drift),
	        cmocka_unit_test(poisson_is_poisson),
	        cmocka_unit_test(poisson_parts_are_independent_and_repeatable),
	        cmocka_unit_test(stages_follow_each_other),
	        cmocka_unit_test(wrong_stages_are_refused),
	        cmocka_unit_test(a_trace_is_followed),
	        cmocka_unit_test(what_is_given_up_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

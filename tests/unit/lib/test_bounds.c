/* Percentiles where some requests were never answered: which are lower bounds, and of how much. */
#include "ts_bounds.h"
#include "ts_random.h"
#include "unit.h"
#include <math.h>

#define MS 1000000LL

struct sample {
	struct ts_hist *all, *unanswered;
};

static struct sample sample_new(void)
{
	return (struct sample){ts_hist_new(), ts_hist_new()};
}

static void sample_free(struct sample *s)
{
	ts_hist_free(s->all);
	ts_hist_free(s->unanswered);
}

static void wait_in_vain(struct sample *s, int64_t ns, uint64_t n)
{
	ts_hist_record_n(s->all, ns, n);
	ts_hist_record_n(s->unanswered, ns, n);
}

static void all_were_answered(void **state)
{
	struct sample s = sample_new();

	(void)state;
	assert_true(isnan(ts_bounds_from(s.all, s.unanswered)));
	ts_hist_record_n(s.all, MS, 100);
	assert_true(isnan(ts_bounds_from(s.all, s.unanswered)));
	assert_false(ts_bounds_is_least(s.all, s.unanswered, 100));
	assert_int_equal(ts_bounds_most_ns(s.all, s.unanswered, 99), ts_hist_percentile(s.all, 99));
	sample_free(&s);
}

/* Fault caught: percentiles below those that were never answered, taken for bounds, too. */
static void those_above_are_touched(void **state)
{
	struct sample s = sample_new();

	(void)state;
	ts_hist_record_n(s.all, MS, 190);
	wait_in_vain(&s, 200 * MS, 10);
	assert_true(fabs(ts_bounds_from(s.all, s.unanswered) - 95) < 1e-9);
	assert_false(ts_bounds_is_least(s.all, s.unanswered, 95));
	assert_true(ts_bounds_is_least(s.all, s.unanswered, 95.1));
	assert_true(ts_bounds_most_ns(s.all, s.unanswered, 95.1) == TS_BOUNDS_NONE);
	sample_free(&s);
}

/* Fault caught: bounds that are looked for above the shortest wait alone, so that one request at the end of a run,
 * which could be waited for but a moment, makes a bound of every figure. */
static void a_short_wait_touches_the_tail_alone(void **state)
{
	struct sample s = sample_new();

	(void)state;
	for (int i = 0; i < 10000; i++)
		ts_hist_record(s.all, MS + i * 100); /* 1 to 2 ms, evenly */
	wait_in_vain(&s, 10, 3);
	assert_false(ts_bounds_is_least(s.all, s.unanswered, 50));
	assert_false(ts_bounds_is_least(s.all, s.unanswered, 99.9));
	assert_true(ts_bounds_is_least(s.all, s.unanswered, 99.99));
	assert_true(ts_bounds_from(s.all, s.unanswered) > 99.9);
	assert_true(ts_bounds_most_ns(s.all, s.unanswered, 50) > ts_hist_percentile(s.all, 50) - 2000);
	sample_free(&s);
}

/* Faults caught: a figure that is taken for exact because fewer than its part were never answered, though others took
 * longer than those were waited for; and one whose most is said to be nothing. */
static void who_waits_longer_is_touched(void **state)
{
	struct sample s = sample_new();

	(void)state;
	ts_hist_record_n(s.all, MS, 80);
	wait_in_vain(&s, 2 * MS, 10);
	ts_hist_record_n(s.all, 9 * MS, 10);
	assert_false(ts_bounds_is_least(s.all, s.unanswered, 80));
	assert_true(ts_bounds_is_least(s.all, s.unanswered, 81)); /* 2 ms, or 9 */
	assert_true(ts_bounds_most_ns(s.all, s.unanswered, 81) >= 9 * MS &&
	            ts_bounds_most_ns(s.all, s.unanswered, 81) < 10 * MS);
	assert_true(ts_bounds_most_ns(s.all, s.unanswered, 91) == TS_BOUNDS_NONE);
	assert_true(fabs(ts_bounds_from(s.all, s.unanswered) - 80) < 1e-9);
	sample_free(&s);
}

/* What ts_bounds_from says is what ts_bounds_is_least finds, rank by rank. */
static void both_agree(void **state)
{
	(void)state;
	srand(7);
	for (int run = 0; run < 50; run++) {
		struct sample s = sample_new();
		double from;
		for (int i = 0; i < 200; i++)
			ts_hist_record(s.all, MS + rand() % 40 * 100000);
		for (int i = 0; i < 1 + run; i++)
			wait_in_vain(&s, MS / 2 + rand() % 6 * MS, 1);
		from = ts_bounds_from(s.all, s.unanswered);
		for (uint64_t rank = 1; rank <= s.all->n; rank++) {
			double percentile = 100.0 * (double)rank / (double)s.all->n;
			if (percentile > from + 1e-9)
				assert_true(ts_bounds_is_least(s.all, s.unanswered, percentile));
			else if (percentile > from - 1e-9)
				assert_false(ts_bounds_is_least(s.all, s.unanswered, percentile));
		}
		sample_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(all_were_answered),
	        cmocka_unit_test(those_above_are_touched),
	        cmocka_unit_test(a_short_wait_touches_the_tail_alone),
	        cmocka_unit_test(who_waits_longer_is_touched),
	        cmocka_unit_test(both_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

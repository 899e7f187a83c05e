/* Seeds repeat, streams differ, laws have their moments. */
#include "ts_random.h"
#include "unit.h"
#include <math.h>

#define N_DRAWS 200000

/*
 * The first outputs of xoshiro256++ filled by splitmix64 from seed 0, as Rust's rand crate lists them in its test of
 * stability (SmallRng). Catches: a wrong constant or rotation, a seed cut to 32 bits elsewhere.
 */
static void known_numbers(void **state)
{
	static const uint64_t expected[] = {5987356902031041503U, 7051070477665621255U, 6633766593972829180U,
	                                    211316841551650330U};
	struct ts_random *r = ts_random_new(0);

	(void)state;
	for (size_t i = 0; i < 4; i++) /* below(2^32) divides by 2^32 - 1: GSL's way of dropping the low bits */
		assert_int_equal(ts_random_below(r, 1ULL << 32), expected[i] / 0xffffffffU);
	ts_random_free(r);
}

/* Catches: a seed that is not used in full, and state shared between generators. */
static void seeds_repeat_and_differ(void **state)
{
	struct ts_random *a = ts_random_new(7), *b = ts_random_new(7), *high = ts_random_new(7 + (1ULL << 40));
	int n_equal = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint64_t x = ts_random_below(a, 1ULL << 40);
		assert_int_equal(x, ts_random_below(b, 1ULL << 40));
		n_equal += x == ts_random_below(high, 1ULL << 40);
	}
	assert_int_equal(n_equal, 0);
	ts_random_free(a);
	ts_random_free(b);
	ts_random_free(high);
}

/* Catches: streams that depend on what the parent has drawn, equal streams, a stream equal to its parent or
 * to a stranger's. */
static void forks_depend_on_seed_and_number_alone(void **state)
{
	struct ts_random *parent = ts_random_new(1), *early = ts_random_fork(parent, 3);
	uint64_t drawn = ts_random_below(parent, UINT64_MAX);
	struct ts_random *late = ts_random_fork(parent, 3), *other = ts_random_fork(parent, 4);
	struct ts_random *stranger = ts_random_new(2), *strange = ts_random_fork(stranger, 3);
	uint64_t first = ts_random_below(early, UINT64_MAX);

	(void)state;
	assert_int_not_equal(first, ts_random_below(strange, UINT64_MAX));
	assert_int_equal(first, ts_random_below(late, UINT64_MAX));
	assert_int_not_equal(first, ts_random_below(other, UINT64_MAX));
	assert_int_not_equal(first, drawn);
	ts_random_free(parent);
	ts_random_free(early);
	ts_random_free(late);
	ts_random_free(other);
	ts_random_free(stranger);
	ts_random_free(strange);
}

/* Catches: a bound that is reached, or a remainder's bias (bound 3 of 4 would favour 0). */
static void below_is_bounded_and_even(void **state)
{
	struct ts_random *r = ts_random_new(2);
	double counts[7] = {0}, chi_square = 0, expected = N_DRAWS / 7.0;

	(void)state;
	for (int i = 0; i < N_DRAWS; i++) {
		uint64_t k = ts_random_below(r, 7);
		assert_in_range(k, 0, 6);
		counts[k]++;
	}
	for (int i = 0; i < 7; i++)
		chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
	assert_true(chi_square < 22.46); /* 6 degrees of freedom, 0.1 % */
	assert_int_equal(ts_random_below(r, 1), 0);
	ts_random_free(r);
}

enum law { UNIT, EXPONENTIAL, NORMAL, LOGNORMAL };

static double draw(struct ts_random *r, enum law law)
{
	switch (law) {
	case UNIT: return ts_random_unit(r);
	case EXPONENTIAL: return ts_random_exponential(r, 5);
	case NORMAL: return ts_random_normal(r, 10, 2);
	default: return log(ts_random_lognormal(r, 1, 0.5));
	}
}

/* Mean and standard deviation within six standard errors. Catches: rate given for mean, variance for deviation. */
static void laws_have_their_moments(void **state)
{
	static const struct {
		enum law law;
		double mean, stddev;
	} cases[] = {{UNIT, 0.5, 0.288675}, {EXPONENTIAL, 5, 5}, {NORMAL, 10, 2}, {LOGNORMAL, 1, 0.5}};

	(void)state;
	for (size_t c = 0; c < N(cases); c++) {
		struct ts_random *r = ts_random_new(c);
		double sum = 0, squares = 0, low = INFINITY;

		for (int i = 0; i < N_DRAWS; i++) {
			double x = draw(r, cases[c].law);
			sum += x;
			squares += (x - cases[c].mean) * (x - cases[c].mean);
			low = fmin(low, x);
		}
		assert_true(fabs(sum / N_DRAWS - cases[c].mean) < 6 * cases[c].stddev / sqrt(N_DRAWS));
		assert_true(fabs(sqrt(squares / N_DRAWS) / cases[c].stddev - 1) < 0.02);
		assert_true(cases[c].law == NORMAL || cases[c].law == LOGNORMAL || low > 0);
		ts_random_free(r);
	}
}

/* All six orders of three come equally often. Catches: the naive swap with any partner (5/27 and 4/27). */
static void shuffle_is_fair(void **state)
{
	struct ts_random *r = ts_random_new(3);
	double counts[27] = {0}, expected = 60000 / 6.0;
	int n_orders = 0;

	(void)state;
	for (int i = 0; i < 60000; i++) {
		char order[] = {0, 1, 2};
		ts_random_shuffle(r, order, 3, 1);
		counts[order[0] * 9 + order[1] * 3 + order[2]]++;
	}
	for (int i = 0; i < 27; i++) {
		n_orders += counts[i] > 0;
		assert_true(counts[i] == 0 || fabs(counts[i] - expected) < 6 * sqrt(expected));
	}
	assert_int_equal(n_orders, 6);
	ts_random_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(known_numbers),
	        cmocka_unit_test(seeds_repeat_and_differ),
	        cmocka_unit_test(forks_depend_on_seed_and_number_alone),
	        cmocka_unit_test(below_is_bounded_and_even),
	        cmocka_unit_test(laws_have_their_moments),
	        cmocka_unit_test(shuffle_is_fair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

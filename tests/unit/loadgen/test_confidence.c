/* The interval of a percentile covers the truth as often as it says, also where latencies depend on each other; the
 * knee. */
#include "confidence.h"
#include "search.h"
#include "ts_random.h"
#include "unit.h"
#include <math.h>

#define BATCHES 40
#define TRIALS  150

/* Exponential latencies of mean 1 ms whose level wanders from request to request: correlation `rho` from one to the
 * next. */
static void fill(struct ts_hist *batches, int n_each, double rho, uint64_t seed)
{
	struct ts_random *random = ts_random_new(seed);
	double z = ts_random_normal(random, 0, 1);

	for (int b = 0; b < BATCHES; b++)
		for (int i = 0; i < n_each; i++) {
			double u;
			z = rho * z + sqrt(1 - rho * rho) * ts_random_normal(random, 0, 1);
			u = 0.5 * erfc(z / sqrt(2)); /* uniform */
			ts_hist_record(&batches[b], (int64_t)(-log(u) * 1e6));
		}
	ts_random_free(random);
}

static double coverage(double percentile, double rho, double *width)
{
	double truth_ns = -log(1 - percentile / 100) * 1e6;
	int n_covered = 0;

	*width = 0;
	for (int t = 0; t < TRIALS; t++) {
		struct ts_hist *batches = calloc(BATCHES, sizeof(*batches));
		struct confidence c;
		assert_non_null(batches);
		fill(batches, 250, rho, (uint64_t)t + 1);
		c = confidence_of(batches, BATCHES, percentile);
		n_covered += c.low_ns <= truth_ns * 1.001 && truth_ns * 0.999 <= c.high_ns;
		*width += (c.high_ns - c.low_ns) / truth_ns / TRIALS;
		free(batches);
	}
	return (double)n_covered / TRIALS;
}

static void independent_latencies_are_covered(void **state)
{
	double width;

	(void)state;
	assert_true(coverage(50, 0, &width) > 0.89);
	assert_true(width < 0.10);
	assert_true(coverage(99, 0, &width) > 0.88);
	assert_true(width < 0.25);
}

/* Fault caught: an interval that takes 10,000 dependent requests for 10,000 facts; it covers the truth half of the
 * time. */
static void dependent_latencies_are_covered(void **state)
{
	double width;

	(void)state;
	assert_true(coverage(50, 0.95, &width) > 0.86);
	assert_true(coverage(95, 0.95, &width) > 0.82);
}

static void too_little_is_not_known(void **state)
{
	struct ts_hist *batches = calloc(BATCHES, sizeof(*batches));
	struct confidence c;

	(void)state;
	assert_true(isnan(confidence_of(batches, BATCHES, 99).value_ns));
	for (int i = 0; i < 7; i++)
		ts_hist_record(&batches[i], 1000);
	c = confidence_of(batches, BATCHES, 99);
	assert_true(c.value_ns > 0 && isnan(c.low_ns) && isnan(c.high_ns));
	free(batches);
}

static void the_knee_is_where_the_rate_stops_growing(void **state)
{
	static const double offered[] = {200, 400, 600, 800, 1000, 1200, 1400};
	static const double achieved[] = {200, 400, 600, 800, 905, 895, 902};

	(void)state;
	assert_true(fabs(search_knee(offered, achieved, 7) - 900) < 5);
	assert_true(isnan(search_knee(offered, achieved, 4)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(independent_latencies_are_covered),
	        cmocka_unit_test(dependent_latencies_are_covered),
	        cmocka_unit_test(too_little_is_not_known),
	        cmocka_unit_test(the_knee_is_where_the_rate_stops_growing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The laws: their own points give their own values back; points of another law are recognised as such; too few are
 * refused. */
#include "fit.h"
#include "unit.h"
#include <math.h>

static const double clients[] = {1, 2, 4, 8, 16, 64, 256};

/* To a thousandth of it. */
static void check_value(double got, double expected)
{
	check_near(got / expected, 1, 1e-3);
}

static void points_of(const struct fit *law, const double *x, double *y, size_t n, double noise)
{
	for (size_t i = 0; i < n; i++)
		y[i] = fit_at(law, x[i]) * (1 + (i % 2 ? noise : -noise));
}

static void usl_gives_its_values_back(void **state)
{
	const struct fit law = {.law = FIT_USL, .p = {10000, 0.03, 0.0002}};
	struct fit fit;
	double y[N(clients)];

	(void)state;
	points_of(&law, clients, y, N(clients), 0);
	assert_int_equal(fit_law(&fit, FIT_USL, clients, y, N(clients)), 0);
	for (int i = 0; i < 3; i++)
		check_value(fit.p[i], law.p[i]);
	assert_true(fit.residual < 1e-6);
	points_of(&law, clients, y, N(clients), 0.04);
	assert_int_equal(fit_law(&fit, FIT_USL, clients, y, N(clients)), 0);
	assert_true(fit.residual > 0.01 && fit.residual < 0.06);
}

/* A server that only ever serves one client: no coherence, contention 1; the factor that would be negative is 0. */
static void usl_without_coherence(void **state)
{
	double y[N(clients)];
	struct fit fit;

	(void)state;
	for (size_t i = 0; i < N(clients); i++)
		y[i] = 8000;
	assert_int_equal(fit_law(&fit, FIT_USL, clients, y, N(clients)), 0);
	check_value(fit.p[0], 8000);
	check_value(fit.p[1], 1);
	assert_true(fit.p[2] >= 0 && fit.p[2] < 1e-6);
}

/* Memory: so much for the program, so much for each connection; one that needs less with more is a constant. */
static void line_gives_its_values_back(void **state)
{
	const struct fit law = {.law = FIT_LINE, .p = {2.5, 0.0003}};
	const double x[4] = {8, 1008, 10008, 100008};
	double y[4];
	struct fit fit;

	(void)state;
	points_of(&law, x, y, 4, 0);
	assert_int_equal(fit_law(&fit, FIT_LINE, x, y, 4), 0);
	check_value(fit.p[0], 2.5);
	check_value(fit.p[1], 0.0003);
	assert_true(fit.residual < 1e-6);
	points_of(&law, x, y, 4, 0.3);
	assert_int_equal(fit_law(&fit, FIT_LINE, x, y, 4), 0);
	assert_true(fit.residual > FIT_GOOD);
	y[0] = 5, y[1] = 4, y[2] = 3.5, y[3] = 3;
	assert_int_equal(fit_law(&fit, FIT_LINE, x, y, 4), 0);
	assert_true(fit.p[1] == 0 && fit.p[0] > 3 && fit.p[0] < 4);
}

static void mg1_gives_its_values_back(void **state)
{
	const struct fit law = {.law = FIT_MG1, .p = {5e-6, 6e-11}};
	const double rates[N(clients)] = {1e4, 3e4, 6e4, 9e4, 1.2e5, 1.6e5, 1.9e5};
	struct fit fit;
	double y[N(clients)];

	(void)state;
	points_of(&law, rates, y, N(clients), 0);
	assert_int_equal(fit_law(&fit, FIT_MG1, rates, y, N(clients)), 0);
	check_value(fit.p[0], law.p[0]);
	check_value(fit.p[1], law.p[1]);
	assert_true(fit.residual < 1e-3);
	assert_true(isnan(fit_at(&fit, 2.1e5))); /* saturated */
}

static void mg1_of_constant_service(void **state)
{
	const struct fit law = {.law = FIT_MG1, .p = {2e-3, 4e-6}};
	const double rates[5] = {50, 125, 200, 275, 350};
	struct fit fit;
	double y[5];

	(void)state;
	points_of(&law, rates, y, 5, 0.03);
	assert_int_equal(fit_law(&fit, FIT_MG1, rates, y, 5), 0);
	assert_true(fabs(fit.p[0] / 2e-3 - 1) < 0.05);
	assert_true(fit.p[1] >= fit.p[0] * fit.p[0] && fit.residual < 0.05);
}

/* Catches: a second moment below the square of the mean, which would make a queue of anything that never waits. */
static void without_a_queue_there_is_no_mg1(void **state)
{
	const double rates[5] = {50, 125, 200, 275, 350}, flat[5] = {2e-3, 2e-3, 2e-3, 2e-3, 2e-3};
	struct fit fit;

	(void)state;
	if (fit_law(&fit, FIT_MG1, rates, flat, 5) == 0)
		assert_true(fit.residual > FIT_GOOD);
}

/* Catches: a law that is drawn through points that do not follow it. */
static void another_law_is_recognised(void **state)
{
	const double rates[6] = {1e4, 3e4, 6e4, 9e4, 1.2e5, 1.6e5}, bumpy[6] = {1e-3, 2e-5, 3e-3, 1e-5, 9e-4, 1e-5};
	const double jumps[N(clients)] = {100, 9000, 200, 20000, 150, 30000, 90};
	struct fit fit;

	(void)state;
	if (fit_law(&fit, FIT_MG1, rates, bumpy, 6) == 0)
		assert_true(fit.residual > FIT_GOOD);
	if (fit_law(&fit, FIT_USL, clients, jumps, N(clients)) == 0)
		assert_true(fit.residual > FIT_GOOD);
}

static void too_few_are_refused(void **state)
{
	const double x[3] = {1, 2, 3}, y[3] = {1, 2, 3}, gap[4] = {1, 0, 2, 3}, four[4] = {1, 2, 3, 4};
	struct fit fit;

	(void)state;
	assert_int_equal(fit_law(&fit, FIT_USL, x, y, 3), -EINVAL);
	assert_int_equal(fit_law(&fit, FIT_MG1, x, y, 2), -EINVAL);
	assert_int_equal(fit_law(&fit, FIT_USL, four, gap, 4), -EINVAL);
	assert_int_equal(fit_law(&fit, FIT_NONE, x, y, 3), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(usl_gives_its_values_back),  cmocka_unit_test(usl_without_coherence),
	        cmocka_unit_test(line_gives_its_values_back), cmocka_unit_test(mg1_gives_its_values_back),
	        cmocka_unit_test(mg1_of_constant_service),    cmocka_unit_test(without_a_queue_there_is_no_mg1),
	        cmocka_unit_test(another_law_is_recognised),  cmocka_unit_test(too_few_are_refused),
	};

	return cmocka_run_group_tests_name("results/fit", tests, NULL, NULL);
}

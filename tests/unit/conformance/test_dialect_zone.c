/* Zones that were guessed, by example. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "dialect.h"
#include "ts_clock.h"
#include <cmocka.h>

#define NOW_NS  (1795343400 * TS_S) /* Sun Nov 22 10:30:00 2026 */
#define HOUR_S  3600
#define QUARTER 900

/* A time of day, as 10:11:00, and nothing else. */
static int32_t doubted(int hour, int minute, int32_t zone_s)
{
	const struct ts_stamp stamp = {.begin_ns = (hour * 60 + minute) * 60 * TS_S, .resolution_ns = TS_S};

	return dialect_zone_doubted(&stamp, zone_s, NOW_NS);
}

static void the_month_is_no_minute(void **state)
{
	const struct ts_stamp stated = {.begin_ns = (10 * 60 + 11) * 60 * TS_S, .has_zone = true};

	(void)state;
	assert_int_equal(doubted(10, 11, -QUARTER), 0);
	assert_int_equal(doubted(10, 11, 2 * QUARTER), 0);
	assert_int_equal(doubted(10, 15, -QUARTER), -QUARTER); /* nobody keeps it, and somebody may */
	assert_int_equal(doubted(16, 11, 5 * HOUR_S + 2 * QUARTER), 5 * HOUR_S + 2 * QUARTER); /* India */
	assert_int_equal(doubted(10, 11, 0), 0);
	assert_int_equal(dialect_zone_doubted(&stated, -QUARTER, NOW_NS), -QUARTER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_month_is_no_minute)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

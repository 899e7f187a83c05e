/* What a time text that was read means: the zone that makes it true, and the moment. */
#include "stamp_read.h"
#include <stdio.h>

static struct ts_stamp sample(const char *text)
{
	struct ts_stamp stamp;

	assert_int_equal(ts_stamp_read(&stamp, NULL, text, strlen(text), NULL), 0);
	return stamp;
}

static void test_guess_zone(void **state)
{
	const int64_t now = NOW_S * TS_S + 200 * TS_MS;
	struct ts_stamp stamp;

	(void)state;
	stamp = sample("Sun Nov 22 10:30:00 2026");
	assert_int_equal(ts_stamp_guess_zone(&stamp, now), 0);
	assert_int_equal(ts_stamp_guess_zone(&stamp, now + 7 * 60 * TS_S), 0);
	assert_int_equal(ts_stamp_guess_zone(&stamp, now + 8 * 60 * TS_S), -900);
	for (int32_t quarters = -48; quarters <= 56; quarters++)
		assert_int_equal(ts_stamp_guess_zone(&stamp, now - quarters * 900 * TS_S), quarters * 900);
	assert_int_equal(ts_stamp_guess_zone(&stamp, now + 49 * 900 * TS_S), INT32_MIN);
	assert_int_equal(ts_stamp_guess_zone(&stamp, now - 57 * 900 * TS_S), INT32_MIN);
	stamp = sample("2026-11-22T18:30:00+08:00");
	assert_int_equal(ts_stamp_guess_zone(&stamp, 0), 28800);
	stamp = (struct ts_stamp){.has_date = true, .begin_ns = now - 37800 * TS_S, .resolution_ns = 86400 * TS_S};
	assert_int_equal(ts_stamp_guess_zone(&stamp, now), 0); /* a day */
	stamp = sample("18:30:00");
	assert_int_equal(ts_stamp_guess_zone(&stamp, now), 28800);
	stamp = sample("02:30:00");
	assert_int_equal(ts_stamp_guess_zone(&stamp, now), -28800);
	/* A time of day at 12 hours from UTC is east of it, whatever part of the second it is. */
	assert_int_equal(ts_stamp_read(&stamp, NULL, "12:00:00", 8, NULL), 0);
	for (int64_t part_ns = -TS_S / 2; part_ns <= TS_S; part_ns += TS_S / 4)
		assert_int_equal(ts_stamp_guess_zone(&stamp, part_ns), 12 * 3600);
}

static struct ts_stamp by(const char *pattern, const char *text)
{
	struct ts_stamp_format format = {.kind = TS_STAMP_STRFTIME};
	struct ts_stamp stamp;

	snprintf(format.strftime_text, sizeof(format.strftime_text), "%s", pattern);
	assert_int_equal(ts_stamp_read(&stamp, &format, text, strlen(text), NULL), 0);
	return stamp;
}

/* It was Sunday, 22 November, 10:30. */
static void test_half_a_date(void **state)
{
	const int64_t now = NOW_S * TS_S + 200 * TS_MS, new_year = INT64_C(1798761600) * TS_S;
	struct ts_stamp stamp = by("%d %b, %H:%M:%S", "23 Nov, 00:30:00");

	(void)state;
	assert_int_equal(ts_stamp_guess_zone(&stamp, now), 14 * 3600);
	assert_int_equal(ts_stamp_instant_ns(&stamp, 14 * 3600, now), NOW_S * TS_S);
	stamp = by("%d %b, %H:%M:%S", "26 Nov, 10:30:00");
	assert_int_equal(ts_stamp_guess_zone(&stamp, now), INT32_MIN);
	stamp = by("%m/%d %H:%M:%S", "12/31 23:59:59");
	assert_int_equal(ts_stamp_instant_ns(&stamp, 0, new_year + 1), new_year - TS_S);
	stamp = by("%m/%d %H:%M:%S", "01/01 00:00:00");
	assert_int_equal(ts_stamp_instant_ns(&stamp, 0, new_year - 1), new_year);
	stamp = by("%a %H:%M:%S", "Sat 22:30:00");
	assert_int_equal(ts_stamp_guess_zone(&stamp, now), -12 * 3600);
	stamp = by("%a %H:%M:%S", "Fri 10:30:00");
	assert_int_equal(ts_stamp_guess_zone(&stamp, now), INT32_MIN);
}

static void test_instant(void **state)
{
	const int64_t midnight = INT64_C(1795392000) * TS_S;
	struct ts_stamp stamp;

	(void)state;
	stamp = sample("Sun Nov 22 18:30:00 2026");
	assert_int_equal(ts_stamp_instant_ns(&stamp, 28800, 0), NOW_S * TS_S);
	stamp = sample("2026-11-22T18:30:00+08:00");
	assert_int_equal(ts_stamp_instant_ns(&stamp, 3600, 0), NOW_S * TS_S);
	stamp = sample("23:59:59");
	assert_int_equal(ts_stamp_instant_ns(&stamp, 0, midnight + 1), midnight - TS_S);
	assert_int_equal(ts_stamp_instant_ns(&stamp, 0, midnight - 1), midnight - TS_S);
	stamp = sample("00:00:00");
	assert_int_equal(ts_stamp_instant_ns(&stamp, 0, midnight - 1), midnight);
	assert_int_equal(ts_stamp_instant_ns(&stamp, 0, midnight + 1), midnight);
	stamp = sample("07:59:59"); /* east: a day ahead */
	assert_int_equal(ts_stamp_instant_ns(&stamp, 28800, midnight + 1), midnight - TS_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_guess_zone),
	        cmocka_unit_test(test_half_a_date),
	        cmocka_unit_test(test_instant),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

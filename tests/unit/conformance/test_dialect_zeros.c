/* Fractions that end in zeros: perhaps of a clock that is coarser than its text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "dialect_guess.h"
#include "dialect_zeros.h"
#include <cmocka.h>
#include <string.h>

#define TEN_NS (INT64_C(1795343425) * 1000000000) /* Sun Nov 22 10:30:25 2026, UTC */

/* The coarse pattern of a text of this kind (NULL: of none of them), or "". */
static const char *coarse(const char *text, const char *kind)
{
	static struct ts_stamp_format format, found;
	struct ts_stamp stamp;
	int32_t zone_s;

	if (kind)
		assert_int_equal(ts_stamp_format_parse(&format, kind, NULL), 0);
	else
		assert_true(dialect_guess(text, strlen(text), TEN_NS, &format, &stamp, &zone_s));
	return dialect_zeros(&format, text, strlen(text), TEN_NS, &found) ? found.strftime_text : "";
}

static void zeros_may_stand_for_themselves(void **state)
{
	(void)state;
	assert_string_equal(coarse("2026-11-22T10:30:25.000Z", "rfc3339"), "%Y-%m-%dT%H:%M:%S.000Z");
	assert_string_equal(coarse("2026-11-22 10:30:25,000000", "rfc3339"), "%Y-%m-%d %H:%M:%S,000000");
	assert_string_equal(coarse("10:30:25.0", "time"), "%H:%M:%S.0");
	assert_string_equal(coarse("1795343425000", "unix"), "%s000");
	assert_string_equal(coarse("1795343425.000000", "unix"), "%s.000000");
	assert_string_equal(coarse("22.11.2026, 10:30:25.00", NULL), "%d.%m.%Y, %H:%M:%S.00");
}

static void a_clock_may_step_by_100_ms(void **state)
{
	(void)state;
	assert_string_equal(coarse("2026-11-22T10:30:25.300+00:00", "rfc3339"), "%Y-%m-%dT%H:%M:%S.%1N00%:z");
	assert_string_equal(coarse("1795343425300", "unix"), "%s%1N00");
	assert_string_equal(coarse("10:30:25.900000", "time"), "%H:%M:%S.%1N00000");
}

static void what_tells_more_is_as_it_seems(void **state)
{
	(void)state;
	assert_string_equal(coarse("2026-11-22T10:30:25.350Z", "rfc3339"), "");
	assert_string_equal(coarse("2026-11-22T10:30:25.3Z", "rfc3339"), "");
	assert_string_equal(coarse("2026-11-22T10:30:25Z", "rfc3339"), "");
	assert_string_equal(coarse("1795343425", "unix"), "");
	assert_string_equal(coarse("10:30:25.001", "time"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(zeros_may_stand_for_themselves),
	        cmocka_unit_test(a_clock_may_step_by_100_ms),
	        cmocka_unit_test(what_tells_more_is_as_it_seems),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

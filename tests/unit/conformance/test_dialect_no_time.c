/* Why a text is no time, by example. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "dialect.h"
#include "ts_clock.h"
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NOW_NS (1795343400 * INT64_C(1000000000)) /* Sun Nov 22 10:30:00 2026 */

static void a_reason_is_told(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
	        {"", "nothing stands there"},
	        {"b'Sun Nov 22", "a quote"},
	        {"[1795343400", "a bracket of its own"},
	        {"None", "there is no value"},
	        {"<nil>", "there is no value"},
	        {"<built-in function ctime>", "a function or an object"},
	        {"function now() { [native code", "a function or an object"},
	        {"YYYY-MM-DD", "the pattern of a time"},
	        {"%s", "the pattern of a text"},
	        {"1,795,343,400", "grouped"},
	        {"6b0c175d", "hexadecimal"},
	        {"69123456", "hexadecimal"},
	        {"0x25557911", "hexadecimal"},
	        {"25557911", "digits of a time since 1970"},
	        {"2026-11-22", "no time of day"},
	        {"30/11/2026", "no time of day"},
	        {"11/30/26", "no time of day"},
	        {"30.11.2026", "no time of day"},
	        {"{ctime()}", "not carried out"},
	        {"localtime()", "not carried out"},
	        {"${new Date()}", "not carried out"},
	        {"clock format [clock seconds", "not carried out"},
	        {"time", "a name for the time"},
	        {"2026-11-0 10:30:00", "is 0"},
	        {"2026-00-22 10:30:00", "is 0"},
	        {"333 10:30:00", "day of the year"},
	        {"2026-11-22 10:30:912", "seconds have three digits"},
	        {"Sun Nov 22 10:30:912 2026", "seconds have three digits"},
	        {"2026-11-333 10:30:00", "day of the month has three digits"},
	        {"Sun Nov 333 10:30:00 2026", "day of the month has three digits"},
	        {"Sun, 333 Nov 2026 10:30:00 GMT", "day of the month has three digits"},
	        {"179534", "digits of a time since 1970"},
	        {"1.795343e+09", "an exponent"},
	        {"1e9", "an exponent"},
	        {"1.2s", "how long something took"},
	        {"1h3m0.5s", "how long something took"},
	        {"0.12345600 1795343400", "microtime"},
	        {"time.struct_time(tm_year=2026", "shows it to its programmer"},
	        {"Nov:11:1795965517", "begins as a date"},
	        {"domingo 22", "no weekday or month in English"},
	        {"1e", "does not begin with"},
	        {"5 o'clock", "does not begin with"},
	        {"2026-10-22 4:9:38", "month is one behind"},
	        {"22/10/2026 04:09:38", "month is one behind"},
	        {"10/22/26 4:09", "month is one behind"},
	        {"126-10-22 4:9:38", "year counts from 1900"},
	        {"Sun Nov 22 2026", "no time of day"},
	        {"22 Nov 2026", "no time of day"},
	        {"2026-10-0 04:09:38", "getDay() is a weekday"}, /* a Sunday */
	        {"2026-11-22 10:30:00 Week 47", "something follows the time"},
	        {"Sonntag, 22. November 2026, 10:30:00", "no weekday or month in English"},
	        {"{}", "a template"},
	        {"{time}", "a template"},
	        {"[object Object", "as JavaScript shows it"},
	        {"Sun Nov 22 10:30:00 2026", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *why = dialect_no_time(rows[i].text, strlen(rows[i].text), NOW_NS);
		print_message("%s: %s\n", rows[i].text, why);
		assert_true(rows[i].part ? strstr(why, rows[i].part) != NULL : why[0] == '\0');
	}
}

static void uptime_is_told_from_other_numbers(void **state)
{
	char text[40];
	struct ts_stamp stamp;

	(void)state;
	for (int64_t unit_ns = 1; unit_ns <= TS_S; unit_ns *= 1000) {
		int n = snprintf(text, sizeof(text), "%" PRId64, ts_clock_mono_ns() / unit_ns);
		if (ts_stamp_read(&stamp, NULL, text, (size_t)n, NULL) < 0) /* else it has the digits of a time */
			assert_non_null(strstr(dialect_no_time(text, (size_t)n, NOW_NS), "start of the machine"));
		n = snprintf(text, sizeof(text), "%" PRId64, ts_clock_mono_ns() / unit_ns * 3);
		assert_null(strstr(dialect_no_time(text, (size_t)n, NOW_NS), "start of the machine"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_reason_is_told),
	                                   cmocka_unit_test(uptime_is_told_from_other_numbers)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

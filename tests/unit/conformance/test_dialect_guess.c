/* Texts of strftime(3), and of other languages that can be said as one: which pattern is found? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "dialect_guess.h"
#include <cmocka.h>
#include <string.h>

#define NOW_NS     (INT64_C(1795343400) * 1000000000 + 123456789) /* Sun Nov 22 10:30:00.123456789 2026, UTC */
#define EVENING_NS (NOW_NS + INT64_C(13) * 3600 * 1000000000)     /* 23:30 */
#define EARLY_NS   (INT64_C(1783040645) * 1000000000)             /* Fri Jul  3 01:04:05 2026 */

static const char *guess(const char *text, int64_t now_ns)
{
	static struct ts_stamp_format format;
	struct ts_stamp stamp;
	int32_t zone_s;

	return dialect_guess(text, strlen(text), now_ns, &format, &stamp, &zone_s) ? format.strftime_text : "none";
}

static void finds_the_pattern(void **state)
{
	static const struct {
		const char *text, *pattern;
	} rows[] = {
	        {"2026/11/22 10:30:00", "%Y/%m/%d %H:%M:%S"},
	        {"2026/11/22 10:30:00.123456", "%Y/%m/%d %H:%M:%S.%f"},
	        {"22-11-2026 10:30:00.123", "%d-%m-%Y %H:%M:%S.%3N"},
	        {"Nov 22 10:30:00.123456789", "%b %d %H:%M:%S.%9N"},
	        {"11/22/26 10:30:00", "%m/%d/%y %H:%M:%S"},
	        {"22/11/26 10:30:00", "%d/%m/%y %H:%M:%S"},
	        {"26/11/22 10:30:00", "%y/%m/%d %H:%M:%S"},
	        {"10:30:00 22.11.2026", "%H:%M:%S %d.%m.%Y"},
	        {"20261122103000", "%Y%m%d%H%M%S"},
	        {"261122-103000.123456", "%y%m%d-%H%M%S.%f"},
	        {"2026-326 10:30:00", "%Y-%j %H:%M:%S"},
	        {"22.11.2026, 10:30:00", "%d.%m.%Y, %H:%M:%S"},
	        {"Sunday, 22-Nov-26 10:30:00 UTC", "%A, %d-%b-%y %H:%M:%S %Z"},
	        {"11/22/2026, 6:30:00 PM GMT+8", "%m/%d/%Y, %-I:%M:%S %p GMT+8"},
	        {"22 Nov 2026 16:00:00 GMT+5:30", "%d %b %Y %H:%M:%S GMT+5:30"},
	        {"22 Nov 2026 20:30:00 UTC+10", "%d %b %Y %H:%M:%S UTC+10"},
	        {"22/Nov/2026:10:30:00 +0000", "%d/%b/%Y:%H:%M:%S %z"},
	        {"2026/11/22 18:30:00.123 +08:00", "%Y/%m/%d %H:%M:%S.%3N %:z"},
	        {"2026-W47-7T10:30:00", "%G-W%V-%uT%H:%M:%S"},
	        {"stamp 10:30:00", "stamp %H:%M:%S"},
	        {"the time is 10:30:00", "the time is %H:%M:%S"},
	        {"Today is Sunday, 22 November 2026, and it is 10:30:00", "Today is %A, %d %B %Y, and it is %H:%M:%S"},
	        {"22Nov2026-103000", "%d%b%Y-%H%M%S"},
	        {"date=2026-11-22 time=10:30:00", "date=%Y-%m-%d time=%H:%M:%S"},
	        {"2026-11-22T10-30-00", "%Y-%m-%dT%H-%M-%S"},
	        {"10:30:00:123456", "%H:%M:%S:%f"},
	        {" 10:30:00 ", " %H:%M:%S "},
	        {"10:30:00 GMT+0000 (Coordinated Universal Time)", "%H:%M:%S %Z%z (Coordinated Universal Time)"},
	        {"10:30", "%H:%M"},
	        {"SUN NOV 22 10:30:00 2026", "%^a %^b %d %H:%M:%S %Y"},
	        {"ts=1795343400", "ts=%s"},
	        {"1795343400s", "%ss"},
	        {"1795343400.143900445s", "%s.%9Ns"}, /* no day 143 of the year 90 */
	        {"1795343400 +0530", "%s %z"},        /* no month and day */
	        {"1795343400 seconds since the epoch", "%s seconds since the epoch"},
	        {"2026年11月22日 10时30分00秒", "%Y年%m月%d日 %H时%M分%S秒"},
	        {"2026년 11월 22일 10시 30분 00초", "%Y년 %m월 %d일 %H시 %M분 %S초"},
	        {"10h 30m 00s", "%Hh %Mm %Ss"},
	        {"10 hours, 30 minutes and 00 seconds", "%H hours, %M minutes and %S seconds"},
	        {"2026-11-22\t10:30:00", "%Y-%m-%d\t%H:%M:%S"},
	        {"November 22nd 2026, 10:30:00 am", "%B %dnd %Y, %I:%M:%S %P"},
	        {"22 Nov 26 10:30 +0000", "%d %b %y %H:%M %z"},
	        {"22.11.2026, 10:30:00 Uhr", "%d.%m.%Y, %H:%M:%S Uhr"},
	        {"22.11.2026 klo 10.30.00", "%d.%m.%Y klo %H.%M.%S"}, /* in Finland */
	        {"22.11.2026 kl. 10.30.00", "%d.%m.%Y kl. %H.%M.%S"},
	        {"week 47, Sunday 10:30:00 2026", "week %V, %A %H:%M:%S %Y"},
	        {"Sun 10:30:00, KW 46 of 2026", "%a %H:%M:%S, KW %W of %Y"},
	        {"22.11.2026 (week 47) 10:30:00", "%d.%m.%Y (week %V) %H:%M:%S"},
	        {"1795343400 s since 1970", "%s s since 1970"},
	        {"day 326 of the year 2026, 10:30:00", "day %j of the year %Y, %H:%M:%S"},
	        {"22/11/2026 18:30:00", "%d/%m/%Y %H:%M:%S"}, /* eight hours east */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(guess(rows[i].text, NOW_NS), rows[i].pattern);
}

static void knows_the_halves_of_the_day(void **state)
{
	(void)state;
	assert_string_equal(guess("11/22/2026, 11:30:00 PM", EVENING_NS), "%m/%d/%Y, %I:%M:%S %p");
	assert_string_equal(guess("Nov 22, 2026, 10:30:00 AM", NOW_NS), "%b %d, %Y, %I:%M:%S %p");
	assert_string_equal(guess("2026-11-22 11:30:00 PM", EVENING_NS), "%Y-%m-%d %I:%M:%S %p");
	assert_string_equal(guess("11:30PM", EVENING_NS), "%I:%M%p");
	assert_string_equal(guess("7/3/2026, 1:04:05 AM", EARLY_NS), "%-m/%-d/%Y, %-I:%M:%S %p");
}

static void knows_numbers_without_zeros(void **state)
{
	(void)state;
	assert_string_equal(guess("2026-7-3 1:4:5", EARLY_NS), "%Y-%-m-%-d %-H:%-M:%-S");
	assert_string_equal(guess("Jul  3 01:04:05", EARLY_NS), "%b %e %H:%M:%S");
	assert_string_equal(guess("3.7.2026  1:04:05", EARLY_NS), "%-d.%-m.%Y %k:%M:%S");
}

/* The eleventh of November could be read either way, but nobody writes year, day and month. */
static void after_the_year_comes_the_month(void **state)
{
	const int64_t now_ns = NOW_NS - INT64_C(11) * 86400 * 1000000000;

	(void)state;
	assert_string_equal(guess("2026/11/11 10:30:00", now_ns), "%Y/%m/%d %H:%M:%S");
}

/* What is no time of now is no time: a counter, an address, a clock that is hours and minutes off, garbage. */
static void takes_nothing_else(void **state)
{
	static const char *const texts[] = {
	        "",
	        "1",
	        "42",
	        "127.0.0.1",
	        "2461367.496708",
	        "14287.928197",
	        "13921420286669",
	        "2026-11-22",
	        "x",
	        "2026/11/22 10:37:00",
	        "2025/11/22 10:30:00",
	        "22/12/2026 10:30:00",
	        "2026-22-11 10:30:00",
	        "10:30:00]",
	        "[10:30:00",
	        "(2026, 11, 22)",
	        "So Nov 22 10:30:00 2026",
	        "So 22 Nov 10:30:00 2026",
	        "Sun Nov 22 10:30:00 2026\n",
	        "10:30:00\r",
	        "10:30:00 kwxyz",
	        "10 pears 30 minutes",
	        "sun nov 22 10:30:11 2026",
	        "%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%",
	        "11:11:11:11:11:11:11:11:11:11:11:11:11:11:11",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_string_equal(guess(texts[i], NOW_NS), "none");
}

/* Where 20:26 is the time in some zone. */
static void a_year_is_no_time_of_day(void **state)
{
	const int64_t now_ns = NOW_NS - INT64_C(4) * 60 * 1000000000;

	(void)state;
	assert_string_equal(guess("11/22/2026", now_ns), "none");
	assert_string_equal(guess("22.11.2026", now_ns), "none");
	assert_string_equal(guess("11/22 20:26", now_ns), "%m/%d %H:%M");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(finds_the_pattern),           cmocka_unit_test(knows_the_halves_of_the_day),
	        cmocka_unit_test(knows_numbers_without_zeros), cmocka_unit_test(after_the_year_comes_the_month),
	        cmocka_unit_test(takes_nothing_else),          cmocka_unit_test(a_year_is_no_time_of_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

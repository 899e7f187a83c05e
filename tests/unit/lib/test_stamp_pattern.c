/* Time texts by a pattern of strftime, read: good and bad samples. */
#include "stamp_read.h"

static void test_strftime(void **state)
{
	static const struct {
		const char *pattern, *text;
		int64_t begin_ns; /* -1: refused */
		int64_t resolution_ns;
		bool has_date, has_zone;
	} cases[] = {
	        {"%Y/%m/%d %H:%M:%S", "2026/11/22 10:30:00", NOW_S * TS_S, TS_S, true, false},
	        {"%Y/%m/%d %H:%M:%S", "2026/11/22 10:30:0", -1, 0, false, false},
	        {"%Y/%m/%d %H:%M:%S", "2026/11/31 10:30:00", -1, 0, false, false},
	        {"%Y/%m/%d %H:%M:%S", "2026/11/22 10:30:00 ", -1, 0, false, false},
	        {"%Y/%m/%d %H:%M:%S", "2026/11/22  10:30:00", -1, 0, false, false},
	        {"%d/%m/%y %I:%M:%S.%f %p", "22/11/26 10:30:00.000007 AM", NOW_S * TS_S + 7000, TS_US, true, false},
	        {"%d/%m/%y, %I:%M:%S %p", "22/11/26, 10:30:00 a.m.", NOW_S * TS_S, TS_S, true, false},
	        {"%d/%m/%y, %I:%M:%S.%3N %p", "22/11/26, 10:30:00.007 a.m.", NOW_S * TS_S + 7 * TS_MS, TS_MS, true,
	         false},
	        {"%d/%m/%y, %P %I:%M:%S.%3N", "22/11/26, a.m. 10:30:00.007", NOW_S * TS_S + 7 * TS_MS, TS_MS, true,
	         false},
	        {"%d/%m/%y, %P %I:%M:%S", "22/11/26, a.m.  10:30:00", -1, 0, false, false},
	        {"%d/%m/%y %I:%M:%S %p", "22/11/26 22:30:00 AM", -1, 0, false, false},
	        {"%d/%m/%y %I:%M:%S", "22/11/26 10:30:00", -1, 0, false, false},
	        {"%H.%M", "10.30", 37800 * TS_S, 60 * TS_S, false, false},
	        {"%H.%M", "1030", -1, 0, false, false},
	        {"%H", "10", 36000 * TS_S, 3600 * TS_S, false, false},
	        {"%d.%m.%y", "31.12.68", INT64_C(3124137600) * TS_S, 86400 * TS_S, true, false},
	        {"%d.%m.%y", "01.01.70", 0, 86400 * TS_S, true, false},
	        {"%C%y-%m-%d %R", "2026-11-22 10:30", NOW_S * TS_S, 60 * TS_S, true, false},
	        {"%s", "1795343400", NOW_S * TS_S, TS_S, true, true},
	        {"%s", "9999999999", -1, 0, false, false},
	        {"%s.%9Ns", "1795343400.00012s", NOW_S * TS_S + 120 * TS_US, 10 * TS_US, true, true},
	        {"%d/%m/%Y %T.%3N", "22/11/2026 10:30:00.000007", NOW_S * TS_S + 7000, TS_US, true, false},
	        {"%d/%m/%Y %T.%3N", "22/11/2026 10:30:00", NOW_S * TS_S, TS_S, true, false},
	        {"%d/%m/%Y %T.%3N", "22/11/2026 10:30:00.", -1, 0, false, false},
	        {"%d/%m/%Y %T.%1N00", "22/11/2026 10:30:00.07", -1, 0, false, false},
	        {"%H%M%S%3N", "10300007", -1, 0, false, false},
	        {"%s.%3N", "1795343400.007", NOW_S * TS_S + 7 * TS_MS, TS_MS, true, true},
	        {"%c", "Sun Nov 22 10:30:00 2026", NOW_S * TS_S, TS_S, true, false},
	        {"%c", "Mon Nov 22 10:30:00 2026", -1, 0, false, false},
	        {"%A, %d %B %Y %T %z", "Sunday, 22 November 2026 18:30:00 +0800", NOW_S * TS_S, TS_S, true, true},
	        {"%F %T %Z", "2026-11-22 10:30:00 UTC", NOW_S * TS_S, TS_S, true, true},
	        {"%F %T %Z", "2026-11-22 10:30:00 CST", NOW_S * TS_S, TS_S, true, false},
	        {"%Y %j %R", "2026 326 10:30", NOW_S * TS_S, 60 * TS_S, true, false},
	        {"%F", "2026-11-22", NOW_S * TS_S - 37800 * TS_S, 86400 * TS_S, true, false},
	        {"%b %e %T", "Nov 22 10:30:00", 37800 * TS_S, TS_S, false, false},
	        {"%b %-d %-H:%M:%S %Y", "Nov 2 9:30:00 2026", (NOW_S - 20 * 86400 - 3600) * TS_S, TS_S, true, false},
	        {"at %H%%%M", "at 10%30", 37800 * TS_S, 60 * TS_S, false, false},
	        {"%G-W%V-%u", "2026-W47-7", NOW_S * TS_S - 37800 * TS_S, 86400 * TS_S, true, false},
	        {"%G-W%V-%u", "2026-W53-5", INT64_C(1798761600) * TS_S, 86400 * TS_S, true, false}, /* 1 January 2027 */
	        {"%G-W%V-%u", "2020-W01-1", INT64_C(1577664000) * TS_S, 86400 * TS_S, true,
	         false}, /* 30 December 2019 */
	        {"%G-W%V-%u", "2025-W53-1", -1, 0, false, false},
	        {"%G-W%V-%u", "2026-W99-9", -1, 0, false, false},
	        {"%G-W%V", "2026-W47", -1, 0, false, false}, /* neither hour nor date */
	        {"%F %T week %V", "2026-11-22 10:30:00 week 47", NOW_S * TS_S, TS_S, true, false},
	        {"%F %T week %V", "2026-11-22 10:30:00 week 46", -1, 0, false, false},
	        {"week %V, %A %T %Y", "week 47, Sunday 10:30:00 2026", NOW_S * TS_S, TS_S, true, false},
	        {"%a %T, week %U of %Y", "Sun 10:30:00, week 47 of 2026", NOW_S * TS_S, TS_S, true, false},
	        {"%W/%Y %u %T", "46/2026 7 10:30:00", NOW_S * TS_S, TS_S, true, false},
	        {"%W/%Y %u %T", "54/2026 7 10:30:00", -1, 0, false, false},
	        {"%U %a %Y", "00 Fri 2027", INT64_C(1798761600) * TS_S, 86400 * TS_S, true, false}, /* 1 January */
	        {"%V %a %Y", "53 Fri 2027", INT64_C(1798761600) * TS_S, 86400 * TS_S, true, false},
	        {"%V %T %Y", "47 10:30:00 2026", 37800 * TS_S, TS_S, false, false}, /* on some day */
	        {"%U %a %T", "47 Sun 10:30:00", 37800 * TS_S, TS_S, false, false},
	        {"%U %a %T", "4a Sun 10:30:00", -1, 0, false, false},
	        {"%g-W%V-%u %T", "26-W47-7 10:30:00", NOW_S * TS_S, TS_S, true, false},
	        {"%F %T", "2026-06-30 23:59:60", INT64_C(1782863999) * TS_S, TS_S, true, false},
	        {"el %d de enero de %Y, %T", "el 22 de enero de 2026, 10:30:00", 37800 * TS_S, TS_S, false, false},
	        {"%y, %T", "26, 10:30:00", 37800 * TS_S, TS_S, false, false},
	        {"plain", "plain", -1, 0, false, false},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct ts_stamp_format format = {.kind = TS_STAMP_STRFTIME};
		struct ts_stamp stamp;
		const char *why = "";
		strcpy(format.strftime_text, cases[i].pattern);
		int result = read_as(&stamp, &format, cases[i].text, &why);
		if ((result == 0) != (cases[i].begin_ns >= 0))
			fail_msg("\"%s\" as \"%s\": %d, %s", cases[i].text, cases[i].pattern, result, why);
		if (result < 0) {
			assert_true(*why);
			continue;
		}
		if (stamp.begin_ns != cases[i].begin_ns)
			fail_msg("\"%s\" as \"%s\": %lld", cases[i].text, cases[i].pattern, (long long)stamp.begin_ns);
		assert_int_equal(stamp.resolution_ns, cases[i].resolution_ns);
		assert_int_equal(stamp.has_date, cases[i].has_date);
		assert_int_equal(stamp.has_zone, cases[i].has_zone);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_strftime),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

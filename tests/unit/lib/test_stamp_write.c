/*
 * Time texts, written: known moments, every kind, and back again through the reader, in several zones, over random
 * times and the edges of the calendar.
 */
#include "ts_clock.h"
#include "ts_random.h"
#include "ts_stamp.h"
#include "unit.h"
#include <stdio.h>
#include <time.h>

#define NOW_NS INT64_C(1795343400123456789) /* 2026-11-22T10:30:00Z, a Sunday */

/* Written out, so that no time zone files are needed. */
#define NEW_YORK  "EST5EDT,M3.2.0,M11.1.0"
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"

static void set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static struct ts_stamp_format format_of(const char *text, int digits, bool utc)
{
	struct ts_stamp_format format = {.digits = digits, .utc = utc};
	struct ts_err err = {0};

	if (ts_stamp_format_parse(&format, text, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return format;
}

static void test_known(void **state)
{
	static const struct {
		const char *kind;
		int digits;
		bool utc;
		const char *text;
	} cases[] = {
	        {"ctime", 0, true, "[Sun Nov 22 10:30:00 2026]"},
	        {"ctime", 9, false, "[Sun Nov 22 16:15:00 2026]"},
	        {"rfc3339", 0, true, "[2026-11-22T10:30:00Z]"},
	        {"rfc3339", 6, true, "[2026-11-22T10:30:00.123456Z]"},
	        {"rfc3339", 9, false, "[2026-11-22T16:15:00.123456789+05:45]"},
	        {"unix", 0, true, "[1795343400]"},
	        {"unix", 3, false, "[1795343400.123]"},
	        {"date", 0, true, "[Sun Nov 22 10:30:00 UTC 2026]"},
	        {"date", 0, false, "[Sun Nov 22 16:15:00 +0545 2026]"},
	        {"rfc1123", 3, true, "[Sun, 22 Nov 2026 10:30:00 GMT]"},
	        {"rfc1123", 3, false, "[Sun, 22 Nov 2026 10:30:00 GMT]"},
	        {"js", 0, true, "[Sun Nov 22 2026 10:30:00 GMT+0000 (Coordinated Universal Time)]"},
	        {"js", 0, false, "[Sun Nov 22 2026 16:15:00 GMT+0545 (+0545)]"},
	        {"time", 0, true, "[10:30:00]"},
	        {"time", 3, false, "[16:15:00.123]"},
	        {"strftime:%d.%m.%Y %H:%M:%S", 9, true, "[22.11.2026 10:30:00]"},
	        {"strftime:%H:%M:%S.%f %p", 0, true, "[10:30:00.123456 AM]"},
	        {"strftime:%s.%3N|%:z|%%", 0, false, "[1795343400.123|+05:45|%]"},
	        {"strftime:%c", 0, true, "[Sun Nov 22 10:30:00 2026]"},
	};

	(void)state;
	set_zone("<+0545>-5:45");
	for (size_t i = 0; i < N(cases); i++) {
		struct ts_stamp_format format = format_of(cases[i].kind, cases[i].digits, cases[i].utc);
		struct ts_stamp_writer w;
		const char *text;
		ts_stamp_writer_init(&w, &format, "]");
		for (int again = 0; again < 2; again++) {
			size_t n = ts_stamp_write(&w, NOW_NS, &text);
			if (n != strlen(cases[i].text) || memcmp(text, cases[i].text, n) != 0)
				fail_msg("%s: %.*s, not %s", cases[i].kind, (int)n, text, cases[i].text);
		}
	}
}

static void test_suffix(void **state)
{
	struct ts_stamp_format format = format_of("time", 3, true);
	struct ts_stamp_writer w;
	const char *text;

	(void)state;
	ts_stamp_writer_init(&w, &format, "] \t-- ");
	assert_int_equal(ts_stamp_write(&w, NOW_NS, &text), 1 + 12 + 6);
	assert_memory_equal(text, "[10:30:00.123] \t-- ", 19);
	ts_stamp_writer_init(&w, &format, "]4567890123456789012345678901");
	assert_int_equal(ts_stamp_write(&w, NOW_NS, &text), 1 + 12 + 29);
}

/* Every nanosecond of the fraction, the first moments of all, and steps back: the cache never shows. */
static void test_cache(void **state)
{
	static const int64_t moments[] = {0,
	                                  1,
	                                  999999999,
	                                  1000000000,
	                                  5,
	                                  NOW_NS,
	                                  NOW_NS + 1,
	                                  NOW_NS - 1,
	                                  NOW_NS - TS_S,
	                                  NOW_NS - 123456789,
	                                  NOW_NS - 123456790,
	                                  NOW_NS + 876543210,
	                                  NOW_NS + 876543211};
	struct ts_stamp_format format = format_of("rfc3339", 9, true);
	struct ts_stamp_writer w;

	(void)state;
	ts_stamp_writer_init(&w, &format, "]");
	for (size_t i = 0; i < N(moments); i++) {
		struct ts_stamp stamp;
		const char *text;
		size_t n = ts_stamp_write(&w, moments[i], &text);
		assert_int_equal(ts_stamp_read(&stamp, &format, text + 1, n - 2, NULL), 0);
		assert_int_equal(stamp.begin_ns, moments[i]);
	}
}

/* Written and read again, a moment is the same, as far as the text tells. */
static void round_trip(struct ts_stamp_writer *w, int64_t ns)
{
	struct ts_stamp stamp;
	const char *text, *why = "";
	size_t n = ts_stamp_write(w, ns, &text);
	time_t second = ns / TS_S;
	struct tm tm;

	localtime_r(&second, &tm);
	if (ts_stamp_read(&stamp, &w->format, text + 1, n - 2, &why) < 0)
		fail_msg("%.*s: %s", (int)n, text, why);
	int32_t zone_s = w->format.utc ? 0 : (int32_t)tm.tm_gmtoff;
	int64_t begin = ts_stamp_instant_ns(&stamp, zone_s, ns);
	if (begin > ns || begin + stamp.resolution_ns <= ns)
		fail_msg("%.*s: off by %lld ns", (int)n, text, (long long)(begin - ns));
	if (stamp.has_zone && w->format.kind != TS_STAMP_STRFTIME) /* %s has a zone of its own */
		assert_int_equal(stamp.zone_s, zone_s);
	int64_t unit = TS_S;
	for (int d = 0; d < w->format.digits; d++)
		unit /= 10;
	if (w->format.kind != TS_STAMP_STRFTIME)
		assert_int_equal(stamp.resolution_ns, unit);
	if (w->format.kind != TS_STAMP_STRFTIME && w->format.kind != TS_STAMP_TIME) {
		struct ts_stamp found;
		assert_int_equal(ts_stamp_read(&found, NULL, text + 1, n - 2, NULL), 0);
		assert_int_equal(found.kind, w->format.kind);
		assert_int_equal(found.begin_ns, stamp.begin_ns);
	}
}

static void round_trips(struct ts_stamp_writer *w, struct ts_random *random)
{
	/* Leap days, ends of years, 2038, and both edges of daylight saving in New York, London and on Lord Howe. */
	static const int64_t edges_s[] = {951782400,  1709164800, 1735689600, 1767225600, 2147483648,
	                                  4102444800, 1772953200, 1793512800, 1774746000, 1792890000,
	                                  1791041400, 1775314800, 1};

	for (size_t i = 0; i < N(edges_s); i++)
		for (int64_t ns = -2 * TS_S; ns <= 2 * TS_S; ns += TS_S / 3)
			if (edges_s[i] * TS_S + ns >= 0)
				round_trip(w, edges_s[i] * TS_S + ns);
	for (int i = 0; i < 60; i++)
		round_trip(w, (int64_t)ts_random_below(random, UINT64_C(4200000000) * TS_S));
}

static void test_round_trip(void **state)
{
	static const char *const kinds[] = {"ctime",
	                                    "rfc3339",
	                                    "unix",
	                                    "date",
	                                    "rfc1123",
	                                    "js",
	                                    "time",
	                                    "strftime:%d/%m/%Y %I:%M:%S.%f %p %z",
	                                    "strftime:%Y %j %T %A %B",
	                                    "strftime:%G-W%V-%u %T",
	                                    "strftime:%s.%N",
	                                    "strftime:%c %Z %:z"};
	static const char *const zones[] = {
	        "UTC0", NEW_YORK, "GMT0BST,M3.5.0/1,M10.5.0", LORD_HOWE, "<+0545>-5:45", "<+14>-14", "<-1130>11:30"};
	struct ts_random *random = ts_random_new(11);

	(void)state;
	for (size_t z = 0; z < N(zones); z++) {
		set_zone(zones[z]);
		for (size_t k = 0; k < N(kinds); k++)
			for (int digits = 0; digits <= 9; digits += 3)
				for (int utc = 0; utc < 2; utc++) {
					struct ts_stamp_format format = format_of(kinds[k], digits, utc);
					struct ts_stamp_writer w;
					/* A moment before 1970 in its zone has no seconds since then. */
					ts_stamp_writer_init(&w, &format, "]");
					if (format.kind != TS_STAMP_UNIX && !strstr(kinds[k], "%s"))
						round_trips(&w, random);
					for (int i = 0; i < 50; i++)
						round_trip(&w, (TS_S + (int64_t)ts_random_below(random, 3200000000)) *
						                               TS_S +
						                       i * 7777777);
				}
	}
	ts_random_free(random);
}

/* The zone's offset changes with the second that it changes in. */
static void test_daylight_saving(void **state)
{
	struct ts_stamp_format format = format_of("rfc3339", 0, false);
	const int64_t edge_ns = INT64_C(1793512800) * TS_S; /* 2026-11-01T06:00:00Z */
	struct ts_stamp_writer w;
	const char *text;

	(void)state;
	set_zone(NEW_YORK);
	ts_stamp_writer_init(&w, &format, "]");
	ts_stamp_write(&w, edge_ns - 1, &text);
	assert_memory_equal(text, "[2026-11-01T01:59:59-04:00]", 27);
	ts_stamp_write(&w, edge_ns, &text);
	assert_memory_equal(text, "[2026-11-01T01:00:00-05:00]", 27);
	ts_stamp_write(&w, edge_ns - 1, &text);
	assert_memory_equal(text, "[2026-11-01T01:59:59-04:00]", 27);
}

static void test_format_parse(void **state)
{
	static const char *const bad[] = {"",
	                                  "ctim",
	                                  "ctimes",
	                                  "CTIME",
	                                  "ctime:%H",
	                                  "strftime",
	                                  "strftime:",
	                                  "strftime:]",
	                                  "strftime:%H]",
	                                  "strftime:%n",
	                                  "strftime:a\rb",
	                                  "strftime:%H%",
	                                  "strftime:%c%c%c%c%c%c",
	                                  "strftime:%200Y",
	                                  "strftime:%f%N",
	                                  "strftime:0123456789012345678901234567890123456789012345678901234567890123"};
	struct ts_stamp_format format = {.digits = 6, .utc = true};
	struct ts_err err;

	(void)state;
	for (size_t i = 0; i < N(bad); i++) {
		memset(&err, 0, sizeof(err));
		if (ts_stamp_format_parse(&format, bad[i], &err) >= 0)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(err.exit_status, TS_EXIT_USAGE);
		assert_true(err.text[0] != 0 && strchr(err.text, '\n') == NULL);
		assert_true(ts_stamp_format_parse(&format, bad[i], NULL) < 0);
	}
	assert_int_equal(ts_stamp_format_parse(&format, "strftime:%H:%M", NULL), 0);
	assert_int_equal(format.kind, TS_STAMP_STRFTIME);
	assert_string_equal(format.strftime_text, "%H:%M");
	assert_int_equal(format.digits, 6);
	assert_true(format.utc);
	assert_int_equal(ts_stamp_format_parse(&format, "js", NULL), 0);
	assert_int_equal(format.kind, TS_STAMP_JS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_known),           cmocka_unit_test(test_suffix),
	        cmocka_unit_test(test_cache),           cmocka_unit_test(test_round_trip),
	        cmocka_unit_test(test_daylight_saving), cmocka_unit_test(test_format_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Time texts, read: good and bad samples of every kind. */
#include "stamp_read.h"

#define NONE INT32_MIN

/* A text that says NOW_S (and ns nanoseconds) in its own zone; NONE: it does not name one, and is read as if UTC. */
static const struct good {
	enum ts_stamp_kind kind;
	const char *text;
	int digits;
	int32_t zone_s;
	int64_t ns;
} goods[] = {
        {TS_STAMP_CTIME, "Sun Nov 22 10:30:00 2026", 0, NONE, 0},

        {TS_STAMP_RFC3339, "2026-11-22T10:30:00Z", 0, 0, 0},
        {TS_STAMP_RFC3339, "2026-11-22t10:30:00z", 0, 0, 0},
        {TS_STAMP_RFC3339, "2026-11-22 10:30:00", 0, NONE, 0},
        {TS_STAMP_RFC3339, "2026-11-22 10:30:00.123456", 6, NONE, 123456000},
        {TS_STAMP_RFC3339, "2026-11-22T10:30:00.123456", 6, NONE, 123456000},
        {TS_STAMP_RFC3339, "2026-11-22 10:30:00,123", 3, NONE, 123000000},
        {TS_STAMP_RFC3339, "2026-11-22T10:30:00.123456789Z", 9, 0, 123456789},
        {TS_STAMP_RFC3339, "2026-11-22T10:30:00.12345678Z", 8, 0, 123456780},
        {TS_STAMP_RFC3339, "2026-11-22T10:30:00.1Z", 1, 0, 100000000},
        {TS_STAMP_RFC3339, "2026-11-22 10:30:00.0", 1, NONE, 0},
        {TS_STAMP_RFC3339, "2026-11-22T18:30:00+08:00", 0, 28800, 0},
        {TS_STAMP_RFC3339, "2026-11-22T18:30:00.123+08:00", 3, 28800, 123000000},
        {TS_STAMP_RFC3339, "2026-11-22T18:30:00+0800", 0, 28800, 0},
        {TS_STAMP_RFC3339, "2026-11-22T18:30:00+08", 0, 28800, 0},
        {TS_STAMP_RFC3339, "2026-11-22 18:30:00 +0800", 0, 28800, 0},
        {TS_STAMP_RFC3339, "2026-11-22T02:15:00-08:15", 0, -29700, 0},
        {TS_STAMP_RFC3339, "2026-11-22T10:30:00-00:00", 0, 0, 0},
        {TS_STAMP_RFC3339, "2026-11-23T00:15:00+13:45", 0, 49500, 0},
        {TS_STAMP_RFC3339, "2026-11-22 10:30:00 UTC", 0, 0, 0},
        {TS_STAMP_RFC3339, "2026-11-22 18:30:00.123456789 +0800 CST m=+0.000012345", 9, 28800, 123456789},
        {TS_STAMP_RFC3339, "2026-11-22 10:30:00.12 +0000 UTC", 2, 0, 120000000},

        {TS_STAMP_UNIX, "1795343400", 0, 0, 0},
        {TS_STAMP_UNIX, "1795343400.1", 1, 0, 100000000},
        {TS_STAMP_UNIX, "1795343400.1234567", 7, 0, 123456700},
        {TS_STAMP_UNIX, "1795343400.123456789", 9, 0, 123456789},
        {TS_STAMP_UNIX, "1795343400123", 3, 0, 123000000},
        {TS_STAMP_UNIX, "1795343400123.4567", 7, 0, 123456700},
        {TS_STAMP_UNIX, "1795343400123456", 6, 0, 123456000},
        {TS_STAMP_UNIX, "1795343400123456.0", 7, 0, 123456000},
        {TS_STAMP_UNIX, "1795343400123456789", 9, 0, 123456789},

        {TS_STAMP_DATE, "Sun Nov 22 10:30:00 UTC 2026", 0, 0, 0},
        {TS_STAMP_DATE, "Sun Nov 22 10:30:00 GMT 2026", 0, 0, 0},
        {TS_STAMP_DATE, "Sun Nov 22 10:30:00 CST 2026", 0, NONE, 0},
        {TS_STAMP_DATE, "Sun Nov 22 10:30:00 CEST 2026", 0, NONE, 0},
        {TS_STAMP_DATE, "Sun Nov 22 10:30:00 ChST 2026", 0, NONE, 0},
        {TS_STAMP_DATE, "Sun Nov 22 18:30:00 +08 2026", 0, 28800, 0},
        {TS_STAMP_DATE, "Sun Nov 22 16:15:00 +0545 2026", 0, 20700, 0},
        {TS_STAMP_DATE, "Sun Nov 22 10:30:00 AM UTC 2026", 0, 0, 0},
        {TS_STAMP_DATE, "Sun 22 Nov 2026 10:30:00 AM UTC", 0, 0, 0},
        {TS_STAMP_DATE, "Sun 22 Nov 10:30:00 UTC 2026", 0, 0, 0},

        {TS_STAMP_RFC1123, "Sun, 22 Nov 2026 10:30:00 GMT", 0, 0, 0},
        {TS_STAMP_RFC1123, "Sun, 22 Nov 2026 10:30:00 UTC", 0, 0, 0},
        {TS_STAMP_RFC1123, "Sun, 22 Nov 2026 10:30:00 -0000", 0, 0, 0},
        {TS_STAMP_RFC1123, "Sun, 22 Nov 2026 18:30:00 +0800", 0, 28800, 0},
        {TS_STAMP_RFC1123, "Sun, 22 Nov 2026 10:30:00 EST", 0, NONE, 0},

        {TS_STAMP_JS, "Sun Nov 22 2026 10:30:00 GMT+0000 (Coordinated Universal Time)", 0, 0, 0},
        {TS_STAMP_JS, "Sun Nov 22 2026 18:30:00 GMT+0800 (China Standard Time)", 0, 28800, 0},
        {TS_STAMP_JS, "Sun Nov 22 2026 05:30:00 GMT-0500", 0, -18000, 0},
};

/* Times of day: seconds since midnight. */
static const struct {
	const char *text;
	int digits;
	int64_t ns;
} times_of_day[] = {
        {"10:30:00", 0, 37800 * TS_S},
        {"00:00:00", 0, 0},
        {"23:59:60", 0, 86399 * TS_S},
        {"10:30:00.123", 3, 37800 * TS_S + 123 * TS_MS},
        {"10:30:00,123456", 6, 37800 * TS_S + 123456 * TS_US},
        {"10:30:00 AM", 0, 37800 * TS_S},
        {"10:30:00 PM", 0, 81000 * TS_S},
        {"9:05:01 AM", 0, 32701 * TS_S},
        {"9:05:01 a.m.", 0, 32701 * TS_S}, /* in Canada's browsers */
        {"9:05:01 p.\xc2\xa0m.", 0, 75901 * TS_S},
        {"12:00:00 AM", 0, 0},
        {"12:00:00 PM", 0, 43200 * TS_S},
        {"10:30:00Z", 0, 37800 * TS_S},
        {"10:30:00+02:00", 0, 30600 * TS_S},
        {"10:30:00.5-0530", 1, 57600 * TS_S + 500 * TS_MS},
        {"9:05:01\xe2\x80\xaf"
         "PM",
         0, 75901 * TS_S},
};

static const struct {
	const char *text;
	const char *why; /* a part of the sentence; "" where more than one kind may speak */
} bads[] = {
        {"", "empty"},
        {"now", ""},
        {" ", ""},
        /* the calendar */
        {"Mon Nov 22 10:30:00 2026", "weekday does not fit"},
        {"Sun Feb 29 10:30:00 2026", "no such day"},
        {"Thu Feb 29 10:30:00 1900", "no such day"},
        {"2026-02-30 10:30:00", "no such day"},
        {"2026-04-31T10:30:00Z", "no such day"},
        {"2026-00-10 10:30:00", "month must be"},
        {"2026-13-10 10:30:00", "month must be"},
        {"2026-11-00 10:30:00", "no such day"},
        {"2026-11-22 24:00:00", "hour must be"},
        {"2026-11-22 10:60:00", "minute must be"},
        {"2026-11-22 10:30:61", "second must be"},
        {"24:00:00", "hour must be"},
        {"0000-11-22 10:30:00", "year is not"},
        {"9999-11-22 10:30:00", "year is not"},
        {"Mon Nov 22 10:30:00 UTC 2026", "weekday does not fit"},
        {"Mon, 22 Nov 2026 10:30:00 GMT", "weekday does not fit"},
        {"Mon Nov 22 2026 10:30:00 GMT+0000", "weekday does not fit"},
        /* ctime */
        {"Sun Nov 22 10:30:00 2026\n", "something follows"},
        {"Sun Nov 22 10:30:00 2026 ", "something follows"},
        {" Sun Nov 22 10:30:00 2026", ""},
        {"sun nov 22 10:30:00 2026", ""},
        {"Sun Nov 2 10:30:00 2026", ""},
        {"Sun Nov 22 10:30 2026", ""},
        {"Sun Nov 22 10:30:00 26", ""},
        {"Sun Nov 22 10:30:00.5 2026", ""},
        {"Sun  Nov 22 10:30:00 2026", ""},
        {"Son Nov 22 10:30:00 2026", ""},
        {"Sun Okt 22 10:30:00 2026", ""},
        /* rfc3339 */
        {"2026-11-22", ""},
        {"2026-11-22T10:30", ""},
        {"2026-11-22_10:30:00", "T or a space"},
        {"2026-11-22  10:30:00", ""},
        {"2026-1-22 10:30:00", ""},
        {"26-11-22 10:30:00", ""},
        {"2026-11-22T10:30:00.Z", "no digits"},
        {"2026-11-22T10:30:00.1234567890Z", "more than nine"},
        {"2026-11-22T10:30:00ZZ", "something follows"},
        {"2026-11-22T10:30:00+8", ""},
        {"2026-11-22T10:30:00+08:0", ""},
        {"2026-11-22T10:30:00+24:00", "no offset"},
        {"2026-11-22T10:30:00+08:60", "no offset"},
        {"2026-11-22T10:30:00 ", ""},
        {"2026-11-22 10:30:00 +0000 UTC x=1", "follows the zone"},
        {"20261122T103000Z", ""},
        /* unix */
        {"0795343400", ""},
        {"+1795343400", ""},
        {"-1795343400", ""},
        {"179534340", ""},
        {"17953434000", ""},
        {"179534340012", ""},
        {"17953434001234", ""},
        {"9999999999999999999", "too large"},
        {"99999999999999999999", ""},
        {"9999999999", "too large"},
        {"9214646400", "too large"}, /* 2262: no year of the other texts, either */
        {"1795343400.", "no digits"},
        {"1795343400.1234567890", "more than nine"},
        {"1795343400123.", "no digits"},
        {"1795343400123.1234567", "more than nine"},
        {"1795343400123456789.0", "something follows"},
        {"1795343400 ", "something follows"},
        {"1.795343400e9", ""},
        /* date, rfc1123, js, time */
        {"Sun Nov 22 10:30:00 utc 2026", ""},
        {"Sun Nov 22 10:30:00 TOOLONG 2026", ""},
        {"Sun Nov 22 13:30:00 PM UTC 2026", "1 to 12"},
        {"Sun Nov 22 00:30:00 AM UTC 2026", "1 to 12"},
        {"Sun 22 Nov 2026 10:30:00 UTC 2026", "something follows"},
        {"Sun, 2 Nov 2026 10:30:00 GMT", ""},
        {"Sun, 22 Nov 2026 10:30:00", ""},
        {"Sun Nov 22 2026 10:30:00 UTC+0000", ""},
        {"Sun Nov 22 2026 10:30:00 GMT+0000 (x", "parentheses"},
        {"9:05:01", "two digits"},
        {"10:30", ""},
        {"10:30:0", ""},
        {"13:00:00 PM", "1 to 12"},
        {"2026-11-22 10:30:00 PM", "zone"}, /* no zone of that name: half of the day */
        {"10:30:00ZZ", "something follows"},
        {"10:30:00 +01:00", "something follows"},
        {"10:30:00+01:60", "no offset"},
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(goods); i++) {
		const struct good *g = &goods[i];
		struct ts_stamp stamp;
		const char *why = "";
		if (read_as(&stamp, NULL, g->text, &why) < 0)
			fail_msg("\"%s\": %s", g->text, why);
		assert_int_equal(stamp.kind, g->kind);
		assert_true(stamp.has_date);
		assert_int_equal(stamp.has_zone, g->zone_s != NONE);
		assert_int_equal(stamp.zone_s, g->zone_s == NONE ? 0 : g->zone_s);
		assert_int_equal(stamp.digits, g->digits);
		if (stamp.begin_ns != NOW_S * TS_S + g->ns)
			fail_msg("\"%s\": %lld", g->text, (long long)stamp.begin_ns);
		int64_t resolution = TS_S;
		for (int d = 0; d < g->digits; d++)
			resolution /= 10;
		assert_int_equal(stamp.resolution_ns, resolution);
		/* Its own kind and no other reads it. */
		for (int kind = 0; kind < TS_STAMP_STRFTIME; kind++) {
			struct ts_stamp_format format = {.kind = (enum ts_stamp_kind)kind};
			assert_int_equal(read_as(&stamp, &format, g->text, &why) == 0, kind == (int)g->kind);
		}
		/* No part of it reads as the same kind and moment, but where something optional was cut. */
		for (size_t n = 0; n < strlen(g->text); n++)
			ts_stamp_read(&stamp, NULL, at_edge(g->text, n), n, NULL);
	}
}

static void test_padding(void **state)
{
	static const char *const texts[] = {"Sun Nov  1 10:30:00 2026", "Sun Nov  1 10:30:00 UTC 2026",
	                                    "Sun Nov 01 10:30:00 UTC 2026", "Sun, 01 Nov 2026 10:30:00 GMT",
	                                    "Sun Nov 01 2026 10:30:00 GMT+0000"};
	const char *why = "";
	struct ts_stamp stamp;

	(void)state;
	for (size_t i = 0; i < N(texts); i++) {
		assert_int_equal(read_as(&stamp, NULL, texts[i], &why), 0);
		assert_int_equal(stamp.begin_ns, (NOW_S - 21 * 86400) * TS_S);
	}
	assert_true(read_as(&stamp, NULL, "Sun Nov 01 10:30:00 2026", &why) < 0);
	assert_true(read_as(&stamp, &(struct ts_stamp_format){.kind = TS_STAMP_CTIME}, "Sun Nov 01 10:30:00 2026",
	                    &why) < 0);
	assert_non_null(strstr(why, "padded with a space"));
}

static void test_time_of_day(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(times_of_day); i++) {
		struct ts_stamp stamp;
		const char *why = "";
		if (read_as(&stamp, NULL, times_of_day[i].text, &why) < 0)
			fail_msg("\"%s\": %s", times_of_day[i].text, why);
		assert_int_equal(stamp.kind, TS_STAMP_TIME);
		assert_false(stamp.has_date);
		assert_int_equal(stamp.digits, times_of_day[i].digits);
		assert_int_equal(stamp.begin_ns, times_of_day[i].ns);
	}
}

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(bads); i++) {
		struct ts_stamp stamp;
		const char *why = "";
		if (read_as(&stamp, NULL, bads[i].text, &why) == 0 || !*why || !strstr(why, bads[i].why))
			fail_msg("\"%s\": read as kind %d: %s", bads[i].text, (int)stamp.kind, why);
	}
}

/* Any byte, changed: the same moment is never read again, unless the text still says so. */
static void test_each_byte_counts(void **state)
{
	const char text[] = "2026-11-22T10:30:00.123Z";
	struct ts_stamp stamp;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		for (int c = 0; c < 256; c++) {
			char changed[sizeof(text)];
			memcpy(changed, text, sizeof(text));
			changed[i] = (char)c;
			bool same = c == text[i] || (c == 't' && text[i] == 'T') || (c == ' ' && text[i] == 'T') ||
			            (c == 'z' && text[i] == 'Z') || (c == ',' && text[i] == '.');
			if (ts_stamp_read(&stamp, NULL, changed, sizeof(text) - 1, NULL) == 0 && !same)
				assert_true(stamp.begin_ns != NOW_S * TS_S + 123 * TS_MS || !stamp.has_zone);
		}
}

/* Where the kind is known, seconds may be left out that are 0: so does Java's java.time. */
static void test_seconds_left_out(void **state)
{
	static const struct {
		enum ts_stamp_kind kind;
		const char *text;
		bool good;
	} rows[] = {{TS_STAMP_RFC3339, "2026-11-22T10:30", true},
	            {TS_STAMP_RFC3339, "2026-11-22T10:30Z", true},
	            {TS_STAMP_RFC3339, "2026-11-22T10:30+00:00", true},
	            {TS_STAMP_TIME, "10:30", true},
	            {TS_STAMP_TIME, "10:30Z", true},
	            {TS_STAMP_RFC3339, "2026-11-22T10:3", false},
	            {TS_STAMP_RFC3339, "2026-11-22T10:30:", false},
	            {TS_STAMP_RFC3339, "2026-11-22T10", false},
	            {TS_STAMP_RFC3339, "2026-11-22T10:30.5", false},
	            {TS_STAMP_CTIME, "Sun Nov 22 10:30 2026", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ts_stamp_format format = {.kind = rows[i].kind};
		struct ts_stamp stamp;
		assert_int_equal(read_as(&stamp, &format, rows[i].text, NULL) == 0, rows[i].good);
		if (!rows[i].good)
			continue;
		assert_int_equal(ts_stamp_instant_ns(&stamp, 0, NOW_S * INT64_C(1000000000)),
		                 NOW_S * INT64_C(1000000000));
		assert_int_equal(stamp.resolution_ns, 1000000000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_seconds_left_out),
	        cmocka_unit_test(test_good),
	        cmocka_unit_test(test_padding),
	        cmocka_unit_test(test_time_of_day),
	        cmocka_unit_test(test_bad),
	        cmocka_unit_test(test_each_byte_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

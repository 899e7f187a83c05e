#include "ts_stamp_inside.h"
#include <stdlib.h>
#include <string.h>

static const char kind_names[TS_STAMP_N][10] = {
        [TS_STAMP_CTIME] = "ctime", [TS_STAMP_RFC3339] = "rfc3339",   [TS_STAMP_UNIX] = "unix",
        [TS_STAMP_DATE] = "date",   [TS_STAMP_RFC1123] = "rfc1123",   [TS_STAMP_JS] = "js",
        [TS_STAMP_TIME] = "time",   [TS_STAMP_STRFTIME] = "strftime",
};

const char ts_stamp_weekdays[7][10] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

const char ts_stamp_months[12][10] = {"January", "February", "March",     "April",   "May",      "June",
                                      "July",    "August",   "September", "October", "November", "December"};

int64_t ts_stamp_unit_ns(int digits)
{
	static const int64_t units[] = {1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};

	return units[digits];
}

/* Years begin in March here, so that the leap day is the last one of its year; they are not before the year 1. */
int64_t ts_stamp_days(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t era = y / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int month_days(int year, int month)
{
	static const signed char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

bool ts_stamp_finish(struct ts_stamp *stamp, const struct ts_stamp_fields *f, struct ts_stamp_scan *s)
{
	int64_t days = 0;

	if (f->has_date) {
		if (f->year < TS_STAMP_YEAR_MIN || f->year > TS_STAMP_YEAR_MAX)
			return ts_stamp_no(s, "the year is not one of this epoch");
		if (f->month < 1 || f->month > 12)
			return ts_stamp_no(s, "the month must be 01 to 12");
		if (f->day < 1 || f->day > month_days(f->year, f->month))
			return ts_stamp_no(s, "there is no such day in that month");
		days = ts_stamp_days(f->year, f->month, f->day);
		if (f->weekday >= 0 && (((days + 4) % 7) + 7) % 7 != f->weekday)
			return ts_stamp_no(s, "the weekday does not fit the date");
	}
	if (f->hour > 23)
		return ts_stamp_no(s, "the hour must be 00 to 23");
	if (f->minute > 59)
		return ts_stamp_no(s, "the minute must be 00 to 59");
	if (f->second > 60)
		return ts_stamp_no(s, "the second must be 00 to 60");

	int second = f->second == 60 ? 59 : f->second;
	int64_t seconds = days * TS_STAMP_DAY_S + f->hour * 3600 + f->minute * 60 + second;
	if (f->has_zone)
		seconds -= f->zone_s;
	stamp->has_date = f->has_date;
	stamp->month = stamp->month_day = stamp->week_day = 0;
	stamp->has_zone = f->has_zone;
	stamp->zone_s = f->has_zone ? f->zone_s : 0;
	stamp->digits = f->digits;
	stamp->begin_ns = seconds * INT64_C(1000000000) + f->fraction_ns;
	stamp->resolution_ns = ts_stamp_unit_ns(f->digits);
	return true;
}

/* The text of a pattern's longest moment must fit, and may hold nothing that would end the stamp early. */
static int check_pattern(const char *pattern, struct ts_err *err)
{
	const struct tm longest = {.tm_year = 126,
	                           .tm_mon = 8,
	                           .tm_mday = 30,
	                           .tm_hour = 22,
	                           .tm_min = 30,
	                           .tm_sec = 30,
	                           .tm_wday = 3,
	                           .tm_yday = 272,
	                           .tm_zone = "+0545"};
	char text[TS_STAMP_MAX - 1];
	size_t fraction_at, n_fractions = 0;

	for (const char *p = pattern; *p; p++) {
		size_t n = *p == '%' ? ts_stamp_conversion(p) : 1;
		if (n == 0)
			return ts_err_usage(err, "strftime:%s: ends within a conversion", pattern);
		p += n - 1;
		n_fractions += n > 1 && (*p == 'f' || *p == 'N');
	}
	if (n_fractions > 1)
		return ts_err_usage(err, "strftime:%s: may show the fraction once", pattern);
	size_t n = ts_stamp_expand(text, sizeof(text), pattern, &longest, 1790807430, &fraction_at);
	if (n == 0)
		return ts_err_usage(err, "strftime:%s: must give a text of 1 to %d bytes", pattern, TS_STAMP_MAX - 1);
	for (size_t i = 0; i < n; i++)
		if (strchr("]\r\n", text[i])) /* NUL included */
			return ts_err_usage(err, "strftime:%s: the text may not hold ']' or a line's end", pattern);
	return 0;
}

int ts_stamp_format_parse(struct ts_stamp_format *format, const char *text, struct ts_err *err)
{
	const char *colon = strchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : strlen(text);

	for (int kind = 0; kind < TS_STAMP_N; kind++) {
		if (strlen(kind_names[kind]) != n || memcmp(kind_names[kind], text, n) != 0)
			continue;
		if ((kind == TS_STAMP_STRFTIME) != (colon != NULL))
			break;
		if (colon) {
			if (strlen(colon + 1) >= sizeof(format->strftime_text))
				return ts_err_usage(err, "strftime:FORMAT: the format may have up to %zu bytes",
				                    sizeof(format->strftime_text) - 1);
			int result = check_pattern(colon + 1, err);
			if (result < 0)
				return result;
			memcpy(format->strftime_text, colon + 1, strlen(colon + 1) + 1);
		}
		format->kind = (enum ts_stamp_kind)kind;
		return 0;
	}
	return ts_err_usage(err, "\"%.64s\" is no time format: must be " TS_STAMP_KINDS ":FORMAT", text);
}

#define QUARTER_NS (900 * INT64_C(1000000000))
#define DAY_NS     (TS_STAMP_DAY_S * INT64_C(1000000000))
#define WEST_MOST  (-12 * 4) /* quarter hours */
#define EAST_MOST  (14 * 4)

static int64_t divide_down(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

#define SUNDAY 3 /* days after 1 January 1970 */

/* ns is a time of day: that of the nearest such day, or of the nearest day at all. */
static int64_t on_nearest_day(const struct ts_stamp *stamp, int64_t ns, int64_t near_ns)
{
	const int64_t period_ns = stamp->week_day ? 7 * DAY_NS : DAY_NS;
	int64_t best_ns = INT64_MAX;

	if (stamp->week_day)
		ns += (SUNDAY + stamp->week_day - 1) * DAY_NS;
	if (!stamp->month)
		return ns + divide_down(near_ns - ns + period_ns / 2, period_ns) * period_ns;
	const int year = 1970 + (int)(divide_down(near_ns, DAY_NS) / 365.2425);
	for (int y = year - 1; y <= year + 1; y++) {
		int64_t then_ns = ts_stamp_days(y, stamp->month, stamp->month_day) * DAY_NS + ns;
		if (best_ns == INT64_MAX || llabs(then_ns - near_ns) < llabs(best_ns - near_ns))
			best_ns = then_ns;
	}
	return best_ns;
}

int32_t ts_stamp_guess_zone(const struct ts_stamp *stamp, int64_t now_ns)
{
	if (stamp->has_zone)
		return stamp->zone_s;

	bool fits_utc = stamp->begin_ns <= now_ns && now_ns < stamp->begin_ns + stamp->resolution_ns;
	if (stamp->has_date && fits_utc) /* a text such as a day fits many zones */
		return 0;
	int64_t middle_ns = stamp->begin_ns + stamp->resolution_ns / 2;
	int64_t ahead_ns = (stamp->has_date ? middle_ns : on_nearest_day(stamp, middle_ns, now_ns)) - now_ns;
	int64_t quarters = divide_down(ahead_ns + QUARTER_NS / 2, QUARTER_NS);
	bool any_day = !stamp->has_date && !stamp->month && !stamp->week_day;
	if (any_day && quarters == WEST_MOST) /* 12 hours either way: nobody lives in the west of them */
		quarters = -WEST_MOST;
	if (quarters < WEST_MOST || quarters > EAST_MOST)
		return INT32_MIN;
	return (int32_t)quarters * 900;
}

int64_t ts_stamp_instant_ns(const struct ts_stamp *stamp, int32_t zone_s, int64_t near_ns)
{
	int64_t ns = stamp->begin_ns;

	if (!stamp->has_zone)
		ns -= zone_s * INT64_C(1000000000);
	if (!stamp->has_date)
		return on_nearest_day(stamp, ns, near_ns);
	return ns;
}

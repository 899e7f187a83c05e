#include "ts_stamp_inside.h"
#include <errno.h>
#include <string.h>

/* --- pieces: each takes its bytes, or says why not --------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool at_end(const struct ts_stamp_scan *s)
{
	return s->p == s->end;
}

static bool take(struct ts_stamp_scan *s, char c)
{
	if (at_end(s) || *s->p != c)
		return false;
	s->p++;
	return true;
}

static bool take_text(struct ts_stamp_scan *s, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, text, n) != 0)
		return false;
	s->p += n;
	return true;
}

static bool blank(struct ts_stamp_scan *s)
{
	return take(s, ' ') || ts_stamp_no(s, "a space is missing");
}

static bool number(struct ts_stamp_scan *s, int n_digits, int *value)
{
	*value = 0;
	for (int i = 0; i < n_digits; i++) {
		if (at_end(s) || !is_digit(*s->p))
			return ts_stamp_no(s, "a digit is missing");
		*value = *value * 10 + (*s->p++ - '0');
	}
	return true;
}

static bool weekday(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	for (int i = 0; i < 7; i++)
		if (s->end - s->p >= 3 && memcmp(s->p, ts_stamp_weekdays[i], 3) == 0) {
			f->weekday = i;
			s->p += 3;
			return true;
		}
	return ts_stamp_no(s, "it does not begin with a weekday such as Sun");
}

static bool month(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	for (int i = 0; i < 12; i++)
		if (s->end - s->p >= 3 && memcmp(s->p, ts_stamp_months[i], 3) == 0) {
			f->month = i + 1;
			s->p += 3;
			return true;
		}
	return ts_stamp_no(s, "a month such as Nov is missing");
}

/* C pads with a space, and so do date(1) and most libraries; Java and JavaScript pad with a zero. */
static bool day_padded(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	if (take(s, ' '))
		return number(s, 1, &f->day);
	if (!at_end(s) && *s->p == '0')
		return ts_stamp_no(s, "the day of the month must be padded with a space");
	return number(s, 2, &f->day);
}

static bool day_loose(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	return take(s, ' ') ? number(s, 1, &f->day) : number(s, 2, &f->day);
}

static bool year(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	f->has_date = true;
	return number(s, 4, &f->year);
}

static bool clock_time(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	if (!number(s, 2, &f->hour))
		return false;
	if (!take(s, ':') || !number(s, 2, &f->minute) || !take(s, ':') || !number(s, 2, &f->second))
		return ts_stamp_no(s, "a time such as 10:30:00 is missing");
	return true;
}

/* "10:30" for 10:30:00: so Java's java.time shows a time whose seconds are 0. By itself it is one of minutes. */
static bool has_no_seconds(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	const char *start = s->p;

	if (s->expected && number(s, 2, &f->hour) && take(s, ':') && number(s, 2, &f->minute) &&
	    (at_end(s) || *s->p == 'Z' || *s->p == '+' || *s->p == '-'))
		return true;
	s->p = start;
	return false;
}

/* Of the unit that f->digits tell: 0 of a second, 3 of a millisecond. */
static bool fraction(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	const char *start = s->p;
	int64_t value = 0;

	for (; !at_end(s) && is_digit(*s->p); s->p++) {
		if (++f->digits > 9)
			return ts_stamp_no(s, "the fraction has more than nine digits");
		value = value * 10 + (*s->p - '0');
	}
	f->fraction_ns = value * ts_stamp_unit_ns(f->digits);
	return s->p > start || ts_stamp_no(s, "the fraction has no digits");
}

/* " AM", "PM", "a.m.": the hour is then one of twelve. Some browsers' engines put U+202F for the space. */
static bool half_of_day(struct ts_stamp_scan *s, struct ts_stamp_fields *f, bool *found)
{
	const char *start = s->p;
	bool pm;

	if (!take(s, ' '))
		take_text(s, "\xe2\x80\xaf");
	*found = ts_stamp_half(s, &pm);
	if (!*found) {
		s->p = start;
		return true;
	}
	if (f->hour < 1 || f->hour > 12)
		return ts_stamp_no(s, "the hour must be 1 to 12 before AM or PM");
	f->hour = f->hour % 12 + (pm ? 12 : 0);
	return true;
}

/* "+0800", "+08:00", "+08" */
static bool zone_number(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	int hours, minutes = 0;
	bool west = take(s, '-');

	if (!west && !take(s, '+'))
		return ts_stamp_no(s, "a zone such as +0800 is missing");
	if (!number(s, 2, &hours))
		return false;
	if (take(s, ':') || (!at_end(s) && is_digit(*s->p)))
		if (!number(s, 2, &minutes))
			return false;
	if (hours > 23 || minutes > 59)
		return ts_stamp_no(s, "the zone is no offset");
	f->zone_s = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
	f->has_zone = true;
	return true;
}

static bool take_zulu(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	return take(s, 'Z') || take(s, 'z') ? (f->has_zone = true) : false;
}

/* A name says where only if it is UTC: CST is China's, Cuba's and Chicago's. Others are left to be guessed. */
static bool zone_name(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	const char *start = s->p;

	if (s->end - s->p >= 4 && memcmp(s->p, "ChST", 4) == 0) /* Guam's; the others that have letters have capitals */
		s->p += 4;
	while (!at_end(s) && *s->p >= 'A' && *s->p <= 'Z')
		s->p++;
	size_t n = (size_t)(s->p - start);
	if (n < 1 || n > 6 || (n == 2 && start[1] == 'M')) /* AM, PM: a half of the day */
		return ts_stamp_no(s, "a zone such as UTC is missing");
	f->has_zone =
	        (n == 3 && (memcmp(start, "UTC", 3) == 0 || memcmp(start, "GMT", 3) == 0)) || (n == 1 && *start == 'Z');
	return n != 1 || f->has_zone || ts_stamp_no(s, "a zone such as UTC is missing");
}

static bool zone(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	if (!at_end(s) && (*s->p == '+' || *s->p == '-'))
		return zone_number(s, f);
	return zone_name(s, f);
}

/* --- the kinds --------------------------------------------------------------------------------------------------- */

static bool read_ctime(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	return weekday(s, f) && blank(s) && month(s, f) && blank(s) && day_padded(s, f) && blank(s) &&
	       clock_time(s, f) && blank(s) && year(s, f);
}

/* Go's Time.String() names the zone again and adds a clock of its own: "2026-11-22 10:30:00.12 +0000
 * UTC m=+0.000012". */
static bool skip_go_tail(struct ts_stamp_scan *s)
{
	if (take(s, ' ') && !at_end(s) && *s->p != 'm') {
		while (!at_end(s) && *s->p != ' ')
			s->p++;
		if (!take(s, ' '))
			return at_end(s);
	}
	if (at_end(s))
		return true;
	if (!take_text(s, "m=+") && !take_text(s, "m=-"))
		return false;
	while (!at_end(s) && (is_digit(*s->p) || *s->p == '.'))
		s->p++;
	return true;
}

static bool read_rfc3339(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	if (!year(s, f))
		return ts_stamp_no(s, "it does not begin with a year of four digits");
	if (!take(s, '-') || !number(s, 2, &f->month) || !take(s, '-') || !number(s, 2, &f->day))
		return ts_stamp_no(s, "a date such as 2026-11-22 is missing");
	if (!take(s, 'T') && !take(s, ' ') && !take(s, 't'))
		return ts_stamp_no(s, "a T or a space must follow the date");
	if (!has_no_seconds(s, f) && !clock_time(s, f))
		return false;
	if ((take(s, '.') || take(s, ',')) && !fraction(s, f))
		return false;
	if (at_end(s))
		return true;
	if (take_zulu(s, f))
		return true;
	bool spaced = take(s, ' ');
	if (!zone(s, f))
		return false;
	return at_end(s) || !spaced || skip_go_tail(s) || ts_stamp_no(s, "something follows the zone");
}

/* The length of the integer tells its unit: 10 digits are seconds until the year 2286. A fraction may follow, down to
 * nanoseconds: Python's time.time() * 1000 has one. */
static bool read_unix(struct ts_stamp_scan *s, struct ts_stamp *stamp)
{
	struct ts_stamp_fields f = {0};
	const char *start = s->p;
	int64_t value = 0;

	while (!at_end(s) && is_digit(*s->p) && s->p - start < 19) {
		int digit = *s->p - '0';
		if (value > (INT64_MAX - digit) / 10)
			return ts_stamp_no(s, "the number is too large for a time");
		value = value * 10 + digit;
		s->p++;
	}
	size_t n = (size_t)(s->p - start);
	if (n == 0 || *start == '0' || (n != 10 && n != 13 && n != 16 && n != 19))
		return ts_stamp_no(s, "the number does not have the 10, 13, 16 or 19 digits of a time since 1970");
	int64_t unit_ns = ts_stamp_unit_ns((int)n - 10);
	f.digits = (int)n - 10;
	if (n < 19 && take(s, '.') && !fraction(s, &f))
		return false;
	if (value >= TS_STAMP_END_S * (INT64_C(1000000000) / unit_ns))
		return ts_stamp_no(s, "the number is too large for a time");
	*stamp = (struct ts_stamp){
	        .has_date = true,
	        .has_zone = true,
	        .digits = f.digits,
	        .begin_ns = value * unit_ns + f.fraction_ns,
	        .resolution_ns = ts_stamp_unit_ns(f.digits),
	};
	return true;
}

/* date(1) in its locales: "Sun Nov 22 10:30:00 AM UTC 2026", "Sun 22 Nov 2026 10:30:00 UTC", "Sun 22 Nov 10:30:00 UTC
 * 2026". */
static bool read_date(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	bool twelve;

	if (!weekday(s, f) || !blank(s))
		return false;
	bool day_first = !at_end(s) && (is_digit(*s->p) || *s->p == ' ');
	if (day_first ? !(day_loose(s, f) && blank(s) && month(s, f)) : !(month(s, f) && blank(s) && day_loose(s, f)))
		return false;
	if (!blank(s))
		return false;
	if (day_first && s->end - s->p > 4 && s->p[4] == ' ' && !(year(s, f) && blank(s)))
		return false;
	if (!clock_time(s, f) || !half_of_day(s, f, &twelve) || !blank(s) || !zone(s, f))
		return false;
	return f->has_date || (blank(s) && year(s, f));
}

static bool read_rfc1123(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	if (!weekday(s, f))
		return false;
	if (!take(s, ','))
		return ts_stamp_no(s, "a comma must follow the weekday");
	return blank(s) && number(s, 2, &f->day) && blank(s) && month(s, f) && blank(s) && year(s, f) && blank(s) &&
	       clock_time(s, f) && blank(s) && zone(s, f);
}

static bool read_js(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	if (!(weekday(s, f) && blank(s) && month(s, f) && blank(s) && number(s, 2, &f->day) && blank(s) && year(s, f) &&
	      blank(s) && clock_time(s, f) && blank(s)))
		return false;
	if (!take_text(s, "GMT") || !zone_number(s, f))
		return ts_stamp_no(s, "a zone such as GMT+0800 is missing");
	if (at_end(s))
		return true;
	if (!take_text(s, " (") || at_end(s) || s->end[-1] != ')')
		return ts_stamp_no(s, "a zone's name in parentheses is missing");
	s->p = s->end;
	return true;
}

static bool read_time(struct ts_stamp_scan *s, struct ts_stamp_fields *f)
{
	bool one_digit = s->end - s->p > 1 && is_digit(s->p[0]) && s->p[1] == ':';
	bool twelve;

	if (one_digit) { /* "9:05:01 AM" */
		if (!number(s, 1, &f->hour) || !take(s, ':') || !number(s, 2, &f->minute) || !take(s, ':') ||
		    !number(s, 2, &f->second))
			return ts_stamp_no(s, "a time such as 10:30:00 is missing");
	} else if (!has_no_seconds(s, f) && !clock_time(s, f)) {
		return false;
	}
	if ((take(s, '.') || take(s, ',')) && !fraction(s, f))
		return false;
	if (!half_of_day(s, f, &twelve))
		return false;
	if (!twelve && one_digit)
		return ts_stamp_no(s, "the hour must have two digits");
	if (!at_end(s) && (*s->p == '+' || *s->p == '-')) /* "10:30:00.12+01:00" */
		return zone_number(s, f);
	take_zulu(s, f);
	return true;
}

/* --- the table --------------------------------------------------------------------------------------------------- */

typedef bool reader(struct ts_stamp_scan *s, struct ts_stamp_fields *f);

static reader *const readers[TS_STAMP_N] = {
        [TS_STAMP_CTIME] = read_ctime,     [TS_STAMP_RFC3339] = read_rfc3339, [TS_STAMP_DATE] = read_date,
        [TS_STAMP_RFC1123] = read_rfc1123, [TS_STAMP_JS] = read_js,           [TS_STAMP_TIME] = read_time,
};

static bool read_kind(struct ts_stamp *stamp, enum ts_stamp_kind kind, const char *pattern, struct ts_stamp_scan *s)
{
	struct ts_stamp_fields f = {.weekday = -1};

	if (kind == TS_STAMP_STRFTIME) {
		if (!ts_stamp_read_pattern(stamp, pattern, s))
			return false;
	} else if (kind == TS_STAMP_UNIX) {
		if (!read_unix(s, stamp))
			return false;
	} else if (!readers[kind](s, &f)) {
		return false;
	}
	if (!at_end(s))
		return ts_stamp_no(s, "something follows the time");
	if (readers[kind] && !ts_stamp_finish(stamp, &f, s)) {
		s->off_calendar = true;
		return false;
	}
	stamp->kind = kind;
	return true;
}

int ts_stamp_read(struct ts_stamp *stamp, const struct ts_stamp_format *expected, const char *text, size_t n,
                  const char **why)
{
	const struct ts_stamp_scan start = {
	        .p = text, .end = text + n, .why = "it is empty", .expected = expected != NULL};
	struct ts_stamp_scan furthest = start;

	for (int kind = 0; n > 0 && kind < TS_STAMP_N; kind++) {
		struct ts_stamp_scan s = start;
		if (expected ? kind != (int)expected->kind : kind == TS_STAMP_STRFTIME)
			continue;
		if (read_kind(stamp, (enum ts_stamp_kind)kind, expected ? expected->strftime_text : NULL, &s))
			return 0;
		if (s.p >= furthest.p && (s.p > furthest.p || furthest.why == start.why))
			furthest = s;
	}
	if (why)
		*why = furthest.why;
	return furthest.off_calendar ? -ERANGE : -EINVAL;
}

/*
 * Texts of "strftime:FMT", read back. strptime(3) knows no fractions and forgives much; so each conversion is read
 * here, greedily, and then the text is written again from what was read and must come out the same, byte for byte.
 */
#include "ts_stamp_inside.h"
#include <string.h>

#define N_HALF 2 /* bytes of AM and PM */

/* What a pattern has told so far. */
struct told {
	struct ts_stamp_fields f;
	struct tm tm; /* as it stood there, for the writing back */
	bool year, month, day, year_day, hour, half_hour, minute, second, fraction, moment;
	bool week_day;
	int century, half;   /* half: 0 none, 1 AM, 2 PM */
	int week_year, week; /* week_year: of ISO 8601; 0: not told */
	char week_kind;      /* V, U or W; 0: no week was told */
	int64_t moment_s;    /* %s */
	char zone_name[16];
	const char *half_text; /* "p.m.", which strftime does not write; or NULL */
	size_t n_half;
};

/* Conversions that stand for others (strftime(3), C locale). */
static const struct {
	char letter;
	const char *pattern;
} composites[] = {
        {'c', "%a %b %e %H:%M:%S %Y"},
        {'D', "%m/%d/%y"},
        {'F', "%Y-%m-%d"},
        {'r', "%I:%M:%S %p"},
        {'R', "%H:%M"},
        {'T', "%H:%M:%S"},
        {'x', "%m/%d/%y"},
        {'X', "%H:%M:%S"},
};

/* The most digits of the numbers. */
static const struct {
	char letter;
	signed char width;
} numbers[] = {
        {'d', 2}, {'e', 2}, {'H', 2}, {'k', 2}, {'I', 2}, {'l', 2}, {'j', 3}, {'m', 2}, {'M', 2}, {'S', 2},  {'Y', 4},
        {'y', 2}, {'C', 2}, {'u', 1}, {'w', 1}, {'U', 2}, {'V', 2}, {'W', 2}, {'g', 2}, {'G', 4}, {'s', 10},
};

static bool take_number(struct ts_stamp_scan *s, int width, int64_t *value)
{
	const char *start;

	while (s->p < s->end && *s->p == ' ')
		s->p++;
	*value = 0;
	for (start = s->p; s->p < s->end && s->p - start < width && *s->p >= '0' && *s->p <= '9'; s->p++)
		*value = *value * 10 + (*s->p - '0');
	return s->p > start || ts_stamp_no(s, "a digit is missing");
}

static void note_number(struct told *t, char letter, int value)
{
	switch (letter) {
	case 'd':
	case 'e':
		t->f.day = t->tm.tm_mday = value;
		t->day = true;
		break;
	case 'H':
	case 'k':
		t->f.hour = t->tm.tm_hour = value;
		t->hour = true;
		break;
	case 'I':
	case 'l':
		t->tm.tm_hour = value;
		t->half_hour = true;
		break;
	case 'j':
		t->tm.tm_yday = value - 1;
		t->year_day = true;
		break;
	case 'm':
		t->f.month = value;
		t->tm.tm_mon = value - 1;
		t->month = true;
		break;
	case 'M':
		t->f.minute = t->tm.tm_min = value;
		t->minute = true;
		break;
	case 'S':
		t->f.second = t->tm.tm_sec = value;
		t->second = true;
		break;
	case 'Y':
		t->f.year = value;
		t->year = true;
		break;
	case 'y':
		t->f.year += value + (t->century ? 0 : value < 69 ? 2000 : 1900);
		t->year = true;
		break;
	case 'C': t->century = value; break;
	case 'G': t->week_year = value; break;
	case 'g': t->week_year = value + (value < 69 ? 2000 : 1900); break;
	case 'U':
	case 'V':
	case 'W':
		t->week = value;
		t->week_kind = letter;
		break;
	case 'u':
	case 'w':
		t->tm.tm_wday = value % 7;
		t->week_day = true;
		break;
	default: break;
	}
}

/* A name out of a table of n, whole or its first three letters, in any case. */
static bool take_name(struct ts_stamp_scan *s, const char (*names)[10], int n, bool whole, int *index)
{
	for (*index = 0; *index < n; (*index)++) {
		size_t n_name = whole ? strlen(names[*index]) : 3;
		if ((size_t)(s->end - s->p) >= n_name && strncasecmp(s->p, names[*index], n_name) == 0) {
			s->p += n_name;
			return true;
		}
	}
	return ts_stamp_no(s, "a weekday's or month's name is missing");
}

static bool take_zone_number(struct ts_stamp_scan *s, struct told *t)
{
	int digits[4], n = 0;
	bool west = s->p < s->end && *s->p == '-';

	if (s->p == s->end || (*s->p != '+' && *s->p != '-'))
		return ts_stamp_no(s, "a zone such as +0800 is missing");
	for (s->p++; s->p < s->end && n < 4 && ((*s->p >= '0' && *s->p <= '9') || (*s->p == ':' && n == 2)); s->p++)
		if (*s->p != ':')
			digits[n++] = *s->p - '0';
	if (n < 4 || digits[0] > 2 || digits[2] > 5)
		return ts_stamp_no(s, "the zone is no offset");
	t->f.zone_s = (west ? -1 : 1) * ((digits[0] * 10 + digits[1]) * 3600 + (digits[2] * 10 + digits[3]) * 60);
	t->f.has_zone = true;
	t->tm.tm_gmtoff = t->f.zone_s;
	return true;
}

/* Letters, or a sign and digits. */
static bool take_zone_name(struct ts_stamp_scan *s, struct told *t)
{
	size_t n = 0;

	for (; s->p < s->end && n < sizeof(t->zone_name) - 1; s->p++) {
		char c = *s->p;
		bool fits = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		            (n == 0 ? c == '+' || c == '-' : c >= '0' && c <= '9');
		if (!fits)
			break;
		t->zone_name[n++] = c;
	}
	t->tm.tm_zone = t->zone_name;
	if (!t->f.has_zone && (strcasecmp(t->zone_name, "UTC") == 0 || strcasecmp(t->zone_name, "GMT") == 0))
		t->f.has_zone = true;
	return n > 0 || ts_stamp_no(s, "a zone such as UTC is missing");
}

static bool take_fraction(struct ts_stamp_scan *s, struct told *t, int n_digits)
{
	int64_t value = 0;

	for (int i = 0; i < n_digits; i++, s->p++) {
		if (s->p == s->end || *s->p < '0' || *s->p > '9')
			return ts_stamp_no(s, "the fraction is too short");
		value = value * 10 + (*s->p - '0');
	}
	t->f.digits = n_digits;
	t->f.fraction_ns = value * ts_stamp_unit_ns(n_digits);
	t->fraction = true;
	return true;
}

static bool take_half(struct ts_stamp_scan *s, struct told *t)
{
	const char *text = s->p;
	bool pm;

	if (!ts_stamp_half(s, &pm))
		return ts_stamp_no(s, "AM or PM is missing");
	t->half = pm ? 2 : 1;
	t->n_half = (size_t)(s->p - text);
	t->half_text = t->n_half > N_HALF ? text : NULL;
	return true;
}

static bool take_conversion(struct ts_stamp_scan *s, struct told *t, const char *p, size_t n)
{
	char letter = p[n - 1];
	int64_t value;
	int index;

	switch (letter) {
	case 'a':
	case 'A': t->week_day = true; return take_name(s, ts_stamp_weekdays, 7, letter == 'A', &t->tm.tm_wday);
	case 'b':
	case 'h':
	case 'B':
		if (!take_name(s, ts_stamp_months, 12, letter == 'B', &index))
			return false;
		note_number(t, 'm', index + 1);
		return true;
	case 'p':
	case 'P': return take_half(s, t);
	case 'f':
	case 'N': return take_fraction(s, t, ts_stamp_conversion_digits(p, n));
	case 'z': return take_zone_number(s, t);
	case 'Z': return take_zone_name(s, t);
	case '%':
	case 'n':
	case 't': s->p += s->p < s->end; return true; /* checked by the writing back */
	default: break;
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i].letter != letter)
			continue;
		if (!take_number(s, numbers[i].width, &value))
			return false;
		t->moment |= letter == 's';
		if (letter == 's')
			t->moment_s = value;
		else
			note_number(t, letter, (int)value);
		return true;
	}
	return ts_stamp_no(s, "this strftime format cannot be read back");
}

static bool take_pattern(struct ts_stamp_scan *s, struct told *t, const char *pattern)
{
	for (size_t n; *pattern; pattern += n) {
		const char *composite = NULL;
		n = *pattern == '%' ? ts_stamp_conversion(pattern) : 1;
		if (n == 0)
			return ts_stamp_no(s, "this strftime format cannot be read back");
		if (*pattern != '%') {
			if (s->p == s->end || *s->p != *pattern)
				return ts_stamp_no(s, "it does not follow the strftime format");
			s->p++;
			continue;
		}
		for (size_t i = 0; i < sizeof(composites) / sizeof(composites[0]); i++)
			if (composites[i].letter == pattern[n - 1])
				composite = composites[i].pattern;
		if (composite ? !take_pattern(s, t, composite) : !take_conversion(s, t, pattern, n))
			return false;
	}
	return true;
}

/* Month and day from the day of the year. */
static void resolve_year_day(struct told *t)
{
	int64_t day = ts_stamp_days(t->f.year, 1, 1) + t->tm.tm_yday;

	for (t->f.month = 12; t->f.month > 1 && ts_stamp_days(t->f.year, t->f.month, 1) > day;)
		t->f.month--;
	t->f.day = (int)(day - ts_stamp_days(t->f.year, t->f.month, 1)) + 1;
}

/* The day of a week. An ISO week at the turn of the year may be of the year beside that of its day. */
static void resolve_week(struct told *t)
{
	int of = t->week_year ? t->week_year : t->f.year;
	int64_t day = ts_stamp_week_day(t->week_kind, of, t->week, t->tm.tm_wday);

	if (t->week_year) {
		t->f.year = of - (day < ts_stamp_days(of, 1, 1)) + (day >= ts_stamp_days(of + 1, 1, 1));
	} else if (t->week_kind == 'V') {
		of += day < ts_stamp_days(of, 1, 1) ? 1 : day >= ts_stamp_days(of + 1, 1, 1) ? -1 : 0;
		day = ts_stamp_week_day('V', of, t->week, t->tm.tm_wday);
	}
	t->tm.tm_yday = (int)(day - ts_stamp_days(t->f.year, 1, 1));
	t->year = t->year_day = true;
}

/* Put what was told together: which fields there are, and the `tm` to write back from. */
static bool resolve(struct told *t, struct ts_stamp_scan *s)
{
	if (t->half_hour && !t->hour) {
		if (!t->half)
			return ts_stamp_no(s, "the format leaves open which half of the day it means");
		if (t->tm.tm_hour < 1 || t->tm.tm_hour > 12)
			return ts_stamp_no(s, "the hour must be 1 to 12 before AM or PM");
		t->f.hour = t->tm.tm_hour % 12 + (t->half == 2 ? 12 : 0);
		t->hour = true;
	}
	t->tm.tm_hour = t->f.hour;
	t->f.year += t->century * 100;
	if (t->year) /* with no month it is no date, and is written back all the same */
		t->tm.tm_year = t->f.year - 1900;
	if (t->week_kind && t->week_day && (t->week_year || t->year) && !t->month && !t->day && !t->year_day)
		resolve_week(t);
	t->f.has_date = t->year && ((t->month && t->day) || t->year_day);
	if (t->f.has_date && !(t->month && t->day))
		resolve_year_day(t);
	if (!t->hour && !t->f.has_date && !t->moment)
		return ts_stamp_no(s, "the format shows neither hour nor date");
	return true;
}

static void fill_date(struct told *t, int64_t day)
{
	if (t->f.has_date) {
		t->tm.tm_year = t->f.year - 1900;
		t->tm.tm_mon = t->f.month - 1;
		t->tm.tm_mday = t->f.day;
		t->tm.tm_wday = (int)((day % 7 + 11) % 7);
		t->tm.tm_yday = (int)(day - ts_stamp_days(t->f.year, 1, 1));
	}
}

/* The text with two letters of `again` in the place of its "p.m.". Returns its length; 0: it cannot be the same. */
static size_t shorten_half(const struct told *t, const char *text, size_t n, const char *again, char *plain,
                           size_t size)
{
	const size_t at = (size_t)(t->half_text - text), n_tail = n - at - t->n_half;

	if (at + N_HALF + n_tail > size)
		return 0;
	memcpy(plain, text, at);
	memcpy(plain + at, again + at, N_HALF);
	memcpy(plain + at + N_HALF, t->half_text + t->n_half, n_tail);
	return at + N_HALF + n_tail;
}

static bool same_again(const struct told *t, const char *pattern, int64_t second, const char *text, size_t n)
{
	char again[TS_STAMP_MAX] = "", plain[TS_STAMP_MAX];
	size_t fraction_at = 0;
	size_t n_again = ts_stamp_expand(again, sizeof(again), pattern, &t->tm, second, &fraction_at);

	if (t->half_text) {
		n = shorten_half(t, text, n, again, plain, sizeof(plain));
		text = plain;
	}
	if (t->fraction && fraction_at + (size_t)t->f.digits <= n)
		memcpy(again + fraction_at, text + fraction_at, (size_t)t->f.digits); /* read digit by digit */
	return n_again == n && memcmp(again, text, n) == 0;
}

static int64_t resolution_ns(const struct told *t)
{
	if (t->fraction || t->second || t->moment)
		return ts_stamp_unit_ns(t->f.digits);
	int64_t seconds = t->minute ? 60 : t->hour ? 3600 : TS_STAMP_DAY_S;
	return seconds * INT64_C(1000000000);
}

/* Of a date without its year, or of a weekday alone. */
static bool take_day(struct ts_stamp *stamp, const struct told *t, struct ts_stamp_scan *s)
{
	if (t->month && t->day && (t->f.month < 1 || t->f.month > 12 || t->f.day < 1 || t->f.day > 31))
		return ts_stamp_no(s, "there is no such day in that month");
	if (t->month && t->day) {
		stamp->month = (signed char)t->f.month;
		stamp->month_day = (signed char)t->f.day;
	} else if (t->week_day && !t->month && !t->day) {
		stamp->week_day = (signed char)(t->tm.tm_wday + 1);
	}
	return true;
}

bool ts_stamp_read_fixed(struct ts_stamp *stamp, const char *pattern, struct ts_stamp_scan *s)
{
	struct told t = {.f.weekday = -1, .tm.tm_mday = 1, .tm.tm_zone = ""};
	const char *text = s->p;

	if (!take_pattern(s, &t, pattern))
		return false;
	if (s->p != s->end)
		return ts_stamp_no(s, "something follows the time");
	if (!resolve(&t, s) || !ts_stamp_finish(stamp, &t.f, s))
		return false;
	if (t.f.has_date)
		fill_date(&t, ts_stamp_days(t.f.year, t.f.month, t.f.day));
	const bool can_be_written = t.f.has_date || !t.week_kind; /* nobody knows the week of a day that is not told */
	if (can_be_written && !same_again(&t, pattern, t.moment_s, text, (size_t)(s->end - text)))
		return ts_stamp_no(s, "it is not what strftime would write");
	if (t.moment && t.moment_s >= TS_STAMP_END_S)
		return ts_stamp_no(s, "the number is too large for a time");
	if (t.moment) {
		stamp->has_date = stamp->has_zone = true;
		stamp->zone_s = 0;
		stamp->begin_ns = t.moment_s * INT64_C(1000000000) + t.f.fraction_ns;
	}
	stamp->resolution_ns = resolution_ns(&t);
	return stamp->has_date || take_day(stamp, &t, s);
}

/*
 * What the writer and the readers of time texts share. Private to ts_stamp*.c.
 */
#ifndef TS_STAMP_INSIDE_H
#define TS_STAMP_INSIDE_H

#include "ts_stamp.h"
#include <time.h>

#define TS_STAMP_DAY_S 86400

/* The years that nanoseconds since 1970 hold in 64 bits as whole years, and the first second after them. */
#define TS_STAMP_YEAR_MIN 1700
#define TS_STAMP_YEAR_MAX 2261
#define TS_STAMP_END_S    INT64_C(9214646400)

/* The fields of a text, as they are read. Months and days count from 1. */
struct ts_stamp_fields {
	int year, month, day; /* if has_date */
	int weekday;          /* 0 Sunday; -1: none stood there */
	int hour, minute, second;
	int digits;          /* of the fraction */
	int64_t fraction_ns; /* of the second */
	int32_t zone_s;      /* east of UTC, if has_zone */
	bool has_date, has_zone;
};

/* A reader's place in its text. A reader that fails leaves `p` where it stopped and says why. */
struct ts_stamp_scan {
	const char *p, *end;
	const char *why; /* static */
	bool expected;   /* the kind is known: a text may be shorter than one of its kind is by itself */
	bool off_calendar;
};

/* Record why and return false, for `return ts_stamp_no(s, "...")`. */
static inline bool ts_stamp_no(struct ts_stamp_scan *s, const char *why)
{
	s->why = why;
	return false;
}

extern const char ts_stamp_weekdays[7][10]; /* "Sunday" ... */
extern const char ts_stamp_months[12][10];  /* "January" ... */

int64_t ts_stamp_days(int year, int month, int day); /* since 1 January 1970 */
int64_t ts_stamp_unit_ns(int digits);                /* 1 s for 0, 1 ns for 9 */

/* The day, since 1 January 1970, of a weekday (0 Sunday) in a week of the kind %V, %U or %W. */
int64_t ts_stamp_week_day(char kind, int year, int week, int weekday);

/* Fields into a stamp: the calendar is checked here and nowhere else. */
bool ts_stamp_finish(struct ts_stamp *stamp, const struct ts_stamp_fields *f, struct ts_stamp_scan *s);

/* Bytes of the conversion that begins at `p` (a '%'), with its letter; 0 when the pattern ends within it. */
size_t ts_stamp_conversion(const char *p);

/* Digits of a %f (6) or %N (9) conversion of n bytes; "%3N" has three. */
int ts_stamp_conversion_digits(const char *p, size_t n);

/*
 * strftime(3) in the C locale, with %s true for any `tm`, and %f, %N and %:z besides. `second` is the moment of `tm`.
 * A fraction is written as zeros, and the offset of its first digit is left in *fraction_at when there is one.
 * Returns the length, or 0 when it does not fit. No terminator.
 */
size_t ts_stamp_expand(char *buf, size_t size, const char *pattern, const struct tm *tm, int64_t second,
                       size_t *fraction_at);

/* AM, pm, a.m. and the like: is one of them next? It is taken then. */
bool ts_stamp_half(struct ts_stamp_scan *s, bool *pm);

/* The reader of "strftime:" texts; `s` holds all of the text. */
bool ts_stamp_read_pattern(struct ts_stamp *stamp, const char *pattern, struct ts_stamp_scan *s);

/* The same, with as many digits of a fraction as the pattern says. */
bool ts_stamp_read_fixed(struct ts_stamp *stamp, const char *pattern, struct ts_stamp_scan *s);

#endif

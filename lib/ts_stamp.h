/*
 * Time texts: written from a wall clock, and read back. Pure: the time is an argument; no clock, no I/O, no locale.
 *
 *   ctime     Sun Nov 22 10:30:00 2026              rfc1123  Sun, 22 Nov 2026 10:30:00 GMT
 *   rfc3339   2026-11-22T10:30:00.123456Z and its ISO 8601 relatives (space for T, +08:00, +0800, no zone, comma)
 *   unix      1795343400, 1795343400.123, or milli-, micro-, nanoseconds as an integer
 *   date      Sun Nov 22 10:30:00 UTC 2026          js       Sun Nov 22 2026 10:30:00 GMT+0000 (Coordinated ...)
 *   time      10:30:00                              strftime:FMT  what FMT says (strftime(3), C locale)
 * Source: docs/protocol.md, "Time"; C11 7.27.3; RFC 3339; RFC 9110 5.6.7; ECMA-262 Date.prototype.toString.
 */
#ifndef TS_STAMP_H
#define TS_STAMP_H

#include "ts_err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_STAMP_MAX     112 /* bytes of the longest text, with its terminator */
#define TS_SEPARATOR_MAX 31  /* bytes of the longest separator behind it */

enum ts_stamp_kind {
	TS_STAMP_CTIME,
	TS_STAMP_RFC3339,
	TS_STAMP_UNIX,
	TS_STAMP_DATE,
	TS_STAMP_RFC1123,
	TS_STAMP_JS,
	TS_STAMP_TIME,
	TS_STAMP_STRFTIME
};
#define TS_STAMP_KINDS "ctime|rfc3339|unix|date|rfc1123|js|time|strftime"
#define TS_STAMP_N     8

/* How a text is written: an option's value such as "ctime" or "strftime:%H.%M". */
struct ts_stamp_format {
	enum ts_stamp_kind kind;
	int digits;             /* digits of the second's fraction: 0, 3, 6 or 9; where the kind can show them */
	bool utc;               /* else the zone of the process (TZ), read once for each second */
	char strftime_text[64]; /* TS_STAMP_STRFTIME only */
};

/* Parse "ctime" ... "strftime:FMT" into kind and strftime_text, and leave the other fields. -EINVAL: err says why. */
int ts_stamp_format_parse(struct ts_stamp_format *format, const char *text, struct ts_err *err);

/*
 * A writer with the text of its last second cached: 5 ns for a repeat (12 ns with six digits), 500 ns for a new second.
 * One per thread. Moments before 1970 have no text of the kind unix.
 */
struct ts_stamp_writer {
	struct ts_stamp_format format;
	int64_t second;   /* that `text` belongs to; INT64_MIN: none */
	size_t n, n_head; /* bytes of text in all; offset of the fraction's digits */
	char suffix[TS_SEPARATOR_MAX + 2];
	char text[TS_STAMP_MAX + 40];
};

/* `suffix` (at most TS_SEPARATOR_MAX + 1 bytes) follows the time text: "]" and the separator. */
void ts_stamp_writer_init(struct ts_stamp_writer *w, const struct ts_stamp_format *format, const char *suffix);

/* "[time]separator" for this moment. Returns its length; *text is borrowed until the next call. */
size_t ts_stamp_write(struct ts_stamp_writer *w, int64_t wall_ns, const char **text);

/* One text, read. Without a zone, begin_ns is the moment as if it were UTC; without a date, the time since midnight. */
struct ts_stamp {
	enum ts_stamp_kind kind;
	bool has_date, has_zone;
	signed char month, month_day; /* of a date without its year, which is none; else 0 */
	signed char week_day;         /* the same, of a weekday alone: 1 Sunday, 7 Saturday */
	int32_t zone_s;               /* seconds east of UTC, if has_zone */
	int digits;                   /* digits of the fraction that stood there (unix in ms: 3, us: 6, ns: 9) */
	int64_t begin_ns;             /* first moment that the text can mean, since 1970 in UTC (see above) */
	int64_t resolution_ns;        /* how long it means: 1 s for ctime, 1 ms for three digits */
};

/*
 * Read a text of n bytes, all of it. `expected` says the kind (and the strftime text) or is NULL: then every kind of
 * the table is tried, in its order, strftime excepted. The calendar is checked: 30 February, a wrong weekday, hour 24,
 * a day padded with a zero where C pads with a space, are refused. A leap second 60 is taken as 59. Returns 0, or
 * -EINVAL, or -ERANGE: a named kind's form with a time that no calendar has. Then *why (or NULL) is a static sentence:
 * "the weekday does not fit the date".
 */
int ts_stamp_read(struct ts_stamp *stamp, const struct ts_stamp_format *expected, const char *text, size_t n,
                  const char **why);

/*
 * The zone (whole quarter hours, -12:00 to +14:00) that brings the stamp nearest to now_ns, for texts without one.
 * UTC where that will do, as for a text that is a day. Returns seconds east of UTC, or INT32_MIN when none brings it
 * within 15 minutes / 2 of now (the time is plainly wrong).
 */
int32_t ts_stamp_guess_zone(const struct ts_stamp *stamp, int64_t now_ns);

/* The moment in UTC, given the dialect's zone where the text has none, and near_ns for texts without a date: of the day
 * nearest to that, which is such a day if the text says a weekday, or a month and its day. */
int64_t ts_stamp_instant_ns(const struct ts_stamp *stamp, int32_t zone_s, int64_t near_ns);

#endif

#include "dialect_zeros.h"
#include "dialect_guess.h"
#include "ts_clock.h"
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 9

/* The text as a pattern. A number of milliseconds is none that the walk of dialect_guess knows. */
static bool as_pattern(const struct ts_stamp_format *format, const struct ts_stamp *stamp, const char *text, size_t n,
                       int64_t now_ns, struct ts_stamp_format *pattern)
{
	struct ts_stamp guessed;
	int32_t zone_s;

	*pattern = *format;
	if (format->kind == TS_STAMP_STRFTIME)
		return true;
	if (format->kind != TS_STAMP_UNIX)
		return dialect_guess(text, n, now_ns, pattern, &guessed, &zone_s);
	*pattern = (struct ts_stamp_format){.kind = TS_STAMP_STRFTIME};
	snprintf(pattern->strftime_text, sizeof(pattern->strftime_text), "%%s%s%%%dN", memchr(text, '.', n) ? "." : "",
	         stamp->digits);
	return true;
}

/* The conversion of the fraction, %f or %3N: where it begins, and how long it is; or NULL. */
static const char *fraction_of(const char *pattern, size_t *n)
{
	for (const char *p = strchr(pattern, '%'); p && p[1]; p = strchr(p + 2, '%')) {
		*n = p[1] >= '1' && p[1] <= '9' ? 3 : 2;
		if (p[*n - 1] == 'N' || p[*n - 1] == 'f')
			return p;
	}
	return NULL;
}

/* Digits of the fraction that are left when its last zeros are cut off. */
static int n_told(const struct ts_stamp *stamp)
{
	int64_t fraction_ns = stamp->begin_ns % TS_S;
	int n = 0;

	for (int64_t unit_ns = TS_S; fraction_ns % unit_ns != 0; unit_ns /= 10)
		n++;
	return n;
}

bool dialect_zeros(const struct ts_stamp_format *format, const char *text, size_t n, int64_t now_ns,
                   struct ts_stamp_format *coarse)
{
	static const char zeros[] = "000000000";
	struct ts_stamp_format pattern;
	struct ts_stamp stamp;
	size_t n_fraction = 0;

	if (ts_stamp_read(&stamp, format, text, n, NULL) < 0 || stamp.digits > DIGITS_MAX)
		return false;
	int told = n_told(&stamp);
	if (told > 1 || told >= stamp.digits || !as_pattern(format, &stamp, text, n, now_ns, &pattern))
		return false;
	const char *fraction = fraction_of(pattern.strftime_text, &n_fraction);
	if (!fraction)
		return false;
	*coarse = (struct ts_stamp_format){.kind = TS_STAMP_STRFTIME};
	int size = snprintf(coarse->strftime_text, sizeof(coarse->strftime_text), "%.*s%s%.*s%s",
	                    (int)(fraction - pattern.strftime_text), pattern.strftime_text, told ? "%1N" : "",
	                    stamp.digits - told, zeros, fraction + n_fraction);
	return size < (int)sizeof(coarse->strftime_text) && ts_stamp_read(&stamp, coarse, text, n, NULL) == 0;
}

bool dialect_zeros_dropped(const struct ts_stamp_format *coarse, struct ts_stamp_format *whole)
{
	size_t n_fraction = 0;
	const char *text = coarse->strftime_text, *fraction = fraction_of(text, &n_fraction);

	if (!fraction || fraction == text || fraction[-1] != '.')
		return false;
	const char *rest = fraction + n_fraction + strspn(fraction + n_fraction, "0");
	*whole = (struct ts_stamp_format){.kind = TS_STAMP_STRFTIME, .utc = coarse->utc};
	snprintf(whole->strftime_text, sizeof(whole->strftime_text), "%.*s%s", (int)(fraction - 1 - text), text, rest);
	return true;
}

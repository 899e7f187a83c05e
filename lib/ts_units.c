/*
 * One scanner for all: a plain decimal number, then a unit from a table. strtold alone would also take "nan", "0x1p3",
 * signs and leading blanks, so the characters are checked first. long double holds every int64_t exactly.
 */
#include "ts_units.h"
#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	long double factor;
};

#define KI 1024.0L
static const struct unit durations[] = {{"ns", 1},    {"us", 1e3L},   {"µs", 1e3L},   {"ms", 1e6L}, {"s", 1e9L},
                                        {"m", 60e9L}, {"min", 60e9L}, {"h", 3600e9L}, {NULL, 0}};
static const struct unit counts[] = {{"", 1},     {"k", 1e3L},  {"K", 1e3L}, {"M", 1e6L},
                                     {"G", 1e9L}, {"T", 1e12L}, {NULL, 0}};
static const struct unit sizes[] = {{"", 1},
                                    {"B", 1},
                                    {"k", KI},
                                    {"K", KI},
                                    {"KiB", KI},
                                    {"kB", 1e3L},
                                    {"KB", 1e3L},
                                    {"M", KI *KI},
                                    {"MiB", KI *KI},
                                    {"MB", 1e6L},
                                    {"G", KI *KI *KI},
                                    {"GiB", KI *KI *KI},
                                    {"GB", 1e9L},
                                    {"T", KI *KI *KI *KI},
                                    {"TiB", KI *KI *KI *KI},
                                    {"TB", 1e12L},
                                    {NULL, 0}};
static const struct unit percents[] = {{"", 1}, {"%", 0.01L}, {NULL, 0}};

/* Read digits [. digits] [e digits] at *at and step over it. */
static int scan_number(const char **at, long double *value)
{
	const char *p = *at;
	char number[64];
	size_t n_digits = 0, n;

	for (; isdigit((unsigned char)*p); p++)
		n_digits++;
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p); p++)
			n_digits++;
	if (n_digits == 0)
		return -EINVAL;
	if (*p == 'e' || *p == 'E') {
		const char *exponent = p + 1 + (p[1] == '+' || p[1] == '-');
		if (isdigit((unsigned char)*exponent))
			for (p = exponent; isdigit((unsigned char)*p); p++)
				;
	}
	n = (size_t)(p - *at);
	if (n >= sizeof number)
		return -EINVAL;
	memcpy(number, *at, n);
	number[n] = '\0';
	*value = strtold(number, NULL);
	*at = p;
	return isfinite(*value) ? 0 : -ERANGE;
}

/* Read a unit of the table at *at, with at most one blank before it, and step over it. */
static int scan_unit(const char **at, const struct unit *units, long double *factor)
{
	const char *p = *at;
	size_t n = 0;

	if (p[0] == ' ' && p[1] != '\0')
		p++;
	while (p[n] != '\0' && p[n] != '/' && p[n] != ' ' && !isdigit((unsigned char)p[n]))
		n++;
	for (; units->name != NULL; units++)
		if (strlen(units->name) == n && memcmp(units->name, p, n) == 0) {
			*factor = units->factor;
			*at = p + n;
			return 0;
		}
	return -EINVAL;
}

static int to_int64(long double value, int64_t *out)
{
	if (value >= 0x1p63L)
		return -ERANGE;
	*out = (int64_t)value;
	return 0;
}

int ts_units_duration(const char *text, int64_t *ns)
{
	long double total = 0, value, factor, last = LDBL_MAX;
	const char *at = text;
	int r;

	/* Parts in falling order, as in "1h30m"; a number without a unit must be the only one. */
	do {
		if (at > text && *at == ' ')
			at++;
		r = scan_number(&at, &value);
		if (r < 0)
			return r;
		if (*at == '\0' && last == LDBL_MAX)
			factor = 1e9L;
		else if (scan_unit(&at, durations, &factor) < 0)
			return -EINVAL;
		if (factor >= last)
			return -EINVAL;
		last = factor;
		total += value * factor;
	} while (*at != '\0');

	/* Less than the clock can say is not a time of 0, which often means "none". */
	if (total > 0 && total < 0.5L)
		return -EINVAL;
	return to_int64(roundl(total), ns);
}

/* A whole number of things: "1.5k" is one, "1.5" is none. */
static int parse_whole(const char *text, const struct unit *units, int64_t *out)
{
	long double value, factor;
	int r = scan_number(&text, &value);

	if (r < 0)
		return r;
	if (scan_unit(&text, units, &factor) < 0 || *text != '\0')
		return -EINVAL;
	value *= factor;
	if (fabsl(value - roundl(value)) > 1e-9L * factor)
		return -EINVAL;
	return to_int64(roundl(value), out);
}

int ts_units_count(const char *text, int64_t *count)
{
	return parse_whole(text, counts, count);
}

int ts_units_bytes(const char *text, int64_t *bytes)
{
	return parse_whole(text, sizes, bytes);
}

static int to_double(long double value, double *out)
{
	if (value > DBL_MAX)
		return -ERANGE;
	*out = (double)value;
	return 0;
}

int ts_units_rate(const char *text, double *per_s)
{
	long double value, factor, period = 1e9L;
	int r = scan_number(&text, &value);

	if (r < 0)
		return r;
	if (scan_unit(&text, counts, &factor) < 0)
		return -EINVAL;
	if (*text == '/') {
		text++;
		if (*text == ' ' || scan_unit(&text, durations, &period) < 0)
			return -EINVAL;
	}
	if (*text != '\0')
		return -EINVAL;
	return to_double(value * factor * (1e9L / period), per_s);
}

int ts_units_percent(const char *text, double *fraction)
{
	long double value, factor;
	int r = scan_number(&text, &value);

	if (r < 0)
		return r;
	if (scan_unit(&text, percents, &factor) < 0 || *text != '\0')
		return -EINVAL;
	return to_double(factor < 1 ? value / 100 : value, fraction);
}

/* Three significant digits of 0 <= value < 999.5: 1.23, 12.3, 123. */
static void three_digits(double value, char *buf, size_t size)
{
	snprintf(buf, size, "%.*f", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value);
}

/* Divide by `step` until fewer than 999.5 are left; `names` ends with NULL, and its last one takes all the rest. */
static const char *scale(double *value, double step, double limit, const char *const *names)
{
	while (*value >= limit && names[1] != NULL) {
		*value /= step;
		names++;
	}
	return *names;
}

static const char *show_long(const char *sign, int64_t seconds, char *buf, size_t size)
{
	if (seconds < 7200)
		snprintf(buf, size, "%s%lld min %02lld s", sign, (long long)seconds / 60, (long long)seconds % 60);
	else
		snprintf(buf, size, "%s%lld h %02lld min", sign, (long long)(seconds / 3600),
		         (long long)(seconds % 3600 / 60));
	return buf;
}

const char *ts_units_show_duration(int64_t ns, char *buf, size_t size)
{
	static const char *const names[] = {"us", "ms", "s", NULL};
	const char *sign = ns < 0 ? "-" : "";
	uint64_t magnitude = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	double value = (double)magnitude / 1e3;
	const char *name;
	char digits[32];

	if (magnitude >= 119500000000U)
		return show_long(sign, (int64_t)((magnitude + 500000000) / 1000000000), buf, size);
	if (magnitude < 1000) {
		snprintf(buf, size, "%s%d ns", sign, (int)magnitude);
		return buf;
	}
	name = scale(&value, 1e3, 999.5, names);
	three_digits(value, digits, sizeof digits);
	snprintf(buf, size, "%s%s %s", sign, digits, name);
	return buf;
}

const char *ts_units_show_count(double count, char *buf, size_t size)
{
	static const char *const names[] = {"", "k", "M", "G", "T", NULL};
	double value = fabs(count);
	const char *name = scale(&value, 1e3, 999.5, names);
	char digits[400];

	if (*name == '\0' || !isfinite(value)) {
		snprintf(buf, size, "%.3g", count);
		return buf;
	}
	three_digits(value, digits, sizeof digits);
	snprintf(buf, size, "%s%s%s", count < 0 ? "-" : "", digits, name);
	return buf;
}

const char *ts_units_show_bytes(double bytes, char *buf, size_t size)
{
	static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", NULL};
	double value = fabs(bytes);
	const char *name = scale(&value, 1024, 999.5, names);
	char digits[400];

	if (name[0] == 'B' || !isfinite(value))
		snprintf(digits, sizeof digits, "%.3g", value);
	else
		three_digits(value, digits, sizeof digits);
	snprintf(buf, size, "%s%s %s", bytes < 0 ? "-" : "", digits, name);
	return buf;
}

#include "ts_stamp_inside.h"
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS 1000000000u

/* How the kinds are written: before and after the fraction. TS_STAMP_STRFTIME is the user's own. */
static const struct shape {
	const char *head, *tail_utc, *tail_local;
	bool shows_digits, always_utc;
} shapes[TS_STAMP_N] = {
        [TS_STAMP_CTIME] = {"%a %b %e %H:%M:%S %Y", "", "", false, false},
        [TS_STAMP_RFC3339] = {"%Y-%m-%dT%H:%M:%S", "Z", "%:z", true, false},
        [TS_STAMP_UNIX] = {"%s", "", "", true, true},
        [TS_STAMP_DATE] = {"%a %b %e %H:%M:%S %Z %Y", "", "", false, false},
        [TS_STAMP_RFC1123] = {"%a, %d %b %Y %H:%M:%S GMT", "", "", false, true},
        [TS_STAMP_JS] = {"%a %b %d %Y %H:%M:%S GMT%z", " (Coordinated Universal Time)", " (%Z)", false, false},
        [TS_STAMP_TIME] = {"%H:%M:%S", "", "", true, false},
};

size_t ts_stamp_conversion(const char *p)
{
	size_t n = 1 + strspn(p + 1, "_-0^#:");

	n += strspn(p + n, "0123456789");
	n += strspn(p + n, "EO");
	return p[n] ? n + 1 : 0;
}

int ts_stamp_conversion_digits(const char *p, size_t n)
{
	for (size_t i = 1; i + 1 < n; i++)
		if (p[i] >= '1' && p[i] <= '9')
			return p[i] - '0';
	return p[n - 1] == 'N' ? 9 : 6;
}

/* The conversions that strftime(3) lacks, or gets wrong for a `tm` that is not of the process's zone: %s. */
static int expand_own(char *buf, size_t size, const char *p, size_t n, const struct tm *tm, int64_t second)
{
	long east = tm->tm_gmtoff / 60;

	switch (p[n - 1]) {
	case 's': return snprintf(buf, size, "%lld", (long long)second);
	case 'f':
	case 'N': return snprintf(buf, size, "%0*d", ts_stamp_conversion_digits(p, n), 0);
	case 'z':
		if (p[1] != ':')
			return -1;
		return snprintf(buf, size, "%c%02ld:%02ld", east < 0 ? '-' : '+', labs(east) / 60, labs(east) % 60);
	default: return -1;
	}
}

size_t ts_stamp_expand(char *buf, size_t size, const char *pattern, const struct tm *tm, int64_t second,
                       size_t *fraction_at)
{
	/* All "C": glibc hands out its own constant object, so this neither allocates nor reads files. */
	locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	char one[128], spec[64];
	size_t n_text = 0;

	for (size_t n; *pattern; pattern += n) {
		size_t n_one = 1;
		n = *pattern == '%' ? ts_stamp_conversion(pattern) : 1;
		if (n == 0 || n >= sizeof(spec))
			break;
		if (*pattern != '%') {
			one[0] = *pattern;
		} else {
			int n_own = expand_own(one, sizeof(one), pattern, n, tm, second);
			memcpy(spec, pattern, n);
			spec[n] = 0;
			n_one = n_own >= 0 ? (size_t)n_own : strftime_l(one, sizeof(one), spec, tm, c_locale);
			if (pattern[n - 1] == 'f' || pattern[n - 1] == 'N')
				*fraction_at = n_text;
		}
		if (n_one > size - n_text) {
			n_text = 0;
			break;
		}
		memcpy(buf + n_text, one, n_one);
		n_text += n_one;
	}
	freelocale(c_locale);
	return n_text;
}

void ts_stamp_writer_init(struct ts_stamp_writer *w, const struct ts_stamp_format *format, const char *suffix)
{
	memset(w, 0, sizeof(*w));
	w->format = *format;
	w->format.utc = format->utc || shapes[format->kind].always_utc;
	w->second = INT64_MIN;
	strncpy(w->suffix, suffix, sizeof(w->suffix) - 1);
	if (format->kind != TS_STAMP_STRFTIME) {
		if (!shapes[format->kind].shows_digits)
			w->format.digits = 0;
		return;
	}
	w->format.digits = 0;
	for (const char *p = format->strftime_text; *p; p++) {
		size_t n = *p == '%' ? ts_stamp_conversion(p) : 1;
		if (n == 0)
			break;
		if (n > 1 && (p[n - 1] == 'f' || p[n - 1] == 'N'))
			w->format.digits = ts_stamp_conversion_digits(p, n);
		p += n - 1;
	}
}

/* "[time" of a second into w->text, with zeros for the fraction and its place in n_head. */
static size_t write_second(struct ts_stamp_writer *w, const struct tm *tm, int64_t second)
{
	const struct shape *shape = &shapes[w->format.kind];
	char *text = w->text + 1;
	const size_t size = TS_STAMP_MAX - 1;
	size_t n, fraction_at = 0;

	if (w->format.kind == TS_STAMP_STRFTIME) {
		n = ts_stamp_expand(text, size, w->format.strftime_text, tm, second, &fraction_at);
		w->n_head = 1 + fraction_at;
		return 1 + n;
	}
	n = ts_stamp_expand(text, size, shape->head, tm, second, &fraction_at);
	if (w->format.digits) {
		text[n++] = '.';
		w->n_head = 1 + n;
		memset(text + n, '0', (size_t)w->format.digits);
		n += (size_t)w->format.digits;
	}
	n += ts_stamp_expand(text + n, size - n, w->format.utc ? shape->tail_utc : shape->tail_local, tm, second,
	                     &fraction_at);
	return 1 + n;
}

static void rebuild(struct ts_stamp_writer *w, int64_t second)
{
	time_t moment = second;
	struct tm tm;

	if (w->format.utc) {
		gmtime_r(&moment, &tm);
		tm.tm_zone = "UTC"; /* as date -u says; glibc's own word is GMT */
	} else {
		localtime_r(&moment, &tm);
	}
	w->text[0] = '[';
	w->n = write_second(w, &tm, second);
	size_t n_suffix = strlen(w->suffix);
	memcpy(w->text + w->n, w->suffix, n_suffix);
	w->n += n_suffix;
	w->second = second;
}

size_t ts_stamp_write(struct ts_stamp_writer *w, int64_t wall_ns, const char **text)
{
	/* Unsigned, so that the second that no text belongs to yet is no trap; it is told by n. */
	uint64_t rest = (uint64_t)wall_ns - (uint64_t)w->second * SECOND_NS;

	if (__builtin_expect(rest >= SECOND_NS || w->n == 0, 0)) {
		int64_t second = wall_ns / SECOND_NS - (wall_ns % (int64_t)SECOND_NS < 0);
		rest = (uint64_t)(wall_ns - second * (int64_t)SECOND_NS);
		rebuild(w, second);
	}
	if (w->format.digits) {
		uint32_t value = (uint32_t)rest / (uint32_t)ts_stamp_unit_ns(w->format.digits);
		for (char *p = w->text + w->n_head + w->format.digits; p > w->text + w->n_head; value /= 10)
			*--p = (char)('0' + value % 10);
	}
	*text = w->text;
	return w->n;
}

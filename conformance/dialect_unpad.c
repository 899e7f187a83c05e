#include "dialect_unpad.h"
#include "dialect_guess.h"
#include "ts_clock.h"
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Numbers that a server pads alike, and those that are not padded, either, if one of these is not. */
static const struct group {
	const char *letters, *implies;
} groups[] = {{"HI", ""}, {"MS", "HIMS"}, {"dm", "dm"}};
enum { HOURS = 1, MINUTES = 2 }; /* bits of the first two */

/* In the pattern, the numbers of these letters lose their zeros; but not where another number is next to them. */
static void strip(struct ts_stamp_format *format, const char *letters)
{
	char pattern[sizeof(format->strftime_text)] = "";
	size_t n = 0;
	bool after_number = false;

	for (const char *p = format->strftime_text; *p && n + 4 < sizeof(pattern); p++) {
		bool conversion = p[0] == '%' && isalpha((unsigned char)p[1]);
		bool alone = !after_number && p[1] && p[2] != '%' && !isdigit((unsigned char)p[2]);
		after_number = conversion || (isdigit((unsigned char)*p) && after_number);
		pattern[n++] = *p;
		if (!conversion)
			continue;
		if (alone && strchr(letters, p[1]))
			pattern[n++] = '-';
		pattern[n++] = *++p;
	}
	memcpy(format->strftime_text, pattern, n);
	format->strftime_text[n] = '\0';
}

/* The other in its place, if that reads the text. */
static bool take_if_read(struct ts_stamp_format *format, const struct ts_stamp_format *other, const char *text,
                         size_t n)
{
	struct ts_stamp stamp;

	if (ts_stamp_read(&stamp, other, text, n, NULL) < 0)
		return false;
	*format = *other;
	return true;
}

/* Strip these, if the text is read then, too. True: something was stripped. */
static bool strip_if_read(struct ts_stamp_format *format, const char *letters, const char *text, size_t n)
{
	struct ts_stamp_format stripped = *format;

	strip(&stripped, letters);
	return strcmp(stripped.strftime_text, format->strftime_text) != 0 && take_if_read(format, &stripped, text, n);
}

static bool shows_stripped(const char *pattern, const char *letters)
{
	for (const char *p = strstr(pattern, "%-"); p; p = strstr(p + 2, "%-"))
		if (p[2] && strchr(letters, p[2]))
			return true;
	return false;
}

/* "10:30" in the first second of a minute: Java leaves seconds out that are 0, and will write those that follow. */
static bool may_lack_seconds(const struct ts_stamp_format *format, int64_t now_ns, struct ts_stamp_format *with)
{
	const char *minute = strstr(format->strftime_text, ":%M");
	const size_t n_head = minute ? (size_t)(minute - format->strftime_text) + strlen(":%M") : 0;

	if (!minute || strstr(format->strftime_text, "%S") || (now_ns / TS_S) % 60 > 1 ||
	    strlen(format->strftime_text) + strlen(":%S") >= sizeof(with->strftime_text))
		return false;
	*with = *format;
	snprintf(with->strftime_text, sizeof(with->strftime_text), "%.*s:%%S%s", (int)n_head, format->strftime_text,
	         format->strftime_text + n_head);
	return true;
}

/* Who writes no zero in front of minutes, writes none in front of hours. */
static bool is_odd(unsigned which, unsigned open)
{
	return (which & MINUTES) && (open & HOURS) && !(which & HOURS);
}

/* With any of the groups that leave it open without their zeros: with most of them first. */
static void leave_open(const struct ts_stamp_format *format, struct ts_stamp_format *also, const char *text, size_t n)
{
	unsigned open = 0;
	size_t n_also = 0;

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		struct ts_stamp_format alone = *format;
		if (strip_if_read(&alone, groups[i].letters, text, n))
			open |= 1U << i;
	}
	for (unsigned which = open; which > 0 && n_also < TS_REPLY_ALSO; which = (which - 1) & open) {
		if (is_odd(which, open))
			continue;
		also[n_also] = *format;
		for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
			if (which & 1U << i)
				strip_if_read(&also[n_also], groups[i].letters, text, n);
		n_also++;
	}
	if (n_also < TS_REPLY_ALSO)
		also[n_also].strftime_text[0] = '\0';
}

/* In the pattern, the numbers of these letters have blanks in the place of their zeros. */
static void blank(struct ts_stamp_format *format, const char *letters)
{
	static const char zeros[] = "dHI", blanks[] = "ekl";

	for (char *p = format->strftime_text; *p && p[1]; p += p[0] == '%' ? 2 : 1)
		if (*p == '%' && strchr(letters, p[1]))
			p[1] = blanks[strchr(zeros, p[1]) - zeros];
}

void dialect_unpad_stated(struct ts_stamp_format *format, struct ts_stamp_format *also, const char *text, size_t n)
{
	static const char *const blanked[] = {"d", "dHI"};
	const size_t n_groups = sizeof(groups) / sizeof(groups[0]);
	const struct ts_stamp_format stated = *format;
	bool found = take_if_read(format, &stated, text, n);

	also[0].strftime_text[0] = '\0';
	for (size_t i = 0; i < sizeof(blanked) / sizeof(blanked[0]) && !found; i++) {
		struct ts_stamp_format other = stated;
		blank(&other, blanked[i]);
		found = take_if_read(format, &other, text, n);
	}
	for (unsigned which = 1; which < 1U << n_groups && !found; which++) {
		struct ts_stamp_format other = stated;
		for (size_t i = 0; i < n_groups; i++)
			if (which & 1U << i)
				strip(&other, groups[i].letters);
		found = take_if_read(format, &other, text, n);
	}
	if (found)
		leave_open(format, also, text, n);
}

void dialect_unpad(struct ts_stamp_format *format, struct ts_stamp_format *also, const char *text, size_t n,
                   int64_t now_ns)
{
	const size_t n_groups = sizeof(groups) / sizeof(groups[0]);
	struct ts_stamp_format pattern = *format;
	struct ts_stamp stamp;
	int32_t zone_s;

	also[0].strftime_text[0] = '\0';
	if (format->kind != TS_STAMP_STRFTIME && !dialect_guess(text, n, now_ns, &pattern, &stamp, &zone_s))
		return;
	for (size_t i = 0; i < n_groups && format->kind == TS_STAMP_STRFTIME; i++)
		if (shows_stripped(pattern.strftime_text, groups[i].letters))
			for (size_t j = 0; j < n_groups; j++)
				if (strpbrk(groups[j].letters, groups[i].implies))
					strip_if_read(&pattern, groups[j].letters, text, n);
	if (format->kind == TS_STAMP_STRFTIME)
		*format = pattern;
	if (may_lack_seconds(format, now_ns, also))
		also[1].strftime_text[0] = '\0';
	else
		leave_open(&pattern, also, text, n);
}

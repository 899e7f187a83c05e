/* Why a text is no time, in words for its author. */
#include "dialect.h"
#include "dialect_guess.h"
#include "ts_clock.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define SEEN 160 /* bytes of the text */

/* As in 30/11/2026, 11/30/26, 30.11.2026. */
static bool is_numeric_date(const char *text, size_t n)
{
	int first, second, third, end = 0;
	char a, b;

	return sscanf(text, "%4d%c%4d%c%4d%n", &first, &a, &second, &b, &third, &end) == 5 && (size_t)end == n &&
	       a == b && strchr("/.-", a) && second > 0;
}

/* Does the text hold this form? A 0 stands for a digit and an a for a letter, and no digit stands at either end of it.
 */
static bool has_form(const char *text, size_t n, const char *form)
{
	const size_t n_form = strlen(form);

	for (size_t from = 0; from + n_form <= n; from++) {
		size_t i = 0;
		while (i < n_form && (form[i] == '0'   ? isdigit((unsigned char)text[from + i])
		                      : form[i] == 'a' ? isalpha((unsigned char)text[from + i])
		                                       : text[from + i] == form[i]))
			i++;
		if (i == n_form && (from == 0 || !isdigit((unsigned char)text[from - 1])) &&
		    !isdigit((unsigned char)text[from + n_form]))
			return true;
	}
	return false;
}

/* As in Mon Nov 30 2026, 30 Nov 2026. */
static bool is_named_date(const char *text, size_t n)
{
	return !memchr(text, ':', n) && (has_form(text, n, "aaa 00 0000") || has_form(text, n, "00 aaa 0000"));
}

static bool is_date_alone(const char *text, size_t n)
{
	char with_time[TS_STAMP_MAX];
	struct ts_stamp stamp;
	int n_all = snprintf(with_time, sizeof(with_time), "%.*s 00:00:00", (int)n, text);

	return is_numeric_date(text, n) || is_named_date(text, n) ||
	       (n_all < (int)sizeof(with_time) && ts_stamp_read(&stamp, NULL, with_time, (size_t)n_all, NULL) == 0);
}

/* As in 333 10:30:00. */
static bool is_year_day(const char *text, size_t n)
{
	struct ts_stamp stamp;

	return n > 4 && strspn(text, "0123456789") == 3 && memcmp(text, "366", 3) <= 0 && strchr(" T-/", text[3]) &&
	       ts_stamp_read(&stamp, NULL, text + 4, n - 4, NULL) == 0 && stamp.kind == TS_STAMP_TIME;
}

/* As in 0.12345600 1795343400. */
static bool is_fraction_first(const char *text, size_t n)
{
	size_t n_fraction = n > 2 && text[0] == '0' && text[1] == '.' ? strspn(text, "0123456789.") : 0;

	return n_fraction > 2 && n_fraction + 2 < n && text[n_fraction] == ' ' &&
	       n_fraction + 1 + strspn(text + n_fraction + 1, "0123456789") == n;
}

/* A brace or a parenthesis, with perhaps a name before it, or a bracket with one: and then numbers. */
static bool is_shown_value(const char *text, size_t n)
{
	size_t at = 0;

	while (at < n && (isalpha((unsigned char)text[at]) || strchr("_. ", text[at])))
		at++;
	return at < n && (text[at] == '{' || text[at] == '(' || (at > 0 && text[at] == '['));
}

/* As in 1,795,343,400. */
static bool is_grouped(const char *text, size_t n)
{
	size_t n_first = strspn(text, "0123456789");

	if (n_first == 0 || n_first > 3 || n_first == n || (n - n_first) % 4 != 0)
		return false;
	for (size_t at = n_first; at < n; at += 4)
		if (!strchr(",._'", text[at]) || strspn(text + at + 1, "0123456789") != 3)
			return false;
	return n - n_first >= 12;
}

/* As in 6b0c175d; in these years they begin with 6 or 7. Other digits without a letter are those of another number. */
static bool is_hexadecimal(const char *text, size_t n)
{
	size_t prefix = n > 2 && text[0] == '0' && text[1] == 'x' ? 2 : 0;

	bool told = prefix > 0 || strchr("67", text[0]) || strpbrk(text, "abcdefABCDEF");

	return told && n - prefix == 8 && strspn(text + prefix, "0123456789abcdefABCDEF") == 8;
}

/* Milliseconds in their place. */
static bool has_long_second(const char *text, size_t n)
{
	return has_form(text, n, "00:00:000");
}

/* The day of the year in its place. */
static bool has_long_day(const char *text, size_t n)
{
	return has_form(text, n, "0000-00-000") || has_form(text, n, "0000/00/000") ||
	       has_form(text, n, "aaa 000 00:00") || has_form(text, n, "000 aaa 0000");
}

static bool holds_one_of(const char *text, size_t n, const char *const *parts, size_t n_parts)
{
	bool found = false;

	for (size_t i = 0; i < n_parts; i++)
		found |= memmem(text, n, parts[i], strlen(parts[i])) != NULL;
	return found;
}

/* The pattern of a time, as if it were one. */
static bool is_pattern(const char *text, size_t n)
{
	static const char *const parts[] = {"YYYY", "yyyy", "hh:mm", "HH:mm", "HH:MM", "%Y", "%H", "%T", "%c"};

	return holds_one_of(text, n, parts, sizeof(parts) / sizeof(parts[0]));
}

/* As in 1.795343e+09. */
static bool is_exponential(const char *text, size_t n)
{
	size_t n_number = strspn(text, "0123456789.");
	bool exponent = n_number > 0 && n_number < n && strchr("eE", text[n_number]);
	size_t at = n_number + 1 + (exponent && strchr("+-", text[n_number + 1]));

	return exponent && at < n && at + strspn(text + at, "0123456789") >= n;
}

/* As in 1.2s, 568.9ms, 1h3m0.5s. */
static bool is_duration(const char *text, size_t n)
{
	static const char *const units[] = {"ns", "us", "\xc2\xb5s", "ms", "s", "m", "h", "d"};
	const size_t n_units = sizeof(units) / sizeof(units[0]);
	size_t at = 0, unit = 0;

	while (at < n && unit < n_units) {
		size_t n_number = strspn(text + at, "0123456789.");
		at += n_number;
		for (unit = n_number > 0 ? 0 : n_units;
		     unit < n_units && strncmp(text + at, units[unit], strlen(units[unit])) != 0;)
			unit++;
		at += unit < n_units ? strlen(units[unit]) : 0;
	}
	return n > 0 && at == n && unit < n_units;
}

/* <built-in function ctime>, function Date() { [native code */
static bool is_function(const char *text, size_t n)
{
	return text[0] == '<' || memmem(text, n, "function", strlen("function"));
}

/* As in {ctime()}, ${new Date()}, clock format [clock seconds. */
static bool is_program(const char *text, size_t n)
{
	static const char *const parts[] = {"()", "${", "$(", "#{", "clock format", "strftime("};

	return holds_one_of(text, n, parts, sizeof(parts) / sizeof(parts[0]));
}

/* As in {}, {0}, {time}. */
static bool is_template(const char *text, size_t n)
{
	return n > 1 && text[0] == '{' && text[n - 1] == '}' && !memchr(text, ':', n) && !memchr(text, ' ', n);
}

/* As in [object Object. */
static bool is_object(const char *text, size_t n)
{
	return memmem(text, n, "[object ", strlen("[object ")) != NULL;
}

static bool is_name_of_time(const char *text, size_t n)
{
	static const char *const names[] = {"time", "timestamp", "date", "datetime", "now", "ctime"};
	bool found = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		found |= strcasecmp(text, names[i]) == 0;
	return n > 0 && found;
}

static bool is_no_value(const char *text, size_t n)
{
	static const char *const names[] = {"None", "undefined",    "null",  "nil",
	                                    "NaN",  "Invalid Date", "<nil>", "(null)"};
	bool found = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		found |= strcmp(text, names[i]) == 0;
	return n > 0 && found;
}

/* As in 2026-11-0. */
static bool has_zero_in_date(const char *text, size_t n)
{
	int year, month, day;

	return n > 0 && sscanf(text, "%4d-%2d-%2d", &year, &month, &day) == 3 && year > 0 && (month == 0 || day == 0);
}

/* What a function has to fill in. */
static bool has_conversion(const char *text, size_t n)
{
	const char *percent = memchr(text, '%', n);

	return percent && isalpha((unsigned char)percent[1]);
}

static bool is_quoted(const char *text, size_t n)
{
	return *text == '\'' || *text == '"' || (n > 1 && *text == 'b' && (text[1] == '\'' || text[1] == '"'));
}

static bool is_number(const char *text, size_t n)
{
	return strspn(text, "0123456789.") == n;
}

/* Seconds, milli-, micro- or nanoseconds since the machine started. */
static bool is_uptime(const char *text, size_t n)
{
	double value = strtod(text, NULL), up = (double)ts_clock_mono_ns();
	bool found = false;

	for (int64_t unit = 1; unit <= TS_S; unit *= 1000)
		found |= value * (double)unit > up - 5e9 && value * (double)unit < up + 1e9;
	return n > 0 && is_number(text, n) && found;
}

static bool has_bracket(const char *text, size_t n)
{
	return n > 0 && *text == '[';
}

/* Every other byte of plain text in two bytes a letter is NUL. */
static bool is_wide(const char *text, size_t n)
{
	size_t n_nul = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		n_nul += (text[i] == '\0') != (text[i + 1] == '\0');
	return n >= 8 && n_nul == n / 2;
}

/* The same in four. */
static bool is_wider(const char *text, size_t n)
{
	size_t n_nul = 0;

	for (size_t i = 0; i < n; i++)
		n_nul += text[i] == '\0';
	return n >= 8 && n_nul * 4 >= n * 3 - 3;
}

/* As in 2026-11-30 10:47:23 Week 49: its beginning, up to some blank, is one. */
static bool is_followed(const char *text, size_t n)
{
	struct ts_stamp stamp;

	for (size_t i = n; i > 8; i--)
		if (text[i - 1] == ' ' && ts_stamp_read(&stamp, NULL, text, i - 1, NULL) == 0)
			return true;
	return false;
}

/* The first that fits is the answer. */
static const struct {
	bool (*fits)(const char *text, size_t n);
	const char *why;
} reasons[] = {
        {is_wide, "it is in UTF-16: every other byte is NUL"},
        {is_wider, "it is in UTF-32: three of four bytes are NUL"},
        {is_quoted, "it begins with a quote"},
        {is_object, "it is an object as JavaScript shows it"},
        {has_bracket, "it begins with a bracket of its own"},
        {is_no_value, "it is what a language shows where there is no value"},
        {is_function, "it is a function or an object as a language shows it: perhaps it was not called"},
        {is_program, "it is a piece of a program that was not carried out, and not what it gives"},
        {is_template, "it is a place of a template that was not filled"},
        {is_name_of_time, "it is a name for the time, and not the time"},
        {is_pattern, "it is the pattern of a time, and not the time"},
        {has_conversion, "it holds the pattern of a text, such as %s, and not the text"},
        {is_grouped, "its digits are grouped, as in numbers for people"},
        {is_uptime, "it counts from the start of the machine: CLOCK_MONOTONIC is no wall clock"},
        {is_hexadecimal, "it seems to be a number in hexadecimal"},
        {is_date_alone, "it is a date, and no time of day"},
        {has_zero_in_date, "its month or its day is 0"},
        {has_long_second, "its seconds have three digits"},
        {has_long_day, "its day of the month has three digits"},
        {is_year_day, "its date seems to be a day of the year, without the year"},
        {is_number, "the number does not have the 10, 13, 16 or 19 digits of a time since 1970"},
        {is_exponential, "it is a number with an exponent"},
        {is_duration, "it seems to say how long something took, and not what time it is"},
        {is_fraction_first, "its fraction comes first, as in the text of PHP's microtime()"},
        {is_shown_value, "it is a value as a language shows it to its programmer"},
        {is_followed, "something follows the time"},
};

static bool begins_with_name(const char *text)
{
	size_t n = 0;

	while (isalpha((unsigned char)text[n]))
		n++;
	return dialect_guess_is_name(text, n);
}

static const char *word_why(const char *text, const char *why)
{
	if (!isalpha((unsigned char)*text))
		return why;
	if (!begins_with_name(text))
		return "its first word is no weekday or month in English";
	return strstr(why, "does not begin with a weekday") ? "it begins as a date, and does not go on as one" : why;
}

/* As 2026-10-30, 30/10/2026 or 10/30/26 in November: the fields of struct tm as they are. */
static const char *fields_why(const char *text, int64_t now_ns)
{
	time_t now = now_ns / TS_S;
	struct tm tm;
	int f[3];
	char a, b;

	if (!gmtime_r(&now, &tm) || sscanf(text, "%4d%c%4d%c%4d", &f[0], &a, &f[1], &b, &f[2]) != 5 || a != b ||
	    !strchr("-/.", a))
		return NULL;
	if (f[0] == tm.tm_year || f[2] == tm.tm_year)
		return "its year counts from 1900, as tm_year does";
	bool year_first = f[0] > 31;
	int year = year_first ? f[0] : f[2], one = f[year_first], other = f[1 + year_first];
	bool behind = (one == tm.tm_mon && abs(other - tm.tm_mday) <= 1) ||
	              (other == tm.tm_mon && abs(one - tm.tm_mday) <= 1);
	bool this_year = year == tm.tm_year + 1900 || year == tm.tm_year % 100;
	if (behind && this_year)
		return "its month is one behind: tm_mon and getMonth() count from 0";
	if (year_first && this_year && one == tm.tm_mon && other == tm.tm_wday)
		return "its month is one behind, and its day is that of the week: getMonth() counts from 0, and "
		       "getDay() is a weekday";
	return NULL;
}

const char *dialect_no_time(const char *text, size_t n, int64_t now_ns)
{
	struct ts_stamp stamp;
	const char *why = "";
	char seen[SEEN];

	if (n == 0)
		return "nothing stands there";
	if (ts_stamp_read(&stamp, NULL, text, n, &why) == 0)
		return "";
	n = n < sizeof(seen) ? n : sizeof(seen) - 1;
	memcpy(seen, text, n);
	seen[n] = '\0';
	const char *fields = fields_why(seen, now_ns);
	if (fields)
		return fields;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].fits(seen, n))
			return reasons[i].why;
	return word_why(seen, why);
}

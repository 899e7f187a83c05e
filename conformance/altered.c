#include "altered.h"
#include "trace.h"
#include "ts_json_check.h"
#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_utf8(const char *bytes, size_t n)
{
	for (size_t i = 0, step; i < n; i += step)
		if ((step = ts_json_utf8(bytes + i, n - i)) == 0)
			return false;
	return true;
}

/* As in most messages, where one tells as much as another; but a single one may be what a server obeys. */
static bool is_meaningless(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] < 'a' || bytes[i] > 'z')
			return false;
	return n != 1;
}

const char *altered_which(const char *bytes, size_t n, char *text, size_t size)
{
	char quoted[48];

	text[0] = '\0';
	if (n <= 8 && !is_meaningless(bytes, n))
		snprintf(text, size, ": %s%s", trace_quote(bytes, n, quoted, sizeof(quoted)),
		         is_utf8(bytes, n) ? "" : " (not UTF-8)");
	return text;
}

/* Each of these writes what a server may have made of the data: at most 2 bytes for one, and one. Returns how many. */
static size_t until_nul(const char *in, size_t n, char *out)
{
	size_t n_out = strnlen(in, n);

	memcpy(out, in, n_out);
	return n_out;
}

/* What only came back as far as its first NUL lacks these, too; but they alone are lost in other ways as well. */
static size_t without_last_nul(const char *in, size_t n, char *out)
{
	while (n > 0 && in[n - 1] == '\0')
		n--;
	memcpy(out, in, n);
	return n;
}

/* In some languages a backslash and an n are a line's end, where a text is code. */
static size_t unescaped(const char *in, size_t n, char *out)
{
	size_t n_out = 0;

	for (size_t i = 0; i < n; i++) {
		bool escape = i + 1 < n && in[i] == '\\' && in[i + 1] == 'n';
		out[n_out++] = escape ? '\n' : in[i];
		i += escape;
	}
	return n_out;
}

static size_t without(const char *in, size_t n, char *out, bool (*left_out)(unsigned char c))
{
	size_t n_out = 0;

	for (size_t i = 0; i < n; i++)
		if (!left_out((unsigned char)in[i]))
			out[n_out++] = in[i];
	return n_out;
}

static bool is_nul(unsigned char c)
{
	return c == '\0';
}

static bool is_cr(unsigned char c)
{
	return c == '\r';
}

static bool is_high(unsigned char c)
{
	return c >= 0x80;
}

static size_t without_nul(const char *in, size_t n, char *out)
{
	return without(in, n, out, is_nul);
}

static size_t without_cr(const char *in, size_t n, char *out)
{
	return without(in, n, out, is_cr);
}

static bool is_percent(unsigned char c)
{
	return c == '%';
}

static size_t without_percent(const char *in, size_t n, char *out)
{
	return without(in, n, out, is_percent);
}

/* As whoever means to hand it to printf(3) may write it. */
static size_t percent_twice(const char *in, size_t n, char *out)
{
	size_t n_out = 0;

	for (size_t i = 0; i < n; i++) {
		out[n_out++] = in[i];
		if (in[i] == '%')
			out[n_out++] = '%';
	}
	return n_out;
}

static size_t without_high(const char *in, size_t n, char *out)
{
	return without(in, n, out, is_high);
}

static size_t only_utf8(const char *in, size_t n, char *out)
{
	size_t n_out = 0;

	for (size_t i = 0, step; i < n; i += step ? step : 1) {
		step = ts_json_utf8(in + i, n - i);
		memcpy(out + n_out, in + i, step);
		n_out += step;
	}
	return n_out;
}

static size_t questioned(const char *in, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = is_high((unsigned char)in[i]) ? '?' : in[i];
	return n;
}

static size_t encoded(const char *in, size_t n, char *out)
{
	size_t n_out = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)in[i];
		if (is_high(c))
			out[n_out++] = (char)(0xc0 | c >> 6);
		out[n_out++] = (char)(is_high(c) ? 0x80 | (c & 0x3f) : c);
	}
	return n_out;
}

static size_t with_cr(const char *in, size_t n, char *out)
{
	size_t n_out = 0;

	for (size_t i = 0; i < n; i++) {
		if (in[i] == '\n' && (i == 0 || in[i - 1] != '\r'))
			out[n_out++] = '\r';
		out[n_out++] = in[i];
	}
	return n_out;
}

/* Of the two ways to write a letter with an accent data.utf8 has each: a letter and a mark, and one for both. */
#define APART    "e\xcc\x81"
#define TOGETHER "\xc3\xa9"

/* Writes each of these parts as that. */
static size_t replaced(const char *in, size_t n, char *out, const char *part, const char *with)
{
	const size_t n_part = strlen(part);
	size_t n_out = 0;

	for (size_t i = 0; i < n;) {
		bool is_part = n - i >= n_part && memcmp(in + i, part, n_part) == 0;
		for (const char *c = with; is_part && *c; c++)
			out[n_out++] = *c;
		if (!is_part)
			out[n_out++] = in[i];
		i += is_part ? n_part : 1;
	}
	return n_out;
}

static size_t composed(const char *in, size_t n, char *out)
{
	return replaced(in, n, out, APART, TOGETHER);
}

static size_t decomposed(const char *in, size_t n, char *out)
{
	return replaced(in, n, out, TOGETHER, APART);
}

static size_t ended(const char *in, size_t n, char *out)
{
	memcpy(out, in, n);
	out[n] = '\n';
	return n + 1;
}

static size_t trimmed(const char *in, size_t n, char *out, bool begin, bool end)
{
	size_t from = 0;

	while (begin && from < n && isspace((unsigned char)in[from]))
		from++;
	while (end && n > from && isspace((unsigned char)in[n - 1]))
		n--;
	memcpy(out, in + from, n - from);
	return n - from;
}

static size_t trimmed_end(const char *in, size_t n, char *out)
{
	return trimmed(in, n, out, false, true);
}

static size_t trimmed_begin(const char *in, size_t n, char *out)
{
	return trimmed(in, n, out, true, false);
}

static size_t trimmed_both(const char *in, size_t n, char *out)
{
	return trimmed(in, n, out, true, true);
}

/* A line server keeps the line's end. */
static size_t trimmed_line(const char *in, size_t n, char *out)
{
	bool line = n > 0 && in[n - 1] == '\n';
	size_t n_out = trimmed(in, n, out, true, true);

	if (line)
		out[n_out++] = '\n';
	return n_out;
}

static const struct {
	size_t (*make)(const char *in, size_t n, char *out);
	const char *sentence;
} ways[] = {
        {without_last_nul, "NUL bytes at the end of the data are lost"},
        {until_nul, "the data came back as far as its first NUL"},
        {without_nul, "NUL bytes were left out of the data"},
        {only_utf8, "bytes that are not UTF-8 were left out of the data"},
        {without_high, "bytes above 127 were left out of the data"},
        {questioned, "bytes above 127 came back as ?"},
        {encoded, "bytes above 127 came back as two bytes each: they were taken for Latin-1, and written as UTF-8"},
        {without_cr, "CR was left out of the data: its CR LF came back as LF"},
        {with_cr, "LF came back as CR LF"},
        {composed, "a letter and its accent came back as one letter: the text was normalised (Unicode's NFC)"},
        {decomposed, "a letter came back as one without its accent and the accent: the text was normalised (NFD)"},
        {ended, "a line's end was added to the data"},
        {trimmed_end, "blanks or a line's end were stripped from the end of the data"},
        {trimmed_begin, "blanks or a line's end were stripped from the beginning of the data"},
        {trimmed_both, "blanks or a line's end were stripped from the data"},
        {trimmed_line, "blanks were stripped from the data"},
        {without_percent, "% was left out of the data, as if it were a format"},
        {percent_twice, "each % in the data came back as %%"},
        {unescaped, "a backslash and an n in the data came back as LF"},
};

static size_t n_parts(const char *bytes, size_t n, const char *part)
{
	const char *end = bytes + n, *at = bytes;
	size_t found = 0;

	while ((at = memmem(at, (size_t)(end - at), part, strlen(part))) != NULL) {
		found++;
		at += strlen(part);
	}
	return found;
}

/* Does this come back more often than it was sent, of data that is not UTF-8? */
static bool stands_for_bytes(const char *part, const char *sent, size_t n_sent, const char *got, size_t n_got)
{
	return !is_utf8(sent, n_sent) && n_parts(got, n_got, part) > n_parts(sent, n_sent, part);
}

/* The value of a text that is a number as a person writes one, and nothing else. */
static bool read_number(const char *bytes, size_t n, double *value)
{
	char text[40], *end;

	if (n == 0 || n >= sizeof(text) || !(isdigit((unsigned char)bytes[0]) || strchr("+-.", bytes[0])))
		return false;
	memcpy(text, bytes, n);
	text[n] = '\0';
	*value = strtod(text, &end);
	return end == text + n && isfinite(*value);
}

/* Another text of the same number; a line's end may stand behind both. */
static bool is_renumbered(const char *sent, size_t n_sent, const char *got, size_t n_got)
{
	double before, after;

	while (n_sent > 0 && n_got > 0 && (sent[n_sent - 1] == '\n' || sent[n_sent - 1] == '\r') &&
	       sent[n_sent - 1] == got[n_got - 1]) {
		n_sent--;
		n_got--;
	}
	if (n_got > n_sent && memcmp(sent, got, n_sent) == 0 && !memchr(got, '.', n_got)) /* "-00" of "-0" */
		return false;
	return read_number(sent, n_sent, &before) && read_number(got, n_got, &after) && before <= after &&
	       before >= after;
}

/* A NUL does not end it. */
static bool is_recased(const char *sent, const char *got, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (tolower((unsigned char)sent[i]) != tolower((unsigned char)got[i]))
			return false;
	return true;
}

const char *altered_how(const char *sent, size_t n_sent, const char *got, size_t n_got)
{
	char made[2 * ALTERED_MAX + 1];

	if (n_sent == 0 || n_sent > ALTERED_MAX || (n_sent == n_got && memcmp(sent, got, n_got) == 0))
		return NULL;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		size_t n = ways[i].make(sent, n_sent, made);
		if (n == n_got && memcmp(made, got, n) == 0 && (n != n_sent || memcmp(made, sent, n) != 0))
			return ways[i].sentence;
	}
	if (stands_for_bytes("\xef\xbf\xbd", sent, n_sent, got, n_got))
		return "bytes that are not UTF-8 came back as U+FFFD: the data was decoded as text";
	if (stands_for_bytes("\\x", sent, n_sent, got, n_got))
		return "bytes that are not UTF-8 came back as escapes such as \\x80";
	const char *escaped = altered_escaped(sent, n_sent, got, n_got);
	if (escaped)
		return escaped;
	if (is_renumbered(sent, n_sent, got, n_got))
		return "the data was taken for a number, and written anew";
	if (n_sent == n_got && is_recased(sent, got, n_got))
		return "the data came back with its letters in another case";
	return NULL;
}

const char *altered_reply(const struct ts_reply_rule *rule, const char *sent, size_t n_sent, const char *reply,
                          size_t n)
{
	const char *end = reply + n, *close = n > 0 && reply[0] == '[' ? memchr(reply, ']', n) : NULL;
	size_t n_head = rule->n_separator + 1;

	if (!close || (size_t)(end - close) < n_head)
		return NULL;
	return altered_how(sent, n_sent, close + n_head, (size_t)(end - close) - n_head);
}

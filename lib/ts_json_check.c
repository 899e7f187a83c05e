#include "ts_json_check.h"
#include "ts_json.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NUMBER 60

/* All functions below return true when they read what they should; else `what` says why they stopped at `at`. */
struct scan {
	const char *text;
	size_t n, at, n_values;
	int depth;
	const char *what;
};

static bool fail(struct scan *s, const char *what)
{
	s->what = what;
	return false;
}

static int peek(const struct scan *s)
{
	return s->at < s->n ? (unsigned char)s->text[s->at] : -1;
}

static bool take(struct scan *s, int c)
{
	if (peek(s) != c)
		return false;
	s->at++;
	return true;
}

static void skip_blanks(struct scan *s)
{
	while (s->at < s->n && strchr(" \t\r\n", s->text[s->at]) && s->text[s->at])
		s->at++;
}

size_t ts_json_utf8(const char *bytes, size_t n)
{
	const unsigned char *p = (const unsigned char *)bytes;
	size_t length = n == 0 ? 0 : p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (length == 0 || length > n || p[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if (length > 2) { /* too long a form, surrogates, beyond U+10FFFF */
		unsigned head = (unsigned)p[0] << 8 | p[1];
		if (head < 0xe0a0 || (head >= 0xeda0 && head < 0xee00) || (head >= 0xf000 && head < 0xf090) ||
		    head > 0xf48f)
			return 0;
	}
	return length;
}

/* The four digits after \u, or -1. */
static int read_hex4(struct scan *s)
{
	int code = 0;

	for (int i = 0; i < 4; i++) {
		int c = peek(s);
		if (c < 0 || !isxdigit(c))
			return -1;
		code = code * 16 + (isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
		s->at++;
	}
	return code;
}

static bool check_unicode_escape(struct scan *s)
{
	int code = read_hex4(s);

	if (code < 0)
		return fail(s, "\\u must be followed by four hexadecimal digits");
	if (code == 0)
		return fail(s, "\\u0000 in a string is not supported");
	if (code >= 0xdc00 && code <= 0xdfff)
		return fail(s, "half of a surrogate pair");
	if (code >= 0xd800 && code <= 0xdbff) {
		int low = take(s, '\\') && take(s, 'u') ? read_hex4(s) : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return fail(s, "half of a surrogate pair");
	}
	return true;
}

static bool check_escape(struct scan *s)
{
	int c = peek(s);

	if (c == 'u') {
		s->at++;
		return check_unicode_escape(s);
	}
	if (c <= 0 || !strchr("\"\\/bfnrt", c))
		return fail(s, "a backslash may be followed by \" \\ / b f n r t or u only");
	s->at++;
	return true;
}

static bool check_string(struct scan *s)
{
	size_t begin = s->at;

	if (!take(s, '"'))
		return fail(s, "a string in double quotes is expected");
	while (!take(s, '"')) {
		size_t length = ts_json_utf8(s->text + s->at, s->n - s->at);

		if (s->at == s->n) {
			s->at = begin;
			return fail(s, "the string that begins here has no end");
		}
		if (length == 0)
			return fail(s, "a byte that is not UTF-8");
		if ((unsigned char)s->text[s->at] < 0x20)
			return fail(s, "a control character inside a string");
		s->at += length;
		if (s->text[s->at - 1] == '\\' && length == 1 && !check_escape(s))
			return false;
	}
	return true;
}

static bool skip_digits(struct scan *s)
{
	size_t begin = s->at;

	while (peek(s) >= '0' && peek(s) <= '9')
		s->at++;
	return s->at > begin;
}

/* `-`? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static bool check_number(struct scan *s)
{
	size_t begin = s->at;
	char copy[MAX_NUMBER + 1];

	take(s, '-');
	if (take(s, '0') ? peek(s) >= '0' && peek(s) <= '9' : !skip_digits(s))
		return fail(s, "not a number as JSON writes it");
	if (take(s, '.') && !skip_digits(s))
		return fail(s, "a digit is expected after the decimal point");
	if (take(s, 'e') || take(s, 'E')) {
		if (!take(s, '+'))
			take(s, '-');
		if (!skip_digits(s))
			return fail(s, "a digit is expected in the exponent");
	}
	size_t n = s->at - begin;
	s->at = begin;
	if (n > MAX_NUMBER)
		return fail(s, "a number of more than 60 characters");
	memcpy(copy, s->text + begin, n);
	copy[n] = '\0';
	if (!isfinite(strtod(copy, NULL)))
		return fail(s, "a number beyond the range of a double");
	s->at += n;
	return true;
}

static bool check_word(struct scan *s)
{
	static const char *const words[] = {"true", "false", "null"};

	for (int i = 0; i < 3; i++) {
		size_t n = strlen(words[i]);
		if (n <= s->n - s->at && memcmp(s->text + s->at, words[i], n) == 0) {
			s->at += n;
			return true;
		}
	}
	return fail(s, "a value is expected: an object, an array, a string, a number, true, false or null");
}

static bool check_value(struct scan *s);

static bool check_member(struct scan *s)
{
	skip_blanks(s);
	if (peek(s) != '"')
		return fail(s, "a name in double quotes is expected");
	if (!check_string(s))
		return false;
	skip_blanks(s);
	return take(s, ':') || fail(s, "a colon is expected after the name");
}

/* The inside of an array or object, up to and with its closing bracket. */
static bool check_items(struct scan *s, int closing)
{
	skip_blanks(s);
	if (take(s, closing))
		return true;
	do {
		if (closing == '}' && !check_member(s))
			return false;
		if (!check_value(s))
			return false;
		skip_blanks(s);
	} while (take(s, ','));
	if (take(s, closing))
		return true;
	return fail(s, closing == '}' ? "a comma or } is expected" : "a comma or ] is expected");
}

static bool check_nested(struct scan *s)
{
	int closing = peek(s) == '{' ? '}' : ']';

	if (s->depth == TS_JSON_MAX_DEPTH)
		return fail(s, "nested more than 64 levels deep");
	s->at++;
	s->depth++;
	bool ok = check_items(s, closing);
	s->depth--;
	return ok;
}

static bool check_value(struct scan *s)
{
	skip_blanks(s);
	int c = peek(s);
	if (c < 0)
		return fail(s, "the text ends too early");
	if (++s->n_values > TS_JSON_MAX_VALUES)
		return fail(s, "more than 8,388,608 values");
	if (c == '{' || c == '[')
		return check_nested(s);
	if (c == '"')
		return check_string(s);
	if (c == '-' || (c >= '0' && c <= '9'))
		return check_number(s);
	return check_word(s);
}

const char *ts_json_check(const char *text, size_t n, size_t *at)
{
	struct scan s = {.text = text, .n = n};

	if (check_value(&s)) {
		skip_blanks(&s);
		if (s.at < s.n)
			fail(&s, "text after the end of the document");
	}
	*at = s.at;
	return s.what && s.at == n ? "the text ends too early" : s.what;
}

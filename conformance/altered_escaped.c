/* Data that came back as it would be written in code, in HTML or in a URL. */
#include "altered.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ESCAPE_MAX 12

enum base { NO_BASE, OCTAL, DECIMAL, HEXADECIMAL, CAPITALS };

/* How a byte is written: by its number, of so many digits at least, or by a name. */
static const struct family {
	const char *what;
	struct {
		const char *before;
		enum base base;
		int width;
		const char *after;
	} numbers[5]; /* up to NO_BASE */
	struct {
		char c;
		const char *text;
	} names[14]; /* up to NULL */
} families[] = {
        {"bytes of the data came back escaped, as they are in code",
         {{"\\x", HEXADECIMAL, 2, ""}, {"\\u", HEXADECIMAL, 4, ""}, {"\\", OCTAL, 3, ""}},
         {{'\a', "\\a"},
          {'\b', "\\b"},
          {'\t', "\\t"},
          {'\n', "\\n"},
          {'\v', "\\v"},
          {'\f', "\\f"},
          {'\r', "\\r"},
          {'\0', "\\0"},
          {'"', "\\\""},
          {'\'', "\\'"},
          {'\\', "\\\\"},
          {'`', "\\`"},
          {'$', "\\$"}}},
        {"bytes of the data came back escaped, as they are in HTML",
         {{"&#", DECIMAL, 1, ";"}, {"&#", DECIMAL, 3, ";"}, {"&#x", HEXADECIMAL, 1, ";"}},
         {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\n', "<br />\n"}, {'\n', "<br>\n"}}},
        {"bytes of the data came back escaped, as they are in a URL",
         {{"%", CAPITALS, 2, ""}, {"%", HEXADECIMAL, 2, ""}},
         {{' ', "+"}}},
};

static size_t begins_with(const char *text, const char *got, size_t n_got)
{
	size_t n = strlen(text);

	return n <= n_got && memcmp(got, text, n) == 0 ? n : 0;
}

static void write_digits(char *out, enum base base, int width, unsigned char c)
{
	switch (base) {
	case OCTAL: snprintf(out, ESCAPE_MAX, "%0*o", width, c); break;
	case DECIMAL: snprintf(out, ESCAPE_MAX, "%0*d", width, c); break;
	case HEXADECIMAL: snprintf(out, ESCAPE_MAX, "%0*x", width, c); break;
	case CAPITALS: snprintf(out, ESCAPE_MAX, "%0*X", width, c); break;
	case NO_BASE: break;
	}
}

/* So many bytes at the beginning of `got` are an escape for c; 0: it is none. */
static size_t n_escape(const struct family *f, char c, const char *got, size_t n_got)
{
	char digits[ESCAPE_MAX] = "", text[2 * ESCAPE_MAX];
	size_t n;

	for (int i = 0; f->names[i].text; i++)
		if (f->names[i].c == c && (n = begins_with(f->names[i].text, got, n_got)) > 0)
			return n;
	for (int i = 0; f->numbers[i].base != NO_BASE; i++) {
		write_digits(digits, f->numbers[i].base, f->numbers[i].width, (unsigned char)c);
		snprintf(text, sizeof(text), "%s%s%s", f->numbers[i].before, digits, f->numbers[i].after);
		if ((n = begins_with(text, got, n_got)) > 0)
			return n;
	}
	return 0;
}

/* Is each byte of `got` itself, or in an escape, and one at least in one? */
static bool is_written(const struct family *f, const char *sent, size_t n_sent, const char *got, size_t n_got)
{
	size_t at = 0;
	bool any = false;

	for (size_t i = 0; i < n_sent; i++) {
		size_t n = n_escape(f, sent[i], got + at, n_got - at);
		any |= n > 0;
		if (n == 0 && (at == n_got || got[at] != sent[i]))
			return false;
		at += n > 0 ? n : 1;
	}
	return any && at == n_got;
}

const char *altered_escaped(const char *sent, size_t n_sent, const char *got, size_t n_got)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (is_written(&families[i], sent, n_sent, got, n_got))
			return families[i].what;
	return NULL;
}

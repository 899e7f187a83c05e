/* Data that came back as it would be written in code, in HTML or in a URL. */
#include "altered.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ESCAPE_MAX 12

/* Each says how it writes the byte c: a text with its end, or "" if it has no way of its own. */
static void in_code(unsigned char c, char *out)
{
	static const char controls[] = "\a\b\t\n\v\f\r", letters[] = "abtnvfr";
	const char *at = c ? strchr(controls, c) : NULL;

	out[0] = '\0';
	if (at || strchr("\"'\\`$", c)) /* of NUL, too */
		snprintf(out, ESCAPE_MAX, "\\%c", at ? letters[at - controls] : c ? c : '0');
}

static void in_hexadecimal(unsigned char c, char *out)
{
	snprintf(out, ESCAPE_MAX, "\\x%02x", c);
}

static void in_four(unsigned char c, char *out)
{
	snprintf(out, ESCAPE_MAX, "\\u%04x", c);
}

static void in_octal(unsigned char c, char *out)
{
	snprintf(out, ESCAPE_MAX, "\\%03o", c);
}

static void in_html(unsigned char c, char *out)
{
	const char *name = c == '&'    ? "&amp;"
	                   : c == '<'  ? "&lt;"
	                   : c == '>'  ? "&gt;"
	                   : c == '"'  ? "&quot;"
	                   : c == '\n' ? "<br />\n"
	                               : "";

	snprintf(out, ESCAPE_MAX, "%s", name);
}

static void in_html_number(unsigned char c, char *out)
{
	snprintf(out, ESCAPE_MAX, "&#%d;", c);
}

static void in_html_number_of_three(unsigned char c, char *out)
{
	snprintf(out, ESCAPE_MAX, "&#%03d;", c);
}

static void in_html_hexadecimal(unsigned char c, char *out)
{
	snprintf(out, ESCAPE_MAX, "&#x%x;", c);
}

static void in_html_break(unsigned char c, char *out)
{
	snprintf(out, ESCAPE_MAX, "%s", c == '\n' ? "<br>\n" : "");
}

static void in_url(unsigned char c, char *out)
{
	snprintf(out, ESCAPE_MAX, "%%%02X", c);
}

static void in_url_low(unsigned char c, char *out)
{
	snprintf(out, ESCAPE_MAX, "%%%02x", c);
}

static void in_form(unsigned char c, char *out)
{
	snprintf(out, ESCAPE_MAX, "%s", c == ' ' ? "+" : "");
}

typedef void escape_write(unsigned char c, char *out);

static escape_write *const code[] = {in_code, in_hexadecimal, in_four, in_octal, NULL};
static escape_write *const html[] = {
        in_html, in_html_number, in_html_number_of_three, in_html_hexadecimal, in_html_break, NULL};
static escape_write *const url[] = {in_url, in_url_low, in_form, NULL};

/* So many bytes at the beginning of `got` are an escape for c; 0: it is none. */
static size_t n_escape(escape_write *const *writers, char c, const char *got, size_t n_got)
{
	char text[ESCAPE_MAX];

	for (; *writers; writers++) {
		(*writers)((unsigned char)c, text);
		size_t n = strlen(text);
		if (n > 0 && n <= n_got && memcmp(got, text, n) == 0)
			return n;
	}
	return 0;
}

/* Is each byte of `got` itself, or in an escape, and one at least in one? */
static bool is_written(escape_write *const *writers, const char *sent, size_t n_sent, const char *got, size_t n_got)
{
	size_t at = 0;
	bool any = false;

	for (size_t i = 0; i < n_sent; i++) {
		size_t n = n_escape(writers, sent[i], got + at, n_got - at);
		any |= n > 0;
		if (n == 0 && (at == n_got || got[at] != sent[i]))
			return false;
		at += n > 0 ? n : 1;
	}
	return any && at == n_got;
}

const char *altered_escaped(const char *sent, size_t n_sent, const char *got, size_t n_got)
{
	return is_written(code, sent, n_sent, got, n_got)   ? "bytes of the data came back escaped, as they are in code"
	       : is_written(html, sent, n_sent, got, n_got) ? "bytes of the data came back escaped, as they are in HTML"
	       : is_written(url, sent, n_sent, got, n_got) ? "bytes of the data came back escaped, as they are in a URL"
	                                                   : NULL;
}

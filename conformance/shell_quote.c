#include "shell_quote.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APOSTROPHE "'\\''" /* ends the word, adds one, and goes on */

/* A tab is left as it is: in apostrophes every shell takes it, and not each one knows $'\011'. */
static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

/* Control characters are neither seen nor copied from a terminal: $'\012' is the same word to a shell (POSIX 2024). */
static char *quote_escaped(const char *text)
{
	char *quoted = malloc(strlen(text) * 4 + 4), *at = quoted;

	if (!quoted)
		return NULL;
	at = stpcpy(at, "$'");
	for (; *text; text++)
		if (is_control(*text))
			at += sprintf(at, "\\%03o", (unsigned)*text);
		else {
			if (*text == '\'' || *text == '\\')
				*at++ = '\\';
			*at++ = *text;
		}
	*at++ = '\'';
	*at = '\0';
	return quoted;
}

static char *quote_plain(const char *text)
{
	char *quoted = malloc(strlen(text) * strlen(APOSTROPHE) + 3), *at = quoted;

	if (!quoted)
		return NULL;
	*at++ = '\'';
	for (; *text; text++)
		if (*text == '\'')
			at = stpcpy(at, APOSTROPHE);
		else
			*at++ = *text;
	*at++ = '\'';
	*at = '\0';
	return quoted;
}

char *shell_quote(const char *text)
{
	for (const char *c = text; *c; c++)
		if (is_control(*c))
			return quote_escaped(text);
	return quote_plain(text);
}

#include "shell_quote.h"
#include <stdlib.h>
#include <string.h>

#define APOSTROPHE "'\\''" /* ends the word, adds one, and goes on */

char *shell_quote(const char *text)
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

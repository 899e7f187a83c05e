#include "ts_reply_shown.h"
#include "ts_base64.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ENCODED_MAX 24

/* Do words that follow each other in the text, read to the base, give the bytes of the data? */
static bool counts_out(const char *text, size_t n, int base, const char *data, size_t n_data)
{
	size_t n_same = 0;

	for (size_t i = 0; i < n && n_same < n_data; i++) {
		char word[8] = "", *end;
		size_t n_word = 0;
		for (; i < n && isalnum((unsigned char)text[i]); i++)
			if (n_word < sizeof(word) - 1)
				word[n_word++] = text[i];
		if (n_word == 0)
			continue;
		bool same = strtol(word, &end, base) == (unsigned char)data[n_same] && *end == '\0';
		n_same = same ? n_same + 1 : 0;
	}
	return n_same == n_data && n_data > 1;
}

bool ts_shown_as_numbers(const char *text, size_t n, const char *data, size_t n_data)
{
	return counts_out(text, n, 10, data, n_data) || counts_out(text, n, 16, data, n_data);
}

bool ts_shown_encoded(const char *text, size_t n, const char *data, size_t n_data)
{
	char hex[2 * ENCODED_MAX + 1], base64[TS_BASE64_TEXT(ENCODED_MAX)];

	if (n_data > ENCODED_MAX)
		return false;
	for (size_t i = 0; i < n_data; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)data[i]);
	ts_base64_encode(data, n_data, base64);
	/* Those that the data alone decides: its line's end may have been encoded, too. */
	size_t n_base64 = n_data * 8 / 6;
	return (n >= 2 * n_data && strncasecmp(text, hex, 2 * n_data) == 0) ||
	       (n_data > 2 && n >= n_base64 && memcmp(text, base64, n_base64) == 0);
}

bool ts_shown_as_object(const char *text, size_t n, const char *data, size_t n_data)
{
	static const char *const names[] = {"[B@",       "[C@",     "[object ", "<memory at ", "ARRAY(0x",
	                                    "SCALAR(0x", "HASH(0x", "<Buffer",  "java.",       "System.",
	                                    "undefined", "null",    "None",     "nil"};

	(void)data;
	(void)n_data;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (n >= strlen(names[i]) && memcmp(text, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

#include "ts_reply_shape_inside.h"
#include <ctype.h>
#include <string.h>

size_t ts_text_without_line_end(const char *text, size_t n)
{
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	return n;
}

bool ts_text_begins(const char *text, size_t n, const char *with, size_t n_with)
{
	return n >= n_with && memcmp(text, with, n_with) == 0;
}

bool ts_text_ends(const char *text, size_t n, const char *with, size_t n_with)
{
	return n >= n_with && memcmp(text + n - n_with, with, n_with) == 0;
}

size_t ts_text_find(const char *text, size_t n, char what)
{
	const char *found = n ? memchr(text, what, n) : NULL;

	return found ? (size_t)(found - text) : n;
}

static bool is_time(const char *text, size_t n, struct ts_stamp *stamp)
{
	return n > 0 && n < TS_STAMP_MAX && ts_stamp_read(stamp, NULL, text, n, NULL) == 0;
}

bool ts_text_is_loose_time(const char *text, size_t n)
{
	struct ts_stamp stamp;

	while (n > 0 && !isalnum((unsigned char)*text)) {
		text++;
		n--;
	}
	for (; n > 0; n--) {
		if (is_time(text, n, &stamp))
			return true;
		if (isalnum((unsigned char)text[n - 1]))
			break;
	}
	return false;
}

size_t ts_reply_stamp_at(const char *text, size_t n, struct ts_stamp *stamp)
{
	size_t close = ts_text_find(text, n, ']');

	return n > 0 && text[0] == '[' && close < n && is_time(text + 1, close - 1, stamp) ? close + 1 : 0;
}

bool ts_exchange_ends_in_another_case(const struct ts_exchange *x, const char *text, size_t n)
{
	size_t i = 0;

	n = ts_text_without_line_end(text, n);
	if (n < x->n_line || x->n_line == 0)
		return false;
	text += n - x->n_line;
	while (i < x->n_line && tolower((unsigned char)text[i]) == tolower((unsigned char)x->line[i]))
		i++;
	return i == x->n_line && memcmp(text, x->line, i) != 0;
}

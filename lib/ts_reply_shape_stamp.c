/* There is a time, and it stands elsewhere or otherwise than in "[time]" before the data; or
 * brackets without a time. */
#include "ts_reply_shape_inside.h"
#include <ctype.h>
#include <string.h>

bool ts_shape_newline_in_stamp(const struct ts_exchange *x)
{
	size_t close = ts_text_find(x->out, x->n_out, ']');
	size_t n = ts_text_without_line_end(x->out, close);

	return x->out[0] == '[' && close < x->n_out && n < close && ts_text_is_loose_time(x->out, n);
}

bool ts_shape_nul_in_stamp(const struct ts_exchange *x)
{
	size_t close = ts_text_find(x->out, x->n_out, ']'), n = ts_text_find(x->out, close, '\0');

	return x->out[0] == '[' && close < x->n_out && n < close && ts_text_is_loose_time(x->out + 1, n - 1);
}

bool ts_shape_never_closed(const struct ts_exchange *x)
{
	return x->out[0] == '[' && ts_text_find(x->out, x->n_out, ']') == x->n_out;
}

static bool is_in_brackets(const struct ts_exchange *x, const char *pair)
{
	size_t close = ts_text_find(x->out, x->n_out, pair[1]);

	return x->out[0] == pair[0] && close < x->n_out && ts_text_is_loose_time(x->out + 1, close - 1);
}

bool ts_shape_in_parentheses(const struct ts_exchange *x)
{
	return is_in_brackets(x, "()");
}

bool ts_shape_in_other_brackets(const struct ts_exchange *x)
{
	return is_in_brackets(x, "{}") || is_in_brackets(x, "<>");
}

bool ts_shape_stamp_last(const struct ts_exchange *x)
{
	return x->n_line > 0 && ts_text_begins(x->out, x->n_out, x->line, x->n_line) &&
	       ts_text_is_loose_time(x->out + x->n_line, x->n_out - x->n_line);
}

bool ts_shape_in_two_brackets(const struct ts_exchange *x)
{
	size_t close = ts_text_find(x->out, x->n_out, ']');

	return ts_text_begins(x->out, x->n_out, "[[", 2) && is_in_brackets(x, "[]") && close + 1 < x->n_out &&
	       x->out[close + 1] == ']';
}

/* b'[time]data': the language showed the reply, and not the data alone. */
bool ts_shape_reply_quoted(const struct ts_exchange *x)
{
	size_t at = x->out[0] == 'b' || x->out[0] == 'u';
	char quote = at < x->n_out ? x->out[at] : '\0';
	struct ts_stamp stamp;

	return (quote == '\'' || quote == '"') && x->out[ts_text_without_line_end(x->out, x->n_out) - 1] == quote &&
	       ts_reply_stamp_at(x->out + at + 1, x->n_out - at - 1, &stamp) > 0;
}

/* ('[time]', b'data') */
bool ts_shape_reply_listed(const struct ts_exchange *x)
{
	size_t at = 1 + (x->n_out > 1 && (x->out[1] == 'b' || x->out[1] == 'u'));
	struct ts_stamp stamp;

	return x->n_out > at + 1 && strchr("([{", x->out[0]) && strchr("'\"", x->out[at]) &&
	       ts_reply_stamp_at(x->out + at + 1, x->n_out - at - 1, &stamp) > 0;
}

/* [b'time'], ['time'] */
bool ts_shape_time_quoted(const struct ts_exchange *x)
{
	size_t at = 1 + (x->n_out > 2 && (x->out[1] == 'b' || x->out[1] == 'u'));
	char quote = at < x->n_out ? x->out[at] : '\0';
	size_t n = x->n_out > at + 1 ? ts_text_find(x->out + at + 1, x->n_out - at - 1, quote) : 0;

	return x->out[0] == '[' && (quote == '\'' || quote == '"') && ts_text_is_loose_time(x->out + at + 1, n);
}

/* [2026-11-22T10:30:00Z[Etc/UTC]] */
bool ts_shape_bracket_inside(const struct ts_exchange *x)
{
	size_t second = x->out[0] == '[' ? 1 + ts_text_find(x->out + 1, x->n_out - 1, '[') : 0;

	return second > 1 && second < ts_text_find(x->out, x->n_out, ']') &&
	       ts_text_is_loose_time(x->out + 1, second - 1);
}

/* [time data], [data] time */
bool ts_shape_data_inside(const struct ts_exchange *x)
{
	size_t close = ts_text_find(x->out, x->n_out, ']');

	for (size_t i = 1; x->out[0] == '[' && close < x->n_out && x->n_line > 0 && i + x->n_line <= close; i++)
		if (memcmp(x->out + i, x->line, x->n_line) == 0)
			return true;
	return false;
}

/* In 2, 4 or 8 bytes, the high one first or last, with those bytes or without. */
bool ts_shape_length_before(const struct ts_exchange *x)
{
	struct ts_stamp stamp;

	for (size_t n = 2; n <= 8 && n < x->n_out; n *= 2) {
		uint64_t high_first = 0, high_last = 0;
		for (size_t i = 0; i < n; i++) {
			high_first = high_first << 8 | (unsigned char)x->out[i];
			high_last = high_last << 8 | (unsigned char)x->out[n - 1 - i];
		}
		bool fits = high_first == x->n_out || high_first == x->n_out - n || high_last == x->n_out ||
		            high_last == x->n_out - n;
		if (fits && ts_reply_stamp_at(x->out + n, x->n_out - n, &stamp) > 0)
			return true;
	}
	return false;
}

/* A stamp stands behind so many bytes. */
static bool has_stamp_behind(const struct ts_exchange *x, size_t n)
{
	struct ts_stamp stamp;

	return n > 0 && n < x->n_out && ts_reply_stamp_at(x->out + n, x->n_out - n, &stamp) > 0;
}

bool ts_shape_after_data_too(const struct ts_exchange *x)
{
	size_t n = x->n_line;

	if (n == 0 || !ts_text_begins(x->out, x->n_out, x->line, n))
		return false;
	while (n < x->n_out && x->out[n] && strchr(" \r\n", x->out[n]))
		n++;
	return has_stamp_behind(x, n);
}

bool ts_shape_after_mark(const struct ts_exchange *x)
{
	return ts_text_begins(x->out, x->n_out, "\xef\xbb\xbf", 3) && has_stamp_behind(x, 3);
}

bool ts_shape_after_blanks(const struct ts_exchange *x)
{
	size_t n = 0;

	while (n < x->n_out && x->out[n] && strchr(" \t\r\n", x->out[n]))
		n++;
	return has_stamp_behind(x, n);
}

/* ESC, [, numbers and a letter. */
bool ts_shape_after_escape(const struct ts_exchange *x)
{
	size_t n = 2;

	if (!ts_text_begins(x->out, x->n_out, "\x1b[", 2))
		return false;
	while (n < x->n_out && x->out[n] && strchr("0123456789;", x->out[n]))
		n++;
	return has_stamp_behind(x, n + 1);
}

bool ts_shape_greeted(const struct ts_exchange *x)
{
	struct ts_stamp stamp;

	for (size_t i = 1; i < x->n_out && i < 4096; i++)
		if (x->out[i] == '[' && ts_reply_stamp_at(x->out + i, x->n_out - i, &stamp))
			return true;
	return false;
}

bool ts_shape_never_opened(const struct ts_exchange *x)
{
	size_t close = ts_text_find(x->out, x->n_out, ']');

	return close < x->n_out && ts_text_find(x->out, close, '[') == close && ts_text_is_loose_time(x->out, close);
}

/* Of whatever form: hours and minutes, with a colon between them. */
static bool has_clock(const char *text, size_t n)
{
	for (size_t i = 1; i + 2 < n; i++)
		if (text[i] == ':' && isdigit((unsigned char)text[i - 1]) && isdigit((unsigned char)text[i + 1]) &&
		    isdigit((unsigned char)text[i + 2]) && (i + 3 == n || !isdigit((unsigned char)text[i + 3])))
			return true;
	return false;
}

bool ts_shape_without_brackets(const struct ts_exchange *x)
{
	const size_t n = x->n_out_line - x->n_line;

	return x->n_line > 0 && ts_text_ends(x->out, x->n_out_line, x->line, x->n_line) &&
	       (ts_text_is_loose_time(x->out, n) || (!memchr(x->out, '[', n) && has_clock(x->out, n)));
}

bool ts_shape_no_time(const struct ts_exchange *x)
{
	return x->out[0] == '[' && ts_text_find(x->out, x->n_out, ']') < x->n_out;
}

/* Where the data stands in a reply that does not begin with a bracket; n_out: nowhere. */
static size_t data_at(const struct ts_exchange *x)
{
	const char *at = x->out[0] != '[' && x->n_line > 0 ? memmem(x->out, x->n_out, x->line, x->n_line) : NULL;

	return at ? (size_t)(at - x->out) : x->n_out;
}

/* 10:30:00[data] */
bool ts_shape_brackets_around_data(const struct ts_exchange *x)
{
	const size_t at = data_at(x), end = at + x->n_line;

	return at > 0 && end < x->n_out && x->out[at - 1] == '[' && x->out[end] == ']' && has_clock(x->out, at);
}

/* The data may be in quotes. */
bool ts_shape_time_before(const struct ts_exchange *x)
{
	const size_t at = data_at(x);

	return at < x->n_out && has_clock(x->out, at);
}

/* data, 10:30:00; and whatever stands between, before and behind. */
bool ts_shape_time_after(const struct ts_exchange *x)
{
	const size_t at = data_at(x), end = at + x->n_line;

	return end < x->n_out && has_clock(x->out + end, x->n_out - end);
}

bool ts_shape_among_others(const struct ts_exchange *x)
{
	return data_at(x) < x->n_out;
}

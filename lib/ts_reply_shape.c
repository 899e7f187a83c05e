#include "ts_reply_shape.h"
#include "ts_reply_shown.h"
#include "ts_stamp.h"
#include <ctype.h>
#include <string.h>

/* A reply and the data it answers. Borrowed. */
struct reply {
	const char *in, *out;
	size_t n_in, n_out;
	const char *line; /* the data without its line's end, and the reply likewise */
	size_t n_line, n_out_line;
};

static size_t without_line_end(const char *text, size_t n)
{
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	return n;
}

static bool begins(const char *text, size_t n, const char *with, size_t n_with)
{
	return n >= n_with && memcmp(text, with, n_with) == 0;
}

static bool ends(const char *text, size_t n, const char *with, size_t n_with)
{
	return n >= n_with && memcmp(text + n - n_with, with, n_with) == 0;
}

static bool is_time(const char *text, size_t n, struct ts_stamp *stamp)
{
	return n > 0 && n < TS_STAMP_MAX && ts_stamp_read(stamp, NULL, text, n, NULL) == 0;
}

/* A time with blanks and punctuation around it. */
static bool is_loose_time(const char *text, size_t n)
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

/* Bytes up to the first of `what`, or n. */
static size_t find(const char *text, size_t n, char what)
{
	const char *found = n ? memchr(text, what, n) : NULL;

	return found ? (size_t)(found - text) : n;
}

size_t ts_reply_stamp_at(const char *text, size_t n, struct ts_stamp *stamp)
{
	size_t close = find(text, n, ']');

	return n > 0 && text[0] == '[' && close < n && is_time(text + 1, close - 1, stamp) ? close + 1 : 0;
}

static bool is_nothing(const struct reply *r)
{
	return r->n_out == 0;
}

static bool is_echo(const struct reply *r)
{
	return r->n_line > 0 && r->n_out_line == r->n_line && memcmp(r->out, r->line, r->n_line) == 0;
}

static bool is_http(const struct reply *r)
{
	return begins(r->out, r->n_out, "HTTP/", 5) || begins(r->out, r->n_out, "<!DOCTYPE", 9) ||
	       begins(r->out, r->n_out, "<html", 5);
}

static bool is_ssh(const struct reply *r)
{
	return begins(r->out, r->n_out, "SSH-", 4);
}

/* A record of TLS: an alert, mostly. */
static bool is_tls(const struct reply *r)
{
	return r->n_out > 2 && r->out[0] >= 0x14 && r->out[0] <= 0x17 && r->out[1] == 3;
}

static bool is_json(const struct reply *r)
{
	return (begins(r->out, r->n_out, "{\"", 2) && r->out[r->n_out_line - 1] == '}') ||
	       (begins(r->out, r->n_out, "[\"", 2) && r->out[r->n_out_line - 1] == ']');
}

static bool is_daytime(const struct reply *r)
{
	return isalnum((unsigned char)r->out[0]) && is_loose_time(r->out, r->n_out);
}

static bool is_newline_in_stamp(const struct reply *r)
{
	size_t close = find(r->out, r->n_out, ']');
	size_t n = without_line_end(r->out, close);

	return r->out[0] == '[' && close < r->n_out && n < close && is_loose_time(r->out, n);
}

static bool has_stamp(const struct reply *r, const char **data, size_t *n_data)
{
	struct ts_stamp stamp;
	size_t n = ts_reply_stamp_at(r->out, r->n_out, &stamp);

	*data = r->out + n;
	*n_data = r->n_out - n;
	return n > 0;
}

/* What follows the stamp and its blanks. */
static bool has_stamp_and_blanks(const struct reply *r, const char **data, size_t *n_data)
{
	if (!has_stamp(r, data, n_data))
		return false;
	for (; *n_data > 0 && **data == ' '; (*n_data)--)
		(*data)++;
	return true;
}

static bool is_data_absent(const struct reply *r)
{
	const char *data;
	size_t n;

	if (!has_stamp(r, &data, &n))
		return false;
	for (; n > 0; n--)
		if (isalnum((unsigned char)data[n - 1]) || (unsigned char)data[n - 1] >= 0x80)
			return false;
	return true;
}

/* b'data', "data", 'data', bytearray(b'data'): no word of its own stands before them. */
static bool is_data_quoted(const struct reply *r)
{
	const char *data;
	size_t n;

	if (!has_stamp_and_blanks(r, &data, &n) || r->n_line == 0)
		return false;
	for (; n > r->n_line + 1 && *data != ' '; data++, n--)
		if ((*data == '\'' || *data == '"') && memcmp(data + 1, r->line, r->n_line) == 0)
			return memchr(data + 1 + r->n_line, *data, n - 1 - r->n_line) != NULL;
	return false;
}

/* The last bytes of this text, but for its line's end. */
static bool ends_in_another_case(const struct reply *r, const char *text, size_t n)
{
	size_t i = 0;

	n = without_line_end(text, n);
	if (n < r->n_line || r->n_line == 0)
		return false;
	text += n - r->n_line;
	while (i < r->n_line && tolower((unsigned char)text[i]) == tolower((unsigned char)r->line[i]))
		i++;
	return i == r->n_line && memcmp(text, r->line, i) != 0;
}

static bool is_data_in_another_case(const struct reply *r)
{
	const char *data;
	size_t n;

	return has_stamp(r, &data, &n) && ends_in_another_case(r, data, n);
}

static bool is_echo_in_another_case(const struct reply *r)
{
	return r->n_out_line == r->n_line && ends_in_another_case(r, r->out, r->n_out);
}

static bool is_line_end_lost(const struct reply *r)
{
	const char *data;
	size_t n;

	return has_stamp(r, &data, &n) && r->n_line < r->n_in && r->n_line > 0 && ends(data, n, r->line, r->n_line);
}

static bool is_cr_added(const struct reply *r)
{
	return r->n_in == r->n_line + 1 && r->n_out == r->n_out_line + 2 && r->out[r->n_out_line] == '\r' &&
	       r->n_line > 0 && r->out[0] == '[' && ends(r->out, r->n_out_line, r->line, r->n_line);
}

static bool is_line_end_added(const struct reply *r)
{
	return r->n_out - r->n_out_line > r->n_in - r->n_line && r->n_line > 0 && r->out[0] == '[' &&
	       ends(r->out, r->n_out_line, r->line, r->n_line);
}

static bool is_data_cut(const struct reply *r)
{
	const char *data;
	size_t n;

	if (!has_stamp(r, &data, &n))
		return false;
	for (; n > 0; data++, n--)
		if (n < r->n_in && memcmp(data, r->in, n) == 0)
			return true;
	return false;
}

static bool is_nul_added(const struct reply *r)
{
	size_t n = r->n_out;

	while (n > 0 && r->out[n - 1] == '\0')
		n--;
	return n > 0 && n < r->n_out && r->n_line > 0 && r->out[0] == '[' &&
	       (ends(r->out, n, r->in, r->n_in) || ends(r->out, n, r->line, r->n_line));
}

static bool is_shown(const struct reply *r, bool (*shown)(const char *, size_t, const char *, size_t))
{
	const char *data;
	size_t n;

	if (!has_stamp_and_blanks(r, &data, &n) || r->n_line == 0)
		return false;
	return shown(data, n, r->line, r->n_line);
}

static bool is_data_as_numbers(const struct reply *r)
{
	return is_shown(r, ts_shown_as_numbers);
}

static bool is_data_encoded(const struct reply *r)
{
	return is_shown(r, ts_shown_encoded);
}

static bool is_object(const struct reply *r)
{
	return is_shown(r, ts_shown_as_object);
}

static bool is_more_added(const struct reply *r)
{
	const char *data;
	size_t n;

	if (!has_stamp_and_blanks(r, &data, &n) || r->n_line == 0)
		return false;
	return n > r->n_line && begins(data, n, r->line, r->n_line);
}

/* More than a separator. */
static bool is_text_between(const struct reply *r)
{
	const char *data;
	size_t n;

	return has_stamp_and_blanks(r, &data, &n) && r->n_line > 0 && n > r->n_line &&
	       ends(data, without_line_end(data, n), r->line, r->n_line);
}

static bool is_other_data(const struct reply *r)
{
	const char *data;
	size_t n;

	return has_stamp(r, &data, &n);
}

static bool is_in_brackets(const struct reply *r, const char *pair)
{
	size_t close = find(r->out, r->n_out, pair[1]);

	return r->out[0] == pair[0] && close < r->n_out && is_loose_time(r->out + 1, close - 1);
}

static bool is_in_parentheses(const struct reply *r)
{
	return is_in_brackets(r, "()");
}

static bool is_in_other_brackets(const struct reply *r)
{
	return is_in_brackets(r, "{}") || is_in_brackets(r, "<>");
}

static bool is_in_two_brackets(const struct reply *r)
{
	return begins(r->out, r->n_out, "[[", 2) && is_in_brackets(r, "[]");
}

static bool is_stamped_twice(const struct reply *r)
{
	struct ts_stamp stamp;
	const char *data;
	size_t n;

	if (!has_stamp_and_blanks(r, &data, &n))
		return false;
	return ts_reply_stamp_at(data, n, &stamp) > 0;
}

static bool is_stamp_last(const struct reply *r)
{
	return r->n_line > 0 && begins(r->out, r->n_out, r->line, r->n_line) &&
	       is_loose_time(r->out + r->n_line, r->n_out - r->n_line);
}

static bool is_without_brackets(const struct reply *r)
{
	return r->n_line > 0 && ends(r->out, r->n_out_line, r->line, r->n_line) &&
	       is_loose_time(r->out, r->n_out_line - r->n_line);
}

/* [b'time'], ['time'] */
static bool is_time_quoted(const struct reply *r)
{
	size_t at = 1 + (r->n_out > 2 && (r->out[1] == 'b' || r->out[1] == 'u'));
	char quote = at < r->n_out ? r->out[at] : '\0';
	size_t n = r->n_out > at + 1 ? find(r->out + at + 1, r->n_out - at - 1, quote) : 0;

	return r->out[0] == '[' && (quote == '\'' || quote == '"') && is_loose_time(r->out + at + 1, n);
}

/* [2026-11-22T10:30:00Z[Etc/UTC]] */
static bool is_bracket_inside(const struct reply *r)
{
	size_t second = r->out[0] == '[' ? 1 + find(r->out + 1, r->n_out - 1, '[') : 0;

	return second > 1 && second < find(r->out, r->n_out, ']') && is_loose_time(r->out + 1, second - 1);
}

/* b'[time]data': the language showed the reply, and not the data alone. */
static bool is_reply_quoted(const struct reply *r)
{
	size_t at = r->out[0] == 'b' || r->out[0] == 'u';
	char quote = at < r->n_out ? r->out[at] : '\0';
	struct ts_stamp stamp;

	return (quote == '\'' || quote == '"') && r->out[without_line_end(r->out, r->n_out) - 1] == quote &&
	       ts_reply_stamp_at(r->out + at + 1, r->n_out - at - 1, &stamp) > 0;
}

/* [time data], [data] time */
static bool is_data_inside(const struct reply *r)
{
	size_t close = find(r->out, r->n_out, ']');

	for (size_t i = 1; r->out[0] == '[' && close < r->n_out && r->n_line > 0 && i + r->n_line <= close; i++)
		if (memcmp(r->out + i, r->line, r->n_line) == 0)
			return true;
	return false;
}

static bool is_greeted(const struct reply *r)
{
	struct ts_stamp stamp;

	for (size_t i = 1; i < r->n_out && i < 4096; i++)
		if (r->out[i] == '[' && ts_reply_stamp_at(r->out + i, r->n_out - i, &stamp))
			return true;
	return false;
}

static bool is_no_time(const struct reply *r)
{
	return r->out[0] == '[' && find(r->out, r->n_out, ']') < r->n_out;
}

static bool is_never_closed(const struct reply *r)
{
	return r->out[0] == '[' && find(r->out, r->n_out, ']') == r->n_out;
}

static bool is_never_opened(const struct reply *r)
{
	size_t close = find(r->out, r->n_out, ']');

	return close < r->n_out && find(r->out, close, '[') == close && is_loose_time(r->out, close);
}

static bool is_data_alone(const struct reply *r)
{
	return r->out[0] != '[' && r->n_line > 0 && ends(r->out, r->n_out_line, r->line, r->n_line);
}

static bool is_without_data(const struct reply *r)
{
	return r->n_line > 0 && !memmem(r->out, r->n_out, r->line, r->n_line);
}

static bool is_anything(const struct reply *r)
{
	(void)r;
	return true;
}

/* The first that fits is the answer: the more special ones stand first. */
static const struct {
	bool (*fits)(const struct reply *r);
	const char *why;
} shapes[] = {
        {is_nothing, "nothing came back"},
        {is_echo, "the data came back without a stamp: an echo server"},
        {is_echo_in_another_case, "the data came back with its letters in another case, and without a stamp"},
        {is_http, "this is an HTTP server"},
        {is_ssh, "this is an SSH server"},
        {is_tls, "this is a TLS server"},
        {is_json, "the reply is JSON"},
        {is_daytime, "a time came back without brackets and without the data: a daytime server"},
        {is_newline_in_stamp, "there is a newline inside the stamp, as C's ctime() leaves one"},
        {is_line_end_lost, "the data came back without its line's end"},
        {is_cr_added, "the line's LF came back as CR LF"},
        {is_line_end_added, "a line's end was added to the data"},
        {is_nul_added, "NUL bytes were added to the data"},
        {is_data_quoted, "the data came back in quotes, as a language shows it (b'data')"},
        {is_data_in_another_case, "the data came back with its letters in another case"},
        {is_data_as_numbers, "the data came back as the numbers of its bytes ([97 98], <Buffer 61 62>)"},
        {is_data_encoded, "the data came back encoded, in hexadecimal or base64"},
        {is_object, "a language's name of an object came back in place of the data ([B@1b6d3586, undefined)"},
        {is_data_absent, "the stamp came back without the data"},
        {is_stamped_twice, "two stamps stand before the data"},
        {is_data_cut, "the data came back cut short"},
        {is_more_added, "something was added after the data"},
        {is_text_between, "more than a separator stands between the stamp and the data"},
        {is_other_data, "what follows the stamp is not the data"},
        {is_never_closed, "the bracket of the stamp is never closed"},
        {is_in_parentheses, "the time stands in parentheses, not in square brackets"},
        {is_in_other_brackets, "the time stands in other brackets, not in square ones"},
        {is_stamp_last, "the stamp stands after the data, not before it"},
        {is_in_two_brackets, "the time stands in two pairs of brackets"},
        {is_reply_quoted, "the whole reply came back in quotes, as a language shows it (b'[time]data')"},
        {is_time_quoted, "the time stands in quotes, as a language shows it (b'time')"},
        {is_bracket_inside, "a bracket stands inside the time, as in Java's ZonedDateTime"},
        {is_data_inside, "the data stands inside the brackets"},
        {is_greeted, "something else, such as a greeting, stands before the stamp"},
        {is_never_opened, "the bracket of the stamp is never opened"},
        {is_without_brackets, "there are no brackets around the time"},
        {is_no_time, "the text between the brackets is no time that is known"},
        {is_data_alone, "the data came back, and no time before it"},
        {is_without_data, "the reply does not begin with a stamp in square brackets, and does not hold the data"},
        {is_anything, "the reply does not begin with a stamp in square brackets"},
};

const char *ts_reply_shape(const char *in, size_t n_in, const char *out, size_t n_out)
{
	const struct reply reply = {.in = in,
	                            .out = out,
	                            .n_in = n_in,
	                            .n_out = n_out,
	                            .line = in,
	                            .n_line = without_line_end(in, n_in),
	                            .n_out_line = without_line_end(out, n_out)};
	size_t i = 0;

	while (!shapes[i].fits(&reply))
		i++;
	return shapes[i].why;
}

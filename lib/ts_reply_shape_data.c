/* The stamp is well, and what follows it is not the data. */
#include "ts_reply_shape_inside.h"
#include "ts_reply_shown.h"
#include <ctype.h>
#include <string.h>

/* A stamp stands first, and these data follow it. */
static bool has_stamp(const struct ts_exchange *x, const char **data, size_t *n_data)
{
	struct ts_stamp stamp;
	size_t n = ts_reply_stamp_at(x->out, x->n_out, &stamp);

	*data = x->out + n;
	*n_data = x->n_out - n;
	return n > 0;
}

/* The same, and blanks after the stamp are passed over. */
static bool has_stamp_and_blanks(const struct ts_exchange *x, const char **data, size_t *n_data)
{
	if (!has_stamp(x, data, n_data))
		return false;
	for (; *n_data > 0 && **data == ' '; (*n_data)--)
		(*data)++;
	return true;
}

static bool is_shown(const struct ts_exchange *x, bool (*shown)(const char *, size_t, const char *, size_t))
{
	const char *data;
	size_t n;

	return has_stamp_and_blanks(x, &data, &n) && x->n_line > 0 && shown(data, n, x->line, x->n_line);
}

bool ts_shape_line_end_lost(const struct ts_exchange *x)
{
	const char *data;
	size_t n;

	return has_stamp(x, &data, &n) && x->n_line < x->n_in && x->n_line > 0 &&
	       ts_text_ends(data, n, x->line, x->n_line);
}

bool ts_shape_cr_added(const struct ts_exchange *x)
{
	return x->n_in == x->n_line + 1 && x->n_out == x->n_out_line + 2 && x->out[x->n_out_line] == '\r' &&
	       x->n_line > 0 && x->out[0] == '[' && ts_text_ends(x->out, x->n_out_line, x->line, x->n_line);
}

bool ts_shape_line_end_added(const struct ts_exchange *x)
{
	return x->n_out - x->n_out_line > x->n_in - x->n_line && x->n_line > 0 && x->out[0] == '[' &&
	       ts_text_ends(x->out, x->n_out_line, x->line, x->n_line);
}

bool ts_shape_nul_added(const struct ts_exchange *x)
{
	size_t n = x->n_out;

	while (n > 0 && x->out[n - 1] == '\0')
		n--;
	return n > 0 && n < x->n_out && x->n_line > 0 && x->out[0] == '[' &&
	       (ts_text_ends(x->out, n, x->in, x->n_in) || ts_text_ends(x->out, n, x->line, x->n_line));
}

/* b'data', "data", 'data', bytearray(b'data'): no word of its own stands before them. */
bool ts_shape_data_quoted(const struct ts_exchange *x)
{
	const char *data;
	size_t n;

	if (!has_stamp_and_blanks(x, &data, &n) || x->n_line == 0)
		return false;
	for (; n > x->n_line + 1 && *data != ' '; data++, n--)
		if ((*data == '\'' || *data == '"') && memcmp(data + 1, x->line, x->n_line) == 0)
			return memchr(data + 1 + x->n_line, *data, n - 1 - x->n_line) != NULL;
	return false;
}

bool ts_shape_data_in_another_case(const struct ts_exchange *x)
{
	const char *data;
	size_t n;

	return has_stamp(x, &data, &n) && ts_exchange_ends_in_another_case(x, data, n);
}

bool ts_shape_data_as_numbers(const struct ts_exchange *x)
{
	return is_shown(x, ts_shown_as_numbers);
}

bool ts_shape_data_encoded(const struct ts_exchange *x)
{
	return is_shown(x, ts_shown_encoded);
}

bool ts_shape_object(const struct ts_exchange *x)
{
	return is_shown(x, ts_shown_as_object);
}

/* [time] [data] */
bool ts_shape_data_in_brackets(const struct ts_exchange *x)
{
	const char *data;
	size_t n;

	return has_stamp_and_blanks(x, &data, &n) && x->n_line > 0 && n >= x->n_line + 2 && data[0] == '[' &&
	       memcmp(data + 1, x->line, x->n_line) == 0 && memchr(data + 1 + x->n_line, ']', n - 1 - x->n_line);
}

bool ts_shape_data_absent(const struct ts_exchange *x)
{
	const char *data;
	size_t n;

	if (!has_stamp(x, &data, &n))
		return false;
	for (; n > 0; n--)
		if (isalnum((unsigned char)data[n - 1]) || (unsigned char)data[n - 1] >= 0x80)
			return false;
	return true;
}

bool ts_shape_stamped_twice(const struct ts_exchange *x)
{
	struct ts_stamp stamp;
	const char *data;
	size_t n;

	return has_stamp_and_blanks(x, &data, &n) && ts_reply_stamp_at(data, n, &stamp) > 0;
}

/* Words that end with the data's first letter are not the data. */
bool ts_shape_data_cut(const struct ts_exchange *x)
{
	const char *data;
	size_t n;

	if (!has_stamp(x, &data, &n))
		return false;
	for (bool blank = true; n > 0 && blank; data++, n--) {
		blank = !isalnum((unsigned char)*data);
		if (n < x->n_in && memcmp(data, x->in, n) == 0)
			return true;
	}
	return false;
}

bool ts_shape_more_added(const struct ts_exchange *x)
{
	const char *data;
	size_t n;

	return has_stamp_and_blanks(x, &data, &n) && x->n_line > 0 && n > x->n_line &&
	       ts_text_begins(data, n, x->line, x->n_line);
}

/* More than a separator. */
bool ts_shape_text_between(const struct ts_exchange *x)
{
	const char *data;
	size_t n;

	return has_stamp_and_blanks(x, &data, &n) && x->n_line > 0 && n > x->n_line &&
	       ts_text_ends(data, ts_text_without_line_end(data, n), x->line, x->n_line);
}

bool ts_shape_other_data(const struct ts_exchange *x)
{
	const char *data;
	size_t n;

	return has_stamp(x, &data, &n);
}

/* There is no stamp to speak of: another service answered, or the data came back alone, or nothing did. */
#include "ts_reply_shape_inside.h"
#include <ctype.h>
#include <string.h>

bool ts_shape_nothing(const struct ts_exchange *x)
{
	return x->n_out == 0;
}

bool ts_shape_echo(const struct ts_exchange *x)
{
	return x->n_line > 0 && x->n_out_line == x->n_line && memcmp(x->out, x->line, x->n_line) == 0;
}

bool ts_shape_echo_in_another_case(const struct ts_exchange *x)
{
	return x->n_out_line == x->n_line && ts_exchange_ends_in_another_case(x, x->out, x->n_out);
}

bool ts_shape_http(const struct ts_exchange *x)
{
	return ts_text_begins(x->out, x->n_out, "HTTP/", 5) || ts_text_begins(x->out, x->n_out, "<!DOCTYPE", 9) ||
	       ts_text_begins(x->out, x->n_out, "<html", 5);
}

bool ts_shape_ssh(const struct ts_exchange *x)
{
	return ts_text_begins(x->out, x->n_out, "SSH-", 4);
}

/* A record of TLS: an alert, mostly. */
bool ts_shape_tls(const struct ts_exchange *x)
{
	return x->n_out > 2 && x->out[0] >= 0x14 && x->out[0] <= 0x17 && x->out[1] == 3;
}

bool ts_shape_json(const struct ts_exchange *x)
{
	return (ts_text_begins(x->out, x->n_out, "{\"", 2) && x->out[x->n_out_line - 1] == '}') ||
	       (ts_text_begins(x->out, x->n_out, "[\"", 2) && x->out[x->n_out_line - 1] == ']');
}

bool ts_shape_daytime(const struct ts_exchange *x)
{
	return isalnum((unsigned char)x->out[0]) && ts_text_is_loose_time(x->out, x->n_out);
}

bool ts_shape_data_alone(const struct ts_exchange *x)
{
	return x->out[0] != '[' && x->n_line > 0 && ts_text_ends(x->out, x->n_out_line, x->line, x->n_line);
}

bool ts_shape_without_data(const struct ts_exchange *x)
{
	return x->n_line > 0 && !memmem(x->out, x->n_out, x->line, x->n_line);
}

bool ts_shape_anything(const struct ts_exchange *x)
{
	(void)x;
	return true;
}

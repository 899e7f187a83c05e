/* A reply: brackets, time, separator, data, each where it belongs. */
#include "faulty.h"

/* The marks around the time, where they are not [ and ]. */
static void marks_choose(const struct server *server, const char **open, const char **shut)
{
	*open = "[";
	*shut = "]";
	switch (server->fault) {
	case FAULT_NO_BRACKETS:
		*open = "";
		*shut = " ";
		break;
	case FAULT_PARENTHESES:
		*open = "(";
		*shut = ")";
		break;
	case FAULT_BRACES:
		*open = "{";
		*shut = "}";
		break;
	case FAULT_REPLY_SECOND: *open = server->n_replies == 1 ? " [" : "["; break;
	case FAULT_NO_OPEN_BRACKET: *open = ""; break;
	case FAULT_BRACKET_RARE: *open = server->n_replies % 8 == 7 ? "" : "["; break;
	case FAULT_NO_CLOSE_BRACKET: *shut = " "; break;
	case FAULT_TWO_BRACKETS:
		*open = "[[";
		*shut = "]]";
		break;
	default: break;
	}
}

static const char *separator_choose(const struct conversation *c)
{
	switch (c->server->fault) {
	case FAULT_SEPARATOR_CHANGES: return c->server->n_replies % 2 ? " " : "";
	case FAULT_SEPARATOR_RARE: return c->server->n_replies % 4 == 3 ? " " : "";
	case FAULT_SEPARATOR_COLON: return ":";
	case FAULT_SECOND_SPACED: return c->nth == 2 ? " " : "";
	default: return c->server->space ? " " : "";
	}
}

void stamp_write(struct conversation *c, struct peer_text *out)
{
	const char *open, *shut;
	char text[128];

	marks_choose(c->server, &open, &shut);
	time_write(c, text, sizeof(text));
	peer_add_text(out, open);
	peer_add_text(out, text);
	peer_add_text(out, shut);
}

/* Before the data: nothing, or a stamp and its separator. */
static void head_write(struct conversation *c, struct peer_text *out)
{
	if (has(c, FAULT_ECHO) || has(c, FAULT_STAMP_AFTER) || (has(c, FAULT_STAMP_ONCE) && c->n_messages > 1))
		return;
	stamp_write(c, out);
	if (has(c, FAULT_STAMP_TWICE))
		stamp_write(c, out);
	if (has(c, FAULT_NUL_BETWEEN))
		peer_add(out, "", 1);
	peer_add_text(out, separator_choose(c));
	peer_add_text(out, has(c, FAULT_DATA_REPR) ? "b'" : has(c, FAULT_DATA_QUOTED) ? "\"" : "");
}

static void tail_write(struct conversation *c, struct peer_text *out)
{
	switch (c->server->fault) {
	case FAULT_STAMP_AFTER: stamp_write(c, out); break;
	case FAULT_NEWLINE_AFTER: peer_add_text(out, "\n"); break;
	case FAULT_CRLF_AFTER: peer_add_text(out, "\r\n"); break;
	case FAULT_BLANK_AFTER: peer_add_text(out, " "); break;
	case FAULT_NUL_AFTER: peer_add(out, "", 1); break;
	case FAULT_DATA_REPR: peer_add_text(out, "'"); break;
	case FAULT_DATA_QUOTED: peer_add_text(out, "\""); break;
	default: break;
	}
}

bool message_repeats(struct conversation *c, const char *data, size_t n)
{
	bool is_repeat = c->last.n == n && memcmp(c->last.p, data, n) == 0;

	c->last.n = 0;
	peer_add(&c->last, data, n);
	return is_repeat;
}

static bool remembers_long(const struct conversation *c)
{
	return has(c, FAULT_TIME_OF_SAME_LONG) || has(c, FAULT_TIME_OF_SAME_ALONE) || has(c, FAULT_TIME_OF_SAME_LARGE);
}

bool reply_write(struct conversation *c, struct peer_text *out, const char *data, size_t n)
{
	bool each = has(c, FAULT_STAMP_EACH_BYTE) || has(c, FAULT_STAMP_EACH_BYTE_ONE_SHOT);
	size_t start = out->n, n_data = each && n < 64 ? 1 : n;
	uint32_t length;

	if (c->server->pause_ms)
		usleep((useconds_t)c->server->pause_ms * 1000);
	c->n_messages++;
	c->server->said_ns = peer_now_ns(CLOCK_MONOTONIC);
	if (has(c, FAULT_TIME_OF_SAME) || has(c, FAULT_TIME_OF_SAME_UDP))
		c->is_repeat = message_repeats(c, data, n);
	if (remembers_long(c)) {
		c->is_repeat = n >= 100 && message_repeats(c, data, n);
		if (n >= 100 && !c->is_repeat)
			c->remembered_ns = peer_now_ns(CLOCK_REALTIME);
	}
	c->is_long = n > 4000;
	if (has(c, FAULT_LENGTH_BEFORE)) {
		length = htonl(n + 26);
		peer_add(out, &length, sizeof(length));
	}
	for (size_t done = 0; done < n; done += n_data) {
		head_write(c, out);
		if (!data_write(c, out, data + done, n_data)) {
			out->n = start;
			return false;
		}
		tail_write(c, out);
	}
	if (has(c, FAULT_STAMP_FOURTH) && c->n_messages == 4)
		head_write(c, out);
	if (has(c, FAULT_DATA_CUT_SECOND) && c->n_messages == 2)
		out->n--;
	c->server->n_replies++;
	if (has(c, FAULT_TWICE)) {
		n = out->n;
		for (size_t i = start; i < n; i++)
			peer_add(out, &(char){out->p[i]}, 1);
	}
	return true;
}

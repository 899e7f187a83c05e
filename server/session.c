#include "session.h"
#include "ts_clock.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int session_desk_init(struct session_desk *d, enum session_framing framing, const struct ts_stamp_format *format,
                      const char *separator, size_t in_bytes, size_t max_line_bytes)
{
	char suffix[TS_SEPARATOR_MAX + 2] = "]";
	char *room;

	*d = (struct session_desk){.framing = framing, .max_line_bytes = max_line_bytes, .in_bytes = in_bytes};
	strncat(suffix, separator, sizeof suffix - 2);
	ts_stamp_writer_init(&d->stamp, format, suffix);
	d->last_ns = INT64_MIN;
	room = malloc(SESSION_HEADROOM + in_bytes);
	if (!room)
		return -ENOMEM;
	d->in = room + SESSION_HEADROOM;
	if (framing == SESSION_STREAM)
		return 0;
	/* The worst that can come: a kept line ends, and then lines of one byte and their LF.
	 * Touched as far as used. */
	d->out_bytes = max_line_bytes + in_bytes + (in_bytes / 2 + 2) * SESSION_HEADROOM;
	d->out = malloc(d->out_bytes);
	if (d->out)
		return 0;
	session_desk_release(d);
	return -ENOMEM;
}

void session_desk_release(struct session_desk *d)
{
	if (d->in)
		free(d->in - SESSION_HEADROOM);
	free(d->out);
	d->in = d->out = NULL;
}

size_t session_stamp(struct session_desk *d, int64_t wall_ns, const char **text)
{
	/* A clock that is set back a little is waited for; one that is set back far is believed. */
	if (wall_ns < d->last_ns && d->last_ns - wall_ns < TS_S)
		wall_ns = d->last_ns;
	d->last_ns = wall_ns;
	return ts_stamp_write(&d->stamp, wall_ns, text);
}

static enum session_state take_chunk(struct session_desk *d, char *data, size_t n, int64_t wall_ns,
                                     struct session_reply *reply)
{
	const char *stamp;
	size_t n_stamp = session_stamp(d, wall_ns, &stamp);

	memcpy(data - n_stamp, stamp, n_stamp);
	*reply = (struct session_reply){.data = data - n_stamp, .n = n_stamp + n, .n_messages = 1};
	return SESSION_GOES_ON;
}

static void append(struct session_desk *d, struct session_reply *reply, const char *bytes, size_t n)
{
	memcpy(d->out + reply->n, bytes, n);
	reply->n += n;
}

/* The kept part, if any, and n bytes are one message. */
static void answer(struct session *s, struct session_desk *d, const char *bytes, size_t n, int64_t wall_ns,
                   struct session_reply *reply)
{
	const char *stamp;
	size_t n_stamp = session_stamp(d, wall_ns, &stamp);

	append(d, reply, stamp, n_stamp);
	if (s->n_kept)
		append(d, reply, s->kept, s->n_kept);
	if (n)
		append(d, reply, bytes, n);
	reply->n_messages++;
	session_release(s);
}

static bool is_empty_line(const struct session *s, const char *line, size_t n)
{
	if (s->n_kept == 0)
		return n == 1 || (n == 2 && line[0] == '\r');
	return n == 1 && s->n_kept == 1 && s->kept[0] == '\r';
}

static enum session_state keep(struct session *s, size_t max_bytes, const char *bytes, size_t n)
{
	size_t need = s->n_kept + n;

	if (n == 0)
		return SESSION_GOES_ON;
	if (need > max_bytes)
		return SESSION_LINE_LIMIT;
	if (need > s->kept_bytes) {
		size_t room = need < 64 ? 64 : 2 * need;
		char *more = realloc(s->kept, room);

		if (!more)
			return SESSION_NO_MEMORY;
		s->kept = more;
		s->kept_bytes = (uint32_t)room;
	}
	memcpy(s->kept + s->n_kept, bytes, n);
	s->n_kept = (uint32_t)need;
	return SESSION_GOES_ON;
}

static enum session_state take_lines(struct session *s, struct session_desk *d, const char *data, size_t n,
                                     int64_t wall_ns, struct session_reply *reply)
{
	const char *end = data + n, *lf;

	while ((lf = memchr(data, '\n', (size_t)(end - data)))) {
		size_t n_line = (size_t)(lf + 1 - data);

		if (is_empty_line(s, data, n_line))
			return SESSION_EMPTY_LINE;
		if (s->n_kept + n_line > d->max_line_bytes)
			return SESSION_LINE_LIMIT;
		answer(s, d, data, n_line, wall_ns, reply);
		data = lf + 1;
	}
	return keep(s, d->max_line_bytes, data, (size_t)(end - data));
}

enum session_state session_take(struct session *s, struct session_desk *d, char *data, size_t n, int64_t wall_ns,
                                struct session_reply *reply)
{
	*reply = (struct session_reply){.data = d->out};
	if (n == 0) {
		if (s->n_kept)
			answer(s, d, NULL, 0, wall_ns, reply);
		return SESSION_CLIENT_END;
	}
	if (d->framing == SESSION_STREAM)
		return take_chunk(d, data, n, wall_ns, reply);
	return take_lines(s, d, data, n, wall_ns, reply);
}

void session_release(struct session *s)
{
	free(s->kept);
	*s = (struct session){0};
}

#include "conn.h"
#include "ts_clock.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TALKING, FLUSHING, LINGERING };

void conn_init(struct conn *c, int fd)
{
	*c = (struct conn){.source = {.fd = fd, .kind = SOURCE_CONN, .want = WANT_READ}};
}

bool conn_is_lingering(const struct conn *c)
{
	return c->state == LINGERING;
}

static enum conn_next lost(struct conn *c, struct worker *w, int error, const char *what)
{
	bool reset = error == ECONNRESET || error == EPIPE || error == ETIMEDOUT;

	if (c->state == TALKING)
		c->end = reset ? END_RESET : END_ERROR;
	if (!reset)
		worker_note(w, counted_error_of(error), error, what);
	return CONN_GONE;
}

/*
 * All that is owed has been sent. After the client's end the receive queue is empty, and close(2) sends FIN. When we
 * end first, bytes that are unread or on their way to us would make it RST, which overtakes replies that the client has
 * not read yet: FIN first, then swallow what comes until the client ends too, or as long as worker_lingers() says.
 */
static enum conn_next finish(struct conn *c, struct worker *w)
{
	if (c->end != END_EMPTY_LINE && c->end != END_LIMIT && c->end != END_STOP)
		return CONN_GONE;
	shutdown(c->source.fd, SHUT_WR);
	count(w->counters, COUNT_CALL_OTHER, 1);
	c->state = LINGERING;
	return CONN_MORE;
}

static enum conn_next blocked(const struct conn *c)
{
	return c->is_short ? CONN_SHORT : CONN_BLOCKED;
}

static enum conn_next keep_unsent(struct conn *c, struct worker *w, const char *data, size_t n)
{
	c->unsent = malloc(sizeof *c->unsent + n);
	if (!c->unsent)
		return lost(c, w, ENOMEM, "reply");
	*c->unsent = (struct unsent){.n = n};
	memcpy(c->unsent->data, data, n);
	return blocked(c);
}

/* One send. Returns the bytes taken, 0 when the socket is full or memory lacks, -errno. */
static ssize_t send_some(struct conn *c, struct worker *w, const char *data, size_t n)
{
	c->is_short = false;
	for (;;) {
		ssize_t sent = send(c->source.fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		int error = errno;

		count(w->counters, COUNT_CALL_SEND, 1);
		if (sent >= 0) {
			count(w->counters, COUNT_SENT_BYTES, (uint64_t)sent);
			if ((size_t)sent < n)
				count(w->counters, COUNT_SHORT_WRITES, 1);
			return sent;
		}
		if (error == EINTR)
			continue;
		if (error == EAGAIN)
			count(w->counters, COUNT_EAGAIN, 1);
		if (error == ENOBUFS) {
			worker_note(w, ERROR_ENOBUFS, error, "send");
			c->is_short = true;
		}
		return error == EAGAIN || error == ENOBUFS ? 0 : -error;
	}
}

/* Send a reply, keep what is left of it. `next`: what to do once it has gone out. */
static enum conn_next send_reply(struct conn *c, struct worker *w, const struct session_reply *reply,
                                 enum conn_next next)
{
	ssize_t sent;

	if (reply->n == 0)
		return c->state == TALKING ? next : finish(c, w);
	count(w->counters, COUNT_MESSAGES, reply->n_messages);
	sent = send_some(c, w, reply->data, reply->n);
	if (sent < 0)
		return lost(c, w, (int)-sent, "send");
	if ((size_t)sent < reply->n)
		return keep_unsent(c, w, reply->data + sent, reply->n - (size_t)sent);
	return c->state == TALKING ? next : finish(c, w);
}

static enum conn_next take(struct conn *c, struct worker *w, char *data, size_t n, enum conn_next next)
{
	static const enum end ends[] = {[SESSION_CLIENT_END] = END_CLIENT,
	                                [SESSION_EMPTY_LINE] = END_EMPTY_LINE,
	                                [SESSION_LINE_LIMIT] = END_LIMIT,
	                                [SESSION_NO_MEMORY] = END_ERROR};
	struct session_reply reply;
	enum session_state state = session_take(&c->session, &w->desk, data, n, ts_clock_wall_ns(), &reply);

	if (state != SESSION_GOES_ON) {
		c->state = FLUSHING;
		c->end = n == 0 && server_stopping(w->server) ? END_STOP : ends[state];
	}
	if (state == SESSION_NO_MEMORY)
		worker_note(w, ERROR_ENOMEM, ENOMEM, "line");
	return send_reply(c, w, &reply, next);
}

/* The bytes received, 0 at the end of file, -EAGAIN, -errno. */
static ssize_t receive(struct conn *c, struct worker *w, char **data)
{
	for (;;) {
		ssize_t n;

		if (w->receive)
			return w->receive(w, c, data);
		*data = w->desk.in;
		n = recv(c->source.fd, w->desk.in, w->desk.in_bytes, MSG_DONTWAIT);
		count(w->counters, COUNT_CALL_RECV, 1);
		if (n >= 0)
			return n;
		if (errno != EINTR)
			return -errno;
	}
}

enum conn_next conn_read(struct conn *c, struct worker *w)
{
	char *data;
	ssize_t n = receive(c, w, &data);

	if (n == -EAGAIN) {
		count(w->counters, COUNT_EAGAIN, 1);
		return CONN_DRAINED;
	}
	if (n < 0)
		return lost(c, w, (int)-n, "recv");
	if (c->state == LINGERING)
		return n == 0 ? CONN_GONE : CONN_MORE;
	count(w->counters, COUNT_RECEIVED_BYTES, (uint64_t)n);
	c->last_bytes -= n < c->last_bytes ? (uint32_t)n : c->last_bytes;
	c->active_ns = w->now_ns;
	return take(c, w, data, (size_t)n, (size_t)n == w->desk.in_bytes ? CONN_MORE : CONN_DRAINED);
}

enum conn_next conn_write(struct conn *c, struct worker *w)
{
	struct unsent *u = c->unsent;
	ssize_t sent = send_some(c, w, u->data + u->at, u->n - u->at);

	if (sent < 0)
		return lost(c, w, (int)-sent, "send");
	if (sent > 0) /* who polls tries in vain, too */
		c->active_ns = w->now_ns;
	u->at += (size_t)sent;
	if (u->at < u->n)
		return blocked(c);
	free(u);
	c->unsent = NULL;
	return c->state == TALKING ? CONN_MORE : finish(c, w);
}

enum conn_next conn_stop(struct conn *c, struct worker *w)
{
	return take(c, w, NULL, 0, CONN_GONE);
}

void conn_close(struct conn *c, struct worker *w)
{
	close(c->source.fd);
	count(w->counters, COUNT_CALL_CLOSE, 1);
	count(w->counters, (enum counter)(COUNT_END_CLIENT + c->end), 1);
	session_release(&c->session);
	free(c->unsent);
}

#include "talk.h"
#include "parting.h"
#include "post.h"
#include "ts_clock.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SHORT_TRIES 500 /* about ten seconds */

/*
 * At the stop, those who stand in the queue already are still taken: they were told that they are connected. Not more
 * than can have stood there: others may come all the time.
 */
static bool is_over(struct worker *w, int listen_fd)
{
	struct pollfd fd = {.fd = listen_fd, .events = POLLIN};

	if (!server_stopping(w->server))
		return false;
	count(w->counters, COUNT_CALL_OTHER, 1);
	return stop_left_ns(w->server) == 0 || w->n_late++ > w->server->set.backlog || poll(&fd, 1, 0) != 1;
}

/* Those who part hold descriptors, too. */
static void wait_for_better(struct worker *w)
{
	if (w->partings && w->partings->n > 0)
		partings_attend(w->partings, w, SHORTAGE_PAUSE_NS);
	else
		stop_sleep(w->server, SHORTAGE_PAUSE_NS);
}

int talk_accept_once(struct worker *w, int listen_fd)
{
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC), error = errno;

	count(w->counters, COUNT_CALL_ACCEPT, 1);
	if (fd >= 0) {
		count(w->counters, COUNT_ACCEPTED, 1);
		return fd;
	}
	if (error != EINTR && error != EAGAIN)
		worker_note(w, counted_error_of(error), error, "accept");
	return -error;
}

int talk_accept(struct worker *w, int listen_fd)
{
	while (!is_over(w, listen_fd)) {
		int fd = talk_accept_once(w, listen_fd);

		if (fd >= 0 || fd == -EAGAIN || fd == -EBADF || fd == -EINVAL || fd == -ENOTSOCK)
			return fd;
		if (worker_is_shortage(-fd))
			wait_for_better(w);
	}
	return -ECANCELED;
}

/* SO_RCVTIMEO and SO_SNDTIMEO hold for each call: a client that moves at all is not idle. */
static void set_timeout(struct worker *w, int fd, int64_t ns)
{
	struct timeval t = {.tv_sec = ns / TS_S, .tv_usec = ns % TS_S / TS_US};

	if (ns > 0 && t.tv_sec == 0 && t.tv_usec == 0)
		t.tv_usec = 1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
	count(w->counters, COUNT_CALL_CONTROL, 2);
}

static enum end end_of_error(struct worker *w, int error, const char *what)
{
	if (error == EAGAIN)
		return server_stopping(w->server) ? END_STOP : END_IDLE;
	if (error == ECONNRESET || error == EPIPE || error == ETIMEDOUT)
		return server_stopping(w->server) ? END_STOP : END_RESET;
	worker_note(w, counted_error_of(error), error, what);
	return END_ERROR;
}

/* At the stop, one of several clients has half of the time that is left, the next half of the rest. */
static bool turn_is_over(struct worker *w)
{
	int64_t left_ns = stop_left_ns(w->server), now_ns;

	if (left_ns == INT64_MAX)
		return false;
	now_ns = ts_clock_mono_ns();
	if (w->turn_end_ns == 0)
		w->turn_end_ns = now_ns + (w->partings ? left_ns / 2 : left_ns);
	return now_ns >= w->turn_end_ns;
}

static bool has_something_received(struct worker *w, int fd)
{
	if (w->last_bytes < 0)
		w->last_bytes = worker_n_received(w, fd);
	return w->last_bytes > 0 && !turn_is_over(w);
}

/* Blocks; returns the bytes received, 0 at the end, -errno. At the stop, the end comes after what was there. */
static ssize_t receive(struct worker *w, int fd)
{
	for (;;) {
		bool stopping = server_stopping(w->server);
		ssize_t n;
		int error;

		if (stopping && !has_something_received(w, fd))
			return 0;
		n = recv(fd, w->desk.in, w->desk.in_bytes, stopping ? MSG_DONTWAIT : 0);
		error = errno;
		count(w->counters, COUNT_CALL_RECV, 1);
		if (n >= 0) {
			count(w->counters, COUNT_RECEIVED_BYTES, (uint64_t)n);
			w->last_bytes -= stopping ? n : 0;
			return n;
		}
		if (stopping && error == EAGAIN)
			return 0;
		if (error != EINTR)
			return -error;
	}
}

/* A want of memory in the kernel may pass, and nothing tells when. */
static int send_all(struct worker *w, int fd, const struct session_reply *reply)
{
	size_t at = 0;
	int n_short = 0;

	while (at < reply->n) {
		ssize_t n = send(fd, reply->data + at, reply->n - at, MSG_NOSIGNAL);
		int error = errno;

		count(w->counters, COUNT_CALL_SEND, 1);
		if (n < 0 && error == ENOBUFS && n_short++ < SHORT_TRIES) {
			worker_note(w, ERROR_ENOBUFS, error, "send");
			stop_sleep(w->server, SHORTAGE_PAUSE_NS);
		} else if (n < 0 && error != EINTR) {
			return -error;
		}
		if (n > 0) {
			n_short = 0;
			at += (size_t)n;
			count(w->counters, COUNT_SENT_BYTES, (uint64_t)n);
		}
		if (at == reply->n)
			break;
		if (n > 0)
			count(w->counters, COUNT_SHORT_WRITES, 1);
		if (turn_is_over(w))
			return -EAGAIN;
	}
	count(w->counters, COUNT_MESSAGES, reply->n_messages);
	return 0;
}

/* Swallow what comes until that moment. True: the client has not ended. */
static bool swallow(struct worker *w, int fd, int64_t until_ns)
{
	ssize_t n;

	do {
		n = recv(fd, w->desk.in, w->desk.in_bytes, 0);
		count(w->counters, COUNT_CALL_RECV, 1);
	} while ((n > 0 || (n < 0 && errno == EINTR)) && stop_left_ns(w->server) > 0 && ts_clock_mono_ns() < until_ns);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/*
 * We end first. If close(2) found unread bytes, or some came after it, the kernel would send RST, and the RST would
 * overtake replies that the client has not read yet. So: after FIN, swallow what comes until the client ends too, or as
 * long as worker_lingers() says.
 */
static void linger(struct worker *w, int fd, enum end end)
{
	unsigned n_looks = 0;

	set_timeout(w, fd, LINGER_LOOK_NS);
	while (swallow(w, fd, ts_clock_mono_ns() + LINGER_LOOK_NS) && stop_left_ns(w->server) > 0 &&
	       worker_lingers(w, fd, end, ++n_looks))
		;
}

static enum end converse(struct worker *w, int fd, struct session *session)
{
	for (;;) {
		struct session_reply reply;
		enum session_state state;
		ssize_t n = receive(w, fd);
		int rc;

		if (n < 0)
			return end_of_error(w, (int)-n, "recv");
		state = session_take(session, &w->desk, w->desk.in, (size_t)n, ts_clock_wall_ns(), &reply);
		rc = send_all(w, fd, &reply);
		if (rc < 0)
			return end_of_error(w, -rc, "send");
		switch (state) {
		case SESSION_GOES_ON: break;
		case SESSION_CLIENT_END: return server_stopping(w->server) ? END_STOP : END_CLIENT;
		case SESSION_EMPTY_LINE: return END_EMPTY_LINE;
		case SESSION_LINE_LIMIT: return END_LIMIT;
		case SESSION_NO_MEMORY: worker_note(w, ERROR_ENOMEM, ENOMEM, "line"); return END_ERROR;
		}
	}
}

void talk(struct worker *w, int fd)
{
	struct roster *roster = &w->server->roster;
	struct session session = {0};
	struct roster_entry entry;
	enum end end;

	w->turn_end_ns = 0;
	w->last_bytes = -1;
	if (w->server->set.idle_timeout_ns)
		set_timeout(w, fd, w->server->set.idle_timeout_ns);
	roster_join(roster, &entry, fd);
	end = converse(w, fd, &session);
	session_release(&session);
	if (end == END_EMPTY_LINE || end == END_LIMIT || end == END_STOP) {
		shutdown(fd, SHUT_WR);
		count(w->counters, COUNT_CALL_OTHER, 1);
	}
	if (end == END_EMPTY_LINE || end == END_LIMIT || (end == END_STOP && !w->partings))
		linger(w, fd, end);
	roster_leave(roster, &entry);
	if (end == END_STOP && w->partings)
		partings_add(w->partings, w, fd);
	else
		worker_hang_up(w, fd, end);
}

int talk_one_by_one(struct worker *w)
{
	const struct listener *l = &w->server->listeners.items[0];
	struct partings partings = {.n = 0};
	int fd;

	if (!l->stream)
		return post_serve_blocking(w, l);
	w->partings = &partings;
	while ((fd = talk_accept(w, listener_fd(l, w->index))) >= 0)
		talk(w, fd);
	partings_finish(&partings, w);
	w->partings = NULL;
	return fd == -ECANCELED ? 0 : fd;
}

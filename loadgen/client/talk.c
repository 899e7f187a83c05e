#include "talk.h"
#include "ts_clock.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define RECEIVE_BYTES 65536 /* the largest datagram fits */

int talk_open(struct talk *t, const struct ts_endpoint *ep, bool by_line, int64_t timeout_ns, struct ts_err *err)
{
	bool is_stream = ts_transport_is_stream(ep->transport);

	*t = (struct talk){.is_stream = is_stream, .by_line = by_line && is_stream, .timeout_ns = timeout_ns};
	t->fd = ts_endpoint_connect(ep, 0, timeout_ns, err);
	return t->fd < 0 ? t->fd : 0;
}

void talk_close(struct talk *t)
{
	close(t->fd);
}

static int write_all(int out, const char *bytes, size_t n, struct ts_err *err)
{
	while (n > 0) {
		ssize_t written = write(out, bytes, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return ts_err_set(err, errno, "cannot write the reply: %s", strerror(errno));
		bytes += written;
		n -= (size_t)written;
	}
	return 0;
}

/* Wait until the socket is ready for `events`. 0, or -errno. */
static int await(const struct talk *t, short events, int64_t deadline_ns, struct ts_err *err)
{
	struct pollfd p = {.fd = t->fd, .events = events};
	int64_t left_ns = deadline_ns - ts_clock_mono_ns();
	struct timespec left = {.tv_sec = left_ns / TS_S, .tv_nsec = left_ns % TS_S};
	int n = left_ns > 0 ? ppoll(&p, 1, &left, NULL) : 0;

	if (n < 0)
		return ts_err_set(err, errno, "stopped while waiting for the server: %s", strerror(errno));
	if (n == 0)
		return ts_err_set(err, ETIMEDOUT, "no reply within %.3g s; --timeout allows more",
		                  (double)t->timeout_ns / 1e9);
	return 0;
}

/* Receive once and copy. Returns the bytes received (0: the server's end), or -errno; *feed: they end in LF. */
static ssize_t receive(struct talk *t, int64_t deadline_ns, int out, bool *feed, struct ts_err *err)
{
	char bytes[RECEIVE_BYTES];
	int result = await(t, POLLIN, deadline_ns, err);

	if (result < 0)
		return result;
	ssize_t n = recv(t->fd, bytes, sizeof bytes, 0);
	if (n < 0)
		return ts_err_set(err, errno, "the server is gone: %s", strerror(errno));
	*feed = n > 0 && bytes[n - 1] == '\n';
	result = write_all(out, bytes, (size_t)n, err);
	return result < 0 ? result : n;
}

static int send_message(struct talk *t, const char *text, size_t n, int64_t deadline_ns, struct ts_err *err)
{
	char feed = '\n';
	struct iovec parts[] = {{(void *)(uintptr_t)text, n}, {&feed, t->by_line}};
	size_t left = n + t->by_line;

	while (left > 0) {
		struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
		int result = await(t, POLLOUT, deadline_ns, err);

		if (result < 0)
			return result;
		ssize_t sent = sendmsg(t->fd, &message, MSG_NOSIGNAL);
		if (sent < 0)
			return ts_err_set(err, errno, "cannot send: %s", strerror(errno));
		left -= (size_t)sent;
		for (size_t i = 0; i < 2; i++) {
			size_t part = (size_t)sent < parts[i].iov_len ? (size_t)sent : parts[i].iov_len;

			parts[i].iov_base = (char *)parts[i].iov_base + part;
			parts[i].iov_len -= part;
			sent -= (ssize_t)part;
		}
	}
	return 0;
}

int talk_ask(struct talk *t, const char *text, size_t n, int out, struct ts_err *err)
{
	int64_t deadline_ns = ts_clock_mono_ns() + t->timeout_ns;
	int result = send_message(t, text, n, deadline_ns, err);
	bool feed = false;

	if (result < 0)
		return result;
	do {
		ssize_t got = receive(t, deadline_ns, out, &feed, err);

		if (got < 0)
			return (int)got;
		if (got == 0 && t->is_stream)
			return ts_err_set(err, EPIPE, "the server ended the conversation before its reply");
	} while (t->by_line && !feed);
	return feed ? 0 : write_all(out, "\n", 1, err);
}

int talk_end(struct talk *t, int out, struct ts_err *err)
{
	int64_t deadline_ns = ts_clock_mono_ns() + t->timeout_ns;
	bool feed;
	ssize_t got;

	if (!t->is_stream)
		return 0;
	shutdown(t->fd, SHUT_WR);
	do {
		got = receive(t, deadline_ns, out, &feed, err);
	} while (got > 0);
	return (int)got;
}

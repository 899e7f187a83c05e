#include "ts_ready.h"
#include "ts_clock.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t written = write(fd, bytes, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes += written;
		n -= (size_t)written;
	}
	return 0;
}

int ts_ready_write(int fd, const struct ts_endpoint *endpoints, size_t n)
{
	char line[TS_ENDPOINT_TEXT_MAX + 1];
	int r = 0;

	if (fd < 0)
		return 0;
	for (size_t i = 0; i < n && r == 0; i++) {
		size_t n_line = strlen(ts_endpoint_text(&endpoints[i], line, TS_ENDPOINT_TEXT_MAX));

		line[n_line] = '\n';
		r = write_all(fd, line, n_line + 1);
	}
	return r;
}

/* Wait for bytes or the end. 0 or -errno. */
static int wait_readable(int fd, int64_t deadline_ns)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	int64_t left_ns = deadline_ns - ts_clock_mono_ns();
	struct timespec left = {0};
	int n;

	if (left_ns > 0) {
		left.tv_sec = left_ns / TS_S;
		left.tv_nsec = left_ns % TS_S;
	}
	n = ppoll(&wait, 1, &left, NULL);
	if (n < 0)
		return -errno;
	return n == 0 ? -ETIMEDOUT : 0;
}

/* One byte at a time: lines are few and short, and nothing after the last one is taken from the caller's descriptor. */
static int read_line(int fd, char *line, size_t size, int64_t deadline_ns, struct ts_err *err)
{
	size_t n = 0;

	for (;;) {
		int r = wait_readable(fd, deadline_ns);
		ssize_t got = r < 0 ? 0 : read(fd, line + n, 1);

		if (got < 0)
			r = -errno;
		if (r == -EINTR || r == -EAGAIN)
			continue;
		if (r == -ETIMEDOUT)
			return ts_err_set(err, ETIMEDOUT, "the server did not say in time that it is ready");
		if (r < 0)
			return ts_err_set(err, -r, "cannot read the ready line: %s", strerror(-r));
		if (got == 0 && n == 0)
			return 0;
		if (got == 0)
			return ts_err_set(err, EPIPE, "the server ended within its ready line");
		if (line[n] == '\n') {
			line[n] = '\0';
			return (int)n + 1;
		}
		if (++n == size)
			return ts_err_set(err, EMSGSIZE, "the server's ready line is longer than %zu bytes", size - 1);
	}
}

int ts_ready_read(int fd, struct ts_endpoint *endpoints, size_t n_max, long long timeout_ns, struct ts_err *err)
{
	int64_t now_ns = ts_clock_mono_ns();
	int64_t deadline_ns = timeout_ns > INT64_MAX - now_ns ? INT64_MAX : now_ns + timeout_ns;
	char line[TS_ENDPOINT_TEXT_MAX];
	struct ts_err why = {0};
	size_t n = 0;

	for (;;) {
		int r = read_line(fd, line, sizeof line, deadline_ns, err);

		if (r < 0)
			return r;
		if (r == 0)
			break;
		if (n == n_max)
			return ts_err_set(err, EMSGSIZE, "the server says more than %zu ready lines", n_max);
		r = ts_endpoint_parse(&endpoints[n], line, &why);
		if (r < 0) /* the server's fault, not the command line's */
			return ts_err_set(err, -r, "wrong ready line: %s", why.text);
		n++;
	}
	if (n == 0)
		return ts_err_set(err, EPIPE,
		                  "the server closed its ready descriptor without a line: it did not start");
	return (int)n;
}

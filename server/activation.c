#include "activation.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/* The count is to be nothing but digits, or -1 comes back. */
static long number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && n < INT_MAX ? n : -1;
}

int activation_count(struct ts_err *err)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	long n = fds ? number(fds) : 0;

	if (!pid || number(pid) != getpid() || n == 0)
		return 0;
	if (n < 0)
		return ts_err_set(err, EINVAL,
		                  "LISTEN_FDS=%s: must be the number of sockets that were handed over; unset it, or "
		                  "give --listen",
		                  fds);
	if (n > INT_MAX - ACTIVATION_FIRST_FD || fcntl(ACTIVATION_FIRST_FD + (int)n - 1, F_GETFD) < 0)
		return ts_err_set(err, EBADF,
		                  "LISTEN_FDS=%s: descriptor %ld is not open: fewer sockets were handed over", fds,
		                  ACTIVATION_FIRST_FD + n - 1);
	return (int)n;
}

static int option(int fd, int name)
{
	int value = -1;
	socklen_t size = sizeof value;

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0 ? -errno : value;
}

int activation_endpoint(int fd, struct ts_endpoint *ep, struct ts_err *err)
{
	int type = option(fd, SO_TYPE), domain = option(fd, SO_DOMAIN);

	if (type < 0)
		return ts_err_set(err, -type, "LISTEN_FDS: descriptor %d is not a socket", fd);
	if ((type != SOCK_STREAM && type != SOCK_DGRAM) ||
	    (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX))
		return ts_err_set(err, EPROTONOSUPPORT, "LISTEN_FDS: descriptor %d must be a TCP, UDP or UNIX socket",
		                  fd);
	if (type == SOCK_STREAM && option(fd, SO_ACCEPTCONN) != 1)
		return ts_err_set(err, EINVAL, "LISTEN_FDS: descriptor %d does not listen", fd);
	*ep = (struct ts_endpoint){.addr_len = sizeof ep->addr};
	if (domain == AF_UNIX)
		ep->transport = type == SOCK_STREAM ? TS_UNIX : TS_UNIXGRAM;
	else
		ep->transport = type == SOCK_STREAM ? TS_TCP : TS_UDP;
	if (getsockname(fd, (struct sockaddr *)&ep->addr, &ep->addr_len) < 0)
		return ts_err_set(err, errno, "LISTEN_FDS: descriptor %d has no address", fd);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

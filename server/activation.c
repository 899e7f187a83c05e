#include "activation.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static long number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : 0;
}

int activation_count(void)
{
	long n = number("LISTEN_PID") == getpid() ? number("LISTEN_FDS") : 0;

	return n > 0 && n < 1024 ? (int)n : 0;
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

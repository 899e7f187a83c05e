#include "ts_endpoint_host.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_any_port(const struct addrinfo *a)
{
	return ((const struct sockaddr_in *)a->ai_addr)->sin_port == 0; /* at the same place in both families */
}

static bool is_in_use(const struct addrinfo *a)
{
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, 0), on = 1;
	bool in_use;

	if (fd < 0)
		return false;
	if (a->ai_socktype == SOCK_STREAM) /* conversations that have ended do not count */
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	in_use = bind(fd, a->ai_addr, a->ai_addrlen) < 0 && errno == EADDRINUSE;
	close(fd);
	return in_use;
}

static bool is_loopback6(const struct addrinfo *a)
{
	return a->ai_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a->ai_addr)->sin6_addr);
}

const struct addrinfo *ts_endpoint_in_use(const struct addrinfo *found)
{
	const struct addrinfo *a = found;

	while (a != NULL && (is_any_port(a) || !is_in_use(a)))
		a = a->ai_next;
	return a;
}

const struct addrinfo *ts_endpoint_choose(const struct addrinfo *found)
{
	const struct addrinfo *a;

	if (found->ai_next == NULL)
		return found;
	a = ts_endpoint_in_use(found);
	if (a != NULL)
		return a;
	for (a = found; a != NULL && is_loopback6(found); a = a->ai_next)
		if (a->ai_family == AF_INET)
			return a;
	return found;
}

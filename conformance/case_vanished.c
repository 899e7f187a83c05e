/*
 * Datagrams from clients that their replies do not reach.
 *
 * To close a socket before the reply comes is a race. These clients are out of reach from the start: an internet socket
 * that is connected elsewhere takes nothing from the server, and the kernel answers for it as for a closed port; a UNIX
 * path whose socket was closed is still there, and refuses.
 */
#include "cases.h"
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Connected to itself: it can still send to others. */
static int out_of_reach_inet(const struct ts_endpoint *ep)
{
	struct sockaddr_storage own = {.ss_family = ep->addr.ss_family};
	struct sockaddr_in *v4 = (void *)&own;
	socklen_t n = ep->addr_len;
	int fd = socket(own.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (own.ss_family == AF_INET)
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)(void *)&own)->sin6_addr = in6addr_loopback;
	if (fd >= 0 && bind(fd, (struct sockaddr *)&own, n) == 0 && getsockname(fd, (struct sockaddr *)&own, &n) == 0 &&
	    connect(fd, (struct sockaddr *)&own, n) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int bound(const struct sockaddr_un *un)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)un, sizeof(*un)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Its path is taken by another socket, which is closed. */
static int out_of_reach_unix(const char *folder)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	snprintf(un.sun_path, sizeof(un.sun_path), "%s/client", folder);
	int fd = bound(&un);
	unlink(un.sun_path);
	int other = bound(&un);
	if (other >= 0)
		close(other);
	return fd;
}

static void send_from(struct turn *t, int fd, int n)
{
	const struct ts_endpoint *ep = &t->subject->endpoint;

	if (fd < 0) {
		turn_fail(t, OURSELVES, "cannot make a client that is out of reach");
		return;
	}
	for (int i = 0; i < n; i++)
		sendto(fd, "abcdef", 6, MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)&ep->addr, ep->addr_len);
	close(fd);
}

/* Gone as soon as its datagrams are sent: the usual way. */
static void burst_and_go(struct turn *t)
{
	struct dgram *d = dgram_open(t);

	if (d)
		send_from(t, dup(d->fd), 10);
	dgram_free(d);
}

static void from_unix(struct turn *t)
{
	char folder[] = "/tmp/tsconform-XXXXXX", path[64];

	if (!mkdtemp(folder)) {
		turn_fail(t, OURSELVES, "cannot make a folder in /tmp");
		return;
	}
	snprintf(path, sizeof(path), "%s/client", folder);
	send_from(t, out_of_reach_unix(folder), 3);
	turn_plain(t); /* by now the server has answered, or tried to */
	unlink(path);
	rmdir(folder);
}

void case_datagram_vanished_client(struct turn *t)
{
	bool is_unix = t->subject->endpoint.addr.ss_family == AF_UNIX;

	if (is_unix)
		from_unix(t);
	else
		send_from(t, out_of_reach_inet(&t->subject->endpoint), 3);
	burst_and_go(t);
}

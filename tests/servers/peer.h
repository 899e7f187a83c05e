/*
 * What every test server in C shares: its endpoint, its ready line, its bounds, its arguments. libc alone, header
 * alone.
 *
 * A test server listens on the URI of --listen (tcp://HOST:PORT with a numeric host, udp://..., unix:PATH,
 * unixgram:PATH, unix:@NAME; port 0 asks for a free port), and prints one line, the URI with its real port, once it
 * accepts: on --ready-fd, which is then closed, or else on standard output. It ends with its parent, and after ten
 * minutes in any case. Errors: one line on standard error and exit 2 (usage) or 3 (environment). No state; one thread
 * at start-up.
 */
#ifndef PEER_H
#define PEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PEER_LIFE_S 600
#define PEER_BUFFER 65536 /* bytes of one receive: the largest datagram fits */

struct peer_endpoint {
	int family, type;
	socklen_t addr_len;
	struct sockaddr_storage addr;
};

static inline void __attribute__((noreturn, format(printf, 2, 3))) peer_die(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(status);
}

/* The value of "--name=value" when `arg` is that option, else NULL. */
static inline const char *peer_value(const char *arg, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(arg, name, n) && arg[n] == '=' ? arg + n + 1 : NULL;
}

static inline void peer_bound_life(void)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	alarm(PEER_LIFE_S);
}

static inline long long peer_now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static inline void peer_parse_unix(struct peer_endpoint *ep, int type, const char *path)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&ep->addr;
	size_t n = strlen(path);

	if (!n || n >= sizeof(un->sun_path))
		peer_die(2, "path %s: 1 to %zu bytes", path, sizeof(un->sun_path) - 1);
	ep->family = un->sun_family = AF_UNIX;
	ep->type = type;
	memcpy(un->sun_path, path, n);
	if (path[0] == '@')
		un->sun_path[0] = 0;
	ep->addr_len = offsetof(struct sockaddr_un, sun_path) + n + (path[0] != '@');
}

static inline void peer_parse_inet(struct peer_endpoint *ep, int type, const char *place)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&ep->addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ep->addr;
	char host[64] = "127.0.0.1";
	int port = 0;

	ep->type = type;
	if (sscanf(place, "[%63[^]]]:%d", host, &port) == 2 && inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		ep->family = in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		ep->addr_len = sizeof(*in6);
	} else if (sscanf(place, "%63[^:]:%d", host, &port) == 2 && inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		ep->family = in->sin_family = AF_INET;
		in->sin_port = htons(port);
		ep->addr_len = sizeof(*in);
	} else {
		peer_die(2, "address %s: HOST:PORT with a numeric host, such as 127.0.0.1:0", place);
	}
}

static inline void peer_parse(struct peer_endpoint *ep, const char *uri)
{
	memset(ep, 0, sizeof(*ep));
	if (!strncmp(uri, "tcp://", 6))
		peer_parse_inet(ep, SOCK_STREAM, uri + 6);
	else if (!strncmp(uri, "udp://", 6))
		peer_parse_inet(ep, SOCK_DGRAM, uri + 6);
	else if (!strncmp(uri, "unix:", 5))
		peer_parse_unix(ep, SOCK_STREAM, uri + 5);
	else if (!strncmp(uri, "unixgram:", 9))
		peer_parse_unix(ep, SOCK_DGRAM, uri + 9);
	else
		peer_die(2, "endpoint %s: tcp://HOST:PORT, udp://HOST:PORT, unix:PATH or unixgram:PATH", uri);
}

/* The path to remove at the end, or NULL. */
static inline const char *peer_path(const struct peer_endpoint *ep)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&ep->addr;

	return ep->family == AF_UNIX && un->sun_path[0] ? un->sun_path : NULL;
}

/* Is a UNIX path in use? A stale one refuses, and may be taken over. */
static inline int peer_path_lives(const struct peer_endpoint *ep)
{
	int fd = socket(AF_UNIX, ep->type | SOCK_CLOEXEC, 0);
	int lives = connect(fd, (const struct sockaddr *)&ep->addr, ep->addr_len) == 0;

	close(fd);
	return lives;
}

/* A socket for the endpoint, with SO_REUSEADDR on TCP; dies on errors. */
static inline int peer_socket(const struct peer_endpoint *ep, int flags)
{
	int fd = socket(ep->family, ep->type | SOCK_CLOEXEC | flags, 0), on = 1;

	if (fd < 0)
		peer_die(3, "socket: %s", strerror(errno));
	if (ep->family != AF_UNIX && ep->type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return fd;
}

/* Bind, and listen on a stream; a stale path is taken over; `ep` then holds the real port. Returns 0 or -errno. */
static inline int peer_bind(struct peer_endpoint *ep, int fd)
{
	if (peer_path(ep) && !peer_path_lives(ep))
		unlink(peer_path(ep));
	if (bind(fd, (struct sockaddr *)&ep->addr, ep->addr_len) < 0)
		return -errno;
	if (ep->type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0)
		return -errno;
	getsockname(fd, (struct sockaddr *)&ep->addr, &ep->addr_len);
	return 0;
}

/* Both; dies on errors. */
static inline int peer_listen(struct peer_endpoint *ep, int flags)
{
	int fd = peer_socket(ep, flags), error = peer_bind(ep, fd);

	if (error)
		peer_die(3, "cannot listen: %s", strerror(-error));
	return fd;
}

/* Write the ready line to ready_fd and close it; ready_fd < 0: to standard output. */
static inline void peer_ready(int ready_fd, const struct peer_endpoint *ep)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&ep->addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&ep->addr;
	const struct sockaddr_un *un = (const struct sockaddr_un *)&ep->addr;
	int fd = ready_fd < 0 ? STDOUT_FILENO : ready_fd;
	char host[64] = "";

	if (ep->family == AF_UNIX && un->sun_path[0])
		dprintf(fd, "%s:%s\n", ep->type == SOCK_STREAM ? "unix" : "unixgram", un->sun_path);
	else if (ep->family == AF_UNIX)
		dprintf(fd, "%s:@%.*s\n", ep->type == SOCK_STREAM ? "unix" : "unixgram",
		        (int)(ep->addr_len - offsetof(struct sockaddr_un, sun_path) - 1), un->sun_path + 1);
	else if (ep->family == AF_INET)
		dprintf(fd, "%s://%s:%d\n", ep->type == SOCK_STREAM ? "tcp" : "udp",
		        inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host)), ntohs(in->sin_port));
	else
		dprintf(fd, "%s://[%s]:%d\n", ep->type == SOCK_STREAM ? "tcp" : "udp",
		        inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host)), ntohs(in6->sin6_port));
	if (ready_fd >= 0)
		close(ready_fd);
}

/* Bytes that grow. Zeroed at first; released with free(text.p). */
struct peer_text {
	char *p;
	size_t n, size;
};

static inline void peer_add(struct peer_text *text, const void *bytes, size_t n)
{
	if (text->n + n > text->size) {
		text->size = (text->n + n) * 2;
		text->p = realloc(text->p, text->size);
		if (!text->p)
			peer_die(3, "out of memory");
	}
	if (n)
		memcpy(text->p + text->n, bytes, n);
	text->n += n;
}

static inline void peer_add_text(struct peer_text *text, const char *string)
{
	peer_add(text, string, strlen(string));
}

#endif

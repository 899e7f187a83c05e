/*
 * Sockets of endpoints: listen and connect.
 *
 * Odd: a UNIX path outlives its socket, and bind(2) then says EADDRINUSE although nobody listens. So the path is asked
 * by a connect of a third type (SOCK_SEQPACKET): a stale path refuses it, a live one of any kind says EPROTOTYPE, and
 * the server that lives there never sees a conversation. Only a socket is ever removed.
 */
#include "ts_clock.h"
#include "ts_endpoint.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int socket_type(const struct ts_endpoint *ep)
{
	return ts_transport_is_stream(ep->transport) ? SOCK_STREAM : SOCK_DGRAM;
}

static void turn_on(int fd, int level, int option)
{
	int one = 1;

	setsockopt(fd, level, option, &one, sizeof one);
}

const char *ts_endpoint_path(const struct ts_endpoint *ep)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&ep->addr;

	return ep->addr.ss_family == AF_UNIX && un->sun_path[0] != '\0' ? un->sun_path : NULL;
}

void ts_endpoint_remove(const struct ts_endpoint *ep)
{
	const char *path = ts_endpoint_path(ep);
	struct stat st;

	if (path != NULL && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
}

struct ts_endpoint_file ts_endpoint_file(const struct ts_endpoint *ep)
{
	const char *path = ts_endpoint_path(ep);
	struct stat st;

	if (path == NULL || lstat(path, &st) < 0)
		return (struct ts_endpoint_file){0};
	return (struct ts_endpoint_file){.device = st.st_dev, .inode = st.st_ino};
}

void ts_endpoint_remove_own(const struct ts_endpoint *ep, const struct ts_endpoint_file *own)
{
	struct ts_endpoint_file now = ts_endpoint_file(ep);

	if (now.device == own->device && now.inode == own->inode)
		ts_endpoint_remove(ep);
}

/* --- what to say ----------------------------------------------------------------------------------------------- */

const char *ts_endpoint_advice(const struct ts_endpoint *ep, int error, bool listens)
{
	const bool inet = ep->addr.ss_family != AF_UNIX;

	switch (error) {
	case EADDRINUSE:
		return inet ? "; stop the other server, or choose another port (0 finds a free one)"
		            : "; stop the other server, or choose another path";
	case EADDRNOTAVAIL: return "; choose an address of this machine";
	case EACCES:
	case EPERM:
		if (!listens)
			return inet ? "; a firewall may forbid it" : "; its owner must let you write to it";
		return inet ? "; choose a port above 1023" : "; choose a path that you may write to";
	case ENOENT: return "; make its directory, or start the server first";
	case ECONNREFUSED: return inet ? "; start the server, or check the port" : "; start the server";
	case ETIMEDOUT: return "; check the address, or allow more time";
	case EMFILE:
	case ENFILE: return TS_ERR_MORE_FILES;
	case EAFNOSUPPORT: return "; this machine lacks that kind of address";
	case EPROTOTYPE: return "; the path is of the other kind: unix is a stream, unixgram takes datagrams";
	case ENOTSOCK: return "; choose another path, or remove the file";
	case EINVAL: return inet ? "; an address of one link needs its interface, as in [fe80::1%eth0]" : "";
	default: return "";
	}
}

static const char *reason(int error)
{
	return error == ENOTSOCK ? "there is a file that is no socket" : strerror(error);
}

static int fail(struct ts_err *err, const struct ts_endpoint *ep, bool listens, int error)
{
	char uri[TS_ENDPOINT_TEXT_MAX];

	return ts_err_set(err, error, "%s: cannot %s: %s%s", ts_endpoint_text(ep, uri, sizeof uri),
	                  listens ? "listen" : "connect", reason(error), ts_endpoint_advice(ep, error, listens));
}

/* --- listen ---------------------------------------------------------------------------------------------------- */

/* Whether a path that is in use may be taken over: 0 when it is stale and was removed, or what is in the way. */
static int remove_stale(const struct ts_endpoint *ep)
{
	const char *path = ts_endpoint_path(ep);
	struct stat st;
	int fd, error;

	if (path == NULL || lstat(path, &st) < 0)
		return -EADDRINUSE;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = connect(fd, (const struct sockaddr *)&ep->addr, ep->addr_len) < 0 ? errno : 0;
	close(fd);
	if (error != ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

static int bind_name(int fd, const struct ts_endpoint *ep)
{
	int r;

	if (bind(fd, (const struct sockaddr *)&ep->addr, ep->addr_len) == 0)
		return 0;
	if (errno != EADDRINUSE || ep->addr.ss_family != AF_UNIX)
		return -errno;
	r = remove_stale(ep);
	if (r < 0)
		return r;
	return bind(fd, (const struct sockaddr *)&ep->addr, ep->addr_len) < 0 ? -errno : 0;
}

static void set_listen_options(int fd, const struct ts_endpoint *ep, const struct ts_listen *options)
{
	int off = 0;

	if (ep->transport == TS_TCP)
		turn_on(fd, SOL_SOCKET, SO_REUSEADDR);
	if (options->reuse_port && ep->addr.ss_family != AF_UNIX)
		turn_on(fd, SOL_SOCKET, SO_REUSEPORT);
	if (ep->addr.ss_family == AF_INET6) /* [::] serves IPv4 callers, too */
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
}

int ts_endpoint_listen(struct ts_endpoint *ep, const struct ts_listen *options, struct ts_err *err)
{
	socklen_t len = sizeof ep->addr;
	int fd, r;

	fd = socket(ep->addr.ss_family, socket_type(ep) | SOCK_CLOEXEC | options->sock_flags, 0);
	if (fd < 0)
		return fail(err, ep, true, errno);
	set_listen_options(fd, ep, options);
	r = bind_name(fd, ep);
	if (r < 0)
		goto close_socket;
	if (ts_transport_is_stream(ep->transport) && !options->only_bind &&
	    listen(fd, options->backlog > 0 ? options->backlog : SOMAXCONN) < 0) {
		r = -errno;
		goto close_socket;
	}
	if (ep->addr.ss_family != AF_UNIX)
		getsockname(fd, (struct sockaddr *)&ep->addr, &len);
	return fd;

close_socket:
	close(fd);
	return fail(err, ep, true, -r);
}

/* --- connect --------------------------------------------------------------------------------------------------- */

int ts_endpoint_socket(const struct ts_endpoint *ep, int sock_flags)
{
	/* Binding to a bare family asks for an automatic abstract name: unix(7), "Autobind feature". */
	const struct sockaddr_un automatic = {.sun_family = AF_UNIX};
	int fd = socket(ep->addr.ss_family, socket_type(ep) | SOCK_CLOEXEC | sock_flags, 0);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (ep->transport == TS_TCP)
		turn_on(fd, IPPROTO_TCP, TCP_NODELAY);
	if (ep->transport == TS_UNIXGRAM)
		r = bind(fd, (const struct sockaddr *)&automatic, sizeof automatic.sun_family);
	if (r < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

/* Wait until a connect under way has ended. 0 or a positive errno. */
static int wait_connected(int fd, int64_t deadline_ns)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	socklen_t len = sizeof(int);
	int error = 0, n;

	do {
		int64_t left_ns = deadline_ns - ts_clock_mono_ns();
		struct timespec left = {0};

		if (left_ns > 0) {
			left.tv_sec = left_ns / TS_S;
			left.tv_nsec = left_ns % TS_S;
		}
		n = ppoll(&wait, 1, &left, NULL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno;
	if (n == 0)
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

/* A UNIX stream whose queue is full says EAGAIN and has no event to wait for: ask again each millisecond. */
static int connect_until(int fd, const struct ts_endpoint *ep, int64_t deadline_ns)
{
	while (connect(fd, (const struct sockaddr *)&ep->addr, ep->addr_len) < 0) {
		int64_t now_ns = ts_clock_mono_ns();

		if (errno == EINPROGRESS)
			return wait_connected(fd, deadline_ns);
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN || ep->addr.ss_family != AF_UNIX)
			return errno;
		if (now_ns >= deadline_ns)
			return ETIMEDOUT;
		ts_clock_sleep_until(now_ns + TS_MS < deadline_ns ? now_ns + TS_MS : deadline_ns);
	}
	return 0;
}

int ts_endpoint_connect(const struct ts_endpoint *ep, int sock_flags, long long timeout_ns, struct ts_err *err)
{
	int64_t now_ns = ts_clock_mono_ns();
	int64_t deadline_ns = timeout_ns > INT64_MAX - now_ns ? INT64_MAX : now_ns + timeout_ns;
	int fd = ts_endpoint_socket(ep, sock_flags | SOCK_NONBLOCK);
	int error;

	if (fd < 0)
		return fail(err, ep, false, -fd);
	error = connect_until(fd, ep, deadline_ns);
	if (error == 0 && !(sock_flags & SOCK_NONBLOCK)) {
		int flags = fcntl(fd, F_GETFL);
		if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
			error = errno;
	}
	if (error != 0) {
		close(fd);
		return fail(err, ep, false, error);
	}
	return fd;
}

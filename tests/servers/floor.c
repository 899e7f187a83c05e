/*
 * The floor of the benchmark: the least that a timestamp server on epoll can do. One receive call, one send, the text
 * of the time made once a second. No options, no limits, no time-outs; a reply that does not fit into the socket's
 * buffer is cut. Not a server to use: what others cost beyond it is what they do more.
 *
 *   floor [FD [udp]]   serves on a free port of 127.0.0.1 and writes its URI to FD (default 1), which is then closed
 *   floor FD PATH      the same on a UNIX stream socket
 *
 * For datagrams: blocking, one receive call and one send for each.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define STAMP  26 /* "[Sun Nov 22 10:30:00 2026]" */
#define EVENTS 256

struct stamp {
	time_t second;
	char text[STAMP + 2];
};

static const char *stamp_now(struct stamp *s)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != s->second) {
		struct tm tm;

		s->second = now.tv_sec;
		localtime_r(&s->second, &tm);
		strftime(s->text, sizeof s->text, "[%a %b %e %H:%M:%S %Y]", &tm);
	}
	return s->text;
}

/* A socket on a free port, and word of it. */
static int serve_anywhere(int type, const char *scheme, int ready_fd)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof addr;
	int fd = socket(AF_INET, type, 0), on = 1;

	if (type & SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || (type & SOCK_STREAM && listen(fd, SOMAXCONN) < 0))
		return -1;
	getsockname(fd, (struct sockaddr *)&addr, &size);
	dprintf(ready_fd, "%s://127.0.0.1:%d\n", scheme, ntohs(addr.sin_port));
	close(ready_fd);
	return fd;
}

/* The same at a path, which nobody else uses. */
static int serve_path(const char *path, int ready_fd)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(fd, SOMAXCONN) < 0)
		return -1;
	dprintf(ready_fd, "unix:%s\n", path);
	close(ready_fd);
	return fd;
}

static void accept_all(int epoll_fd, int listen_fd)
{
	int fd;

	while ((fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e);
	}
}

static void answer(int fd, char *buffer, size_t size, struct stamp *stamp)
{
	ssize_t n = recv(fd, buffer + STAMP, size - STAMP, 0);

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			close(fd);
		return;
	}
	memcpy(buffer, stamp_now(stamp), STAMP);
	send(fd, buffer, (size_t)n + STAMP, MSG_NOSIGNAL);
}

static int serve_datagrams(int ready_fd)
{
	char buffer[65536 + STAMP];
	struct stamp stamp = {0};
	int fd = serve_anywhere(SOCK_DGRAM, "udp", ready_fd);

	if (fd < 0)
		return 3;
	for (;;) {
		struct sockaddr_in from;
		socklen_t size = sizeof from;
		ssize_t n = recvfrom(fd, buffer + STAMP, sizeof buffer - STAMP, 0, (struct sockaddr *)&from, &size);

		if (n < 0)
			continue;
		memcpy(buffer, stamp_now(&stamp), STAMP);
		sendto(fd, buffer, (size_t)n + STAMP, 0, (struct sockaddr *)&from, size);
	}
}

static int serve_streams(const char *path, int ready_fd)
{
	char buffer[65536 + STAMP];
	struct epoll_event events[EVENTS];
	struct epoll_event e = {.events = EPOLLIN};
	struct stamp stamp = {0};
	int epoll_fd = epoll_create1(0);
	int listen_fd =
	        path ? serve_path(path, ready_fd) : serve_anywhere(SOCK_STREAM | SOCK_NONBLOCK, "tcp", ready_fd);

	if (listen_fd < 0)
		return 3;
	e.data.fd = listen_fd;
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listen_fd, &e);
	for (;;) {
		int n = epoll_wait(epoll_fd, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listen_fd)
				accept_all(epoll_fd, listen_fd);
			else
				answer(events[i].data.fd, buffer, sizeof buffer, &stamp);
		}
	}
}

int main(int argc, char **argv)
{
	int ready_fd = argc > 1 ? atoi(argv[1]) : 1;
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (argc > 2 && strcmp(argv[2], "udp") == 0)
		return serve_datagrams(ready_fd);
	return serve_streams(argc > 2 ? argv[2] : NULL, ready_fd);
}

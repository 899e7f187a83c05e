/*
 * The floor for HTTP generators: what floor.c is for timestamps. One receive, one send of a fixed reply of 90 bytes,
 * the size of a reply to 64 bytes there. It does not read the request: whatever one receive brought is one. Not a
 * server to use.
 *
 *   floor_http   listens on a free port of 127.0.0.1 and prints its URI (tcp://127.0.0.1:PORT)
 */
#include "peer.h"
#include <sys/epoll.h>
#include <sys/resource.h>

#define EVENTS 256

static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 25\r\n\r\n"
                            "Sun Nov 22 10:30:00 2026\n";

static void accept_all(int epoll_fd, int listen_fd)
{
	int fd, on = 1;

	while ((fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e);
	}
}

static void answer(int fd)
{
	char in[4096];
	ssize_t n = recv(fd, in, sizeof(in), 0);

	if (n > 0)
		send(fd, reply, sizeof(reply) - 1, MSG_NOSIGNAL);
	else if (n == 0 || errno != EAGAIN)
		close(fd);
}

int main(void)
{
	struct epoll_event events[EVENTS], e = {.events = EPOLLIN};
	struct peer_endpoint ep;
	struct rlimit files;
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC), listen_fd;

	peer_bound_life();
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	peer_parse(&ep, "tcp://127.0.0.1:0");
	listen_fd = peer_listen(&ep, SOCK_NONBLOCK);
	e.data.fd = listen_fd;
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listen_fd, &e);
	peer_ready(-1, &ep);
	for (;;) {
		int n = epoll_wait(epoll_fd, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listen_fd)
				accept_all(epoll_fd, listen_fd);
			else
				answer(events[i].data.fd);
		}
	}
}

/*
 * epoll(7), level-triggered: the kernel keeps the list, and tells only of those that are ready, as long as they are.
 *
 * What is odd about it: interest is a thing in the kernel, changed by one system call for each descriptor (a client
 * costs one epoll_ctl in its life, and two more for each time its socket is full). The kernel keeps a pointer of ours
 * with each, and hands it back. Closing the last descriptor of a socket ends the interest by itself, so it is not taken
 * back first. Where several processes wait for one listening socket, EPOLLEXCLUSIVE wakes one instead of all. The calls
 * are in epoll_loop.c. See epoll(7), epoll_ctl(2).
 */
#include "epoll_loop.h"
#include <sys/epoll.h>

static uint32_t events_of(const struct source *s)
{
	return (s->want & WANT_READ ? EPOLLIN : 0u) | (s->want & WANT_WRITE ? EPOLLOUT : 0u) |
	       (s->kind == SOURCE_LISTENER ? EPOLLEXCLUSIVE : 0u);
}

const struct epoll_manner epoll_level = {.events_of = events_of};

int mode_epoll(struct server *server)
{
	return epoll_mode_run(server, &epoll_level);
}

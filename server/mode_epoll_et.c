/*
 * epoll(7), edge-triggered: told once, when something begins to be ready, and not again until something new happens.
 *
 * What is odd about it: forgetting to read on is a client lost for ever, as nothing is said twice. So: read until
 * nothing is there. A receive call that did not fill its buffer has emptied the queue (epoll(7) says so of streams),
 * which saves the call that would only return EAGAIN; the end of file is not data, so EPOLLRDHUP is asked for, and then
 * one reads on. In return a conversation needs one epoll_ctl in its whole life: both directions are registered from the
 * start. A client that always has more would keep all others waiting: after some rounds EPOLL_CTL_MOD makes the kernel
 * tell of it again, behind the others. Listening sockets stay level-triggered: a queue that is too long for one turn is
 * told again. See epoll(7), "Questions and answers".
 */
#include "epoll_loop.h"
#include <sys/epoll.h>

static uint32_t events_of(const struct source *s)
{
	if (s->kind == SOURCE_CONN)
		return EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
	if (s->want)
		return EPOLLIN | (s->kind == SOURCE_LISTENER ? EPOLLEXCLUSIVE : 0u);
	return 0;
}

int mode_epoll_et(struct server *server)
{
	static const struct epoll_manner manner = {.events_of = events_of, .edge = true};

	return epoll_mode_run(server, &manner);
}

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
#include "loop.h"
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 256

struct poller {
	struct loop loop; /* first */
	int epoll_fd;
};

static int control(struct loop *loop, int what, struct source *s)
{
	struct epoll_event e = {.data.ptr = s};

	if (s->kind == SOURCE_CONN)
		e.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
	else if (s->want)
		e.events = EPOLLIN | (s->kind == SOURCE_LISTENER ? EPOLLEXCLUSIVE : 0u);
	count(loop->worker->counters, COUNT_CALL_CONTROL, 1);
	return epoll_ctl(((struct poller *)loop)->epoll_fd, what, s->fd, &e) < 0 ? -errno : 0;
}

static int add(struct loop *loop, struct source *s)
{
	return control(loop, EPOLL_CTL_ADD, s);
}

/* EPOLLEXCLUSIVE can be given when the interest is made, and not changed afterwards: so it is made anew. */
static int change(struct loop *loop, struct source *s)
{
	if (s->kind != SOURCE_LISTENER)
		return control(loop, EPOLL_CTL_MOD, s);
	epoll_ctl(((struct poller *)loop)->epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
	return s->want ? control(loop, EPOLL_CTL_ADD, s) : 0;
}

static void drop(struct loop *loop, struct source *s)
{
	(void)loop;
	(void)s; /* its descriptor is closed next */
}

static int wait(struct loop *loop, int64_t timeout_ns)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(((struct poller *)loop)->epoll_fd, events, EVENTS, loop_timeout_ms(timeout_ns));

	if (n < 0 && errno != EINTR)
		return -errno;
	loop_woke(loop, n);
	for (int i = 0; i < n; i++) {
		uint32_t got = events[i].events;

		if (i + 1 < n)
			loop_soon(events[i + 1].data.ptr);
		loop_ready(loop, events[i].data.ptr,
		           (got & EPOLLIN ? READY_READ : 0u) | (got & EPOLLOUT ? READY_WRITE : 0u) |
		                   (got & (EPOLLERR | EPOLLHUP | EPOLLRDHUP) ? READY_END : 0u));
	}
	return 0;
}

int mode_epoll_et(struct server *server)
{
	static const struct loop_ops ops = {.add = add, .change = change, .remove = drop, .wait = wait, .edge = true};
	struct poller p = {.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
	struct worker w;
	int rc;

	if (p.epoll_fd < 0)
		return -errno;
	rc = worker_init(&w, server, server->child_index);
	if (rc == 0) {
		rc = loop_run(&p.loop, &w, &ops, server->stop.signal_fd);
		worker_release(&w);
	}
	close(p.epoll_fd);
	return rc;
}

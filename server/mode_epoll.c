/*
 * epoll(7), level-triggered: the kernel keeps the list, and tells only of those that are ready, as long as they are.
 *
 * What is odd about it: interest is a thing in the kernel, changed by one system call for each descriptor (a client
 * costs one epoll_ctl in its life, and two more for each time its socket is full). The kernel keeps a pointer of ours
 * with each, and hands it back. Closing the last descriptor of a socket ends the interest by itself, so it is not taken
 * back first. Where several processes wait for one listening socket, EPOLLEXCLUSIVE wakes one instead of all. See
 * epoll(7), epoll_ctl(2).
 */
#include "epoll_loop.h"
#include "loop.h"
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 256 /* told of at one wake-up */

struct poller {
	struct loop loop; /* first */
	int epoll_fd;
};

static int control(struct loop *loop, int what, struct source *s)
{
	struct epoll_event e = {.data.ptr = s};

	if (s->want & WANT_READ)
		e.events |= EPOLLIN;
	if (s->want & WANT_WRITE)
		e.events |= EPOLLOUT;
	if (s->kind == SOURCE_LISTENER)
		e.events |= EPOLLEXCLUSIVE;
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
		                   (got & (EPOLLERR | EPOLLHUP) ? READY_END : 0u));
	}
	return 0;
}

int epoll_loop_run(struct worker *w, int epoll_fd, int stop_fd)
{
	static const struct loop_ops ops = {.add = add, .change = change, .remove = drop, .wait = wait};
	struct poller p = {.epoll_fd = epoll_fd};

	return loop_run(&p.loop, w, &ops, stop_fd);
}

int mode_epoll(struct server *server)
{
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct worker w;
	int rc;

	if (epoll_fd < 0)
		return -errno;
	rc = worker_init(&w, server, server->child_index);
	if (rc == 0) {
		rc = epoll_loop_run(&w, epoll_fd, server->stop.signal_fd);
		worker_release(&w);
	}
	close(epoll_fd);
	return rc;
}

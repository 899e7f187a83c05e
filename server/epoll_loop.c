#include "epoll_loop.h"
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 256 /* told of at one wake-up */

struct poller {
	struct loop loop; /* first */
	const struct epoll_manner *manner;
	int epoll_fd;
};

static int control(struct loop *loop, int what, struct source *s)
{
	struct poller *p = (struct poller *)loop;
	struct epoll_event e = {.events = p->manner->events_of(s), .data.ptr = s};

	count(loop->worker->counters, COUNT_CALL_CONTROL, 1);
	return epoll_ctl(p->epoll_fd, what, s->fd, &e) < 0 ? -errno : 0;
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
	control(loop, EPOLL_CTL_DEL, s); /* it is watched, or it is not: either will do */
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

int epoll_loop_run(struct worker *w, int epoll_fd, int stop_fd, const struct epoll_manner *manner)
{
	static const struct loop_ops level = {.add = add, .change = change, .remove = drop, .wait = wait};
	static const struct loop_ops edge = {.add = add, .change = change, .remove = drop, .wait = wait, .edge = true};
	struct poller p = {.manner = manner, .epoll_fd = epoll_fd};

	return loop_run(&p.loop, w, manner->edge ? &edge : &level, stop_fd);
}

int epoll_mode_run(struct server *server, const struct epoll_manner *manner)
{
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct worker w;
	int rc;

	if (epoll_fd < 0)
		return -errno;
	rc = worker_init(&w, server, server->child_index);
	if (rc == 0) {
		rc = epoll_loop_run(&w, epoll_fd, server->stop.signal_fd, manner);
		worker_release(&w);
	}
	close(epoll_fd);
	return rc;
}

/*
 * One event loop of libev, over epoll. (Left to itself, libev 4.33 may take io_uring where the kernel has it: its
 * backend of that time fails an assertion on kernels of today.)
 *
 * What is odd about it: libev turns the program inside out. It calls back, for each watcher, and the watcher is our
 * memory: it must stay where it is while it is started. A change of interest is not told to the kernel at once but
 * before the next wait, so that starting and stopping the same watcher costs no system call. libev's time is the time
 * of the last wake-up, in doubles of seconds. It does not tell which watcher is the next, so all are noted first and
 * then served (loop_soon()): thousands of watchers lie all over the memory, and so are fetched side by side. Without
 * memory it ends the process: ev_reserve.h is there for that. What the kernel refuses to watch is told of with
 * EV_ERROR, but not why, and only after a wait: so after changes it does not sleep. A wait that fails ends the process.
 * The hooks for locks, just before and after the wait, see errno in both cases. See ev(3). The loop of loop.h drives it
 * one turn at a time (EVRUN_ONCE).
 */
#include "ev_reserve.h"
#include "loop.h"
#include "ts_clock.h"
#include <errno.h>
#include <ev.h>
#include <stdlib.h>

#define TOLD 256 /* served together */

struct libev {
	struct loop loop; /* first */
	struct ev_loop *ev;
	ev_timer timer; /* its only task is to end the wait */
	struct told {
		struct source *source;
		unsigned ready;
		bool failed; /* it is watched no longer */
	} told[TOLD];        /* ready, and not served yet */
	int n_told;
	bool woke, has_changes;      /* that the kernel has not been told of */
	int watch_error, wait_error; /* of this turn: why a descriptor cannot be watched, why the wait failed; 0 */
};

/* 0, or -errno when the server cannot go on. */
static int serve_told(struct libev *l)
{
	int rc = 0;

	for (int i = 0; i < l->n_told; i++) {
		struct told *t = &l->told[i];

		if (i + 1 < l->n_told)
			loop_soon(t[1].source);
		if (!t->failed)
			loop_ready(&l->loop, t->source, t->ready);
		else if (rc == 0)
			rc = loop_unwatched(&l->loop, t->source, l->watch_error);
	}
	l->n_told = 0;
	return rc;
}

static void on_ready(struct ev_loop *ev, ev_io *io, int events)
{
	struct libev *l = ev_userdata(ev);
	int rc;

	if (!l->woke)
		loop_woke(&l->loop, 1);
	l->woke = true;
	if (l->n_told == TOLD && (rc = serve_told(l)) < 0)
		l->wait_error = -rc;
	l->told[l->n_told++] = (struct told){
	        .source = io->data,
	        .ready = (events & EV_READ ? READY_READ : 0u) | (events & EV_WRITE ? READY_WRITE : 0u),
	        .failed = events & EV_ERROR,
	};
}

static void before_wait(struct ev_loop *ev)
{
	struct libev *l = ev_userdata(ev);

	l->watch_error = errno;
	errno = 0;
}

/* An interruption is the one error that libev lives with. */
static void after_wait(struct ev_loop *ev)
{
	struct libev *l = ev_userdata(ev);

	if (errno != 0 && errno != EINTR) {
		l->wait_error = errno;
		errno = EINTR;
	}
}

static void on_time(struct ev_loop *ev, ev_timer *timer, int events)
{
	(void)events;
	ev_timer_stop(ev, timer);
}

static int events_of(const struct source *s)
{
	return (s->want & WANT_READ ? EV_READ : 0) | (s->want & WANT_WRITE ? EV_WRITE : 0);
}

static int add(struct loop *loop, struct source *s)
{
	struct libev *l = (struct libev *)loop;
	ev_io *io = ev_reserve_fill(loop->n_open + loop->n_ports + 1) == 0 ? malloc(sizeof *io) : NULL;

	if (!io)
		return -ENOMEM;
	ev_io_init(io, on_ready, s->fd, events_of(s));
	io->data = s;
	s->watch = io;
	l->has_changes = true;
	ev_io_start(l->ev, io);
	return 0;
}

static int change(struct loop *loop, struct source *s)
{
	struct libev *l = (struct libev *)loop;
	ev_io *io = s->watch;

	ev_io_stop(l->ev, io);
	ev_io_set(io, s->fd, events_of(s));
	if (s->want) {
		l->has_changes = true;
		ev_io_start(l->ev, io);
	}
	return 0;
}

static void drop(struct loop *loop, struct source *s)
{
	ev_io_stop(((struct libev *)loop)->ev, s->watch);
	free(s->watch);
}

static int turn(struct loop *loop, int64_t timeout_ns)
{
	struct libev *l = (struct libev *)loop;
	bool only_look = timeout_ns == 0 || l->has_changes;
	int rc;

	if (timeout_ns > 0 && !only_look) {
		ev_now_update(l->ev);
		ev_timer_set(&l->timer, (double)timeout_ns / (double)TS_S, 0.);
		ev_timer_start(l->ev, &l->timer);
	}
	l->woke = l->has_changes = false;
	l->wait_error = 0;
	errno = 0;
	ev_run(l->ev, only_look ? EVRUN_NOWAIT : EVRUN_ONCE);
	if (!l->woke)
		loop_woke(loop, 0);
	rc = serve_told(l);
	ev_timer_stop(l->ev, &l->timer);
	return rc < 0 ? rc : -l->wait_error;
}

static int serve(struct server *server, struct libev *l)
{
	static const struct loop_ops ops = {.add = add, .change = change, .remove = drop, .wait = turn};
	struct worker w;
	int rc;

	l->ev = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	if (!l->ev) /* it only says that it has none: errno is that of epoll_create1(2), or of malloc(3) */
		return errno ? -errno : -ENOMEM;
	ev_set_userdata(l->ev, l);
	ev_set_loop_release_cb(l->ev, before_wait, after_wait);
	ev_init(&l->timer, on_time);
	rc = worker_init(&w, server, server->child_index);
	if (rc == 0) {
		rc = loop_run(&l->loop, &w, &ops, server->stop.signal_fd);
		worker_release(&w);
	}
	ev_loop_destroy(l->ev);
	return rc;
}

int mode_libev(struct server *server)
{
	struct libev l = {.n_told = 0};
	int rc = ev_reserve_init();

	if (rc == 0)
		rc = serve(server, &l);
	ev_reserve_release();
	return rc;
}

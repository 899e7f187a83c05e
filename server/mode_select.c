/*
 * select(2): the oldest interface. Descriptors are bits in sets of fixed size.
 *
 * What is odd about it: a set has FD_SETSIZE (1,024) bits, and setting a bit beyond them writes over whatever memory
 * comes after, without an error. So the number of clients has an end that no setting moves: once it is reached, further
 * callers wait in the queue, and are served when one of those who are in ends. The sets are consumed by the call (it
 * leaves only what is ready), so copies are handed over; and all bits up to the highest descriptor are walked, set or
 * not. See select(2), "BUGS".
 */
#include "array_loop.h"
#include <errno.h>
#include <sys/select.h>
#include <unistd.h>

struct selector {
	struct array_loop array; /* first */
	fd_set want_read, want_write;
	int max_fd;
};

static void set_bits(struct selector *sel, const struct source *s, unsigned want)
{
	FD_CLR(s->fd, &sel->want_read);
	FD_CLR(s->fd, &sel->want_write);
	if (want & WANT_READ)
		FD_SET(s->fd, &sel->want_read);
	if (want & WANT_WRITE)
		FD_SET(s->fd, &sel->want_write);
	if (want && s->fd > sel->max_fd)
		sel->max_fd = s->fd;
}

static int add(struct loop *loop, struct source *s)
{
	struct selector *sel = (struct selector *)loop;
	int rc = s->fd < FD_SETSIZE ? array_loop_add(&sel->array, s) : -EMFILE;

	if (rc == 0)
		set_bits(sel, s, s->want);
	return rc;
}

static int change(struct loop *loop, struct source *s)
{
	set_bits((struct selector *)loop, s, s->want);
	return 0;
}

static void drop(struct loop *loop, struct source *s)
{
	struct selector *sel = (struct selector *)loop;

	set_bits(sel, s, WANT_NOTHING);
	array_loop_remove(&sel->array, s);
	while (sel->max_fd > 0 && !FD_ISSET(sel->max_fd, &sel->want_read) && !FD_ISSET(sel->max_fd, &sel->want_write))
		sel->max_fd--;
}

static int wait(struct loop *loop, int64_t timeout_ns)
{
	struct selector *sel = (struct selector *)loop;
	struct timeval t = {.tv_sec = timeout_ns / 1000000000, .tv_usec = timeout_ns % 1000000000 / 1000};
	fd_set can_read = sel->want_read, can_write = sel->want_write;
	int n = select(sel->max_fd + 1, &can_read, &can_write, NULL, timeout_ns < 0 ? NULL : &t);

	if (n < 0 && errno != EINTR)
		return -errno;
	loop_woke(loop, n);
	for (size_t i = sel->array.n; n > 0 && i-- > 0;) {
		struct source *s = sel->array.sources[i];
		unsigned ready = (FD_ISSET(s->fd, &can_read) ? READY_READ : 0u) |
		                 (FD_ISSET(s->fd, &can_write) ? READY_WRITE : 0u);

		/* A new client may have the number of one that has just ended: but new ones come at the array's end. */
		if (ready)
			loop_ready(loop, s, ready);
	}
	return 0;
}

/* Descriptors are given out lowest first, so the number of clients decides whether the next one fits into a set. */
static size_t room_for_clients(const struct server *server)
{
	int lowest_free = dup(server->stop.signal_fd);

	if (lowest_free < 0)
		return 1;
	close(lowest_free);
	return lowest_free < FD_SETSIZE ? (size_t)(FD_SETSIZE - lowest_free) : 0;
}

int mode_select(struct server *server)
{
	static const struct loop_ops ops = {.add = add, .change = change, .remove = drop, .wait = wait};
	struct selector sel = {0};
	struct worker w;
	int rc = worker_init(&w, server, server->child_index);

	if (rc < 0)
		return rc;
	sel.array.loop.is_limited = true;
	sel.array.loop.max_open = room_for_clients(server);
	ts_log(&server->log, TS_LOG_INFO,
	       "select watches descriptors below %d: beyond %zu clients, callers wait in the queue", FD_SETSIZE,
	       sel.array.loop.max_open);
	rc = loop_run(&sel.array.loop, &w, &ops, server->stop.signal_fd);
	array_loop_release(&sel.array);
	worker_release(&w);
	return rc;
}

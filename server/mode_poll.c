/*
 * poll(2): a list of descriptors and of what is wanted from each goes to the kernel, and comes back with what is ready.
 *
 * What is odd about it: the kernel remembers nothing. The whole list is copied in and walked at each call, however few
 * are ready, so a wake-up costs more with every idle client. A negative descriptor is passed over, which is how a
 * source that is not wanted keeps its place. See poll(2).
 */
#include "array_loop.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

struct poller {
	struct array_loop array; /* first */
	struct pollfd *fds;      /* owned: one for each of array.sources, at the same place */
	size_t n_room;
};

static void fill(struct pollfd *p, const struct source *s)
{
	*p = (struct pollfd){
	        .fd = s->want ? s->fd : -1,
	        .events = (short)((s->want & WANT_READ ? POLLIN : 0) | (s->want & WANT_WRITE ? POLLOUT : 0))};
}

static int add(struct loop *loop, struct source *s)
{
	struct poller *p = (struct poller *)loop;
	int rc = array_loop_add(&p->array, s);

	if (rc == 0 && p->n_room < p->array.n_room) {
		struct pollfd *more = realloc(p->fds, p->array.n_room * sizeof *more);

		if (!more) {
			array_loop_remove(&p->array, s);
			return -ENOMEM;
		}
		p->fds = more;
		p->n_room = p->array.n_room;
	}
	if (rc == 0)
		fill(&p->fds[s->slot], s);
	return rc;
}

static int change(struct loop *loop, struct source *s)
{
	fill(&((struct poller *)loop)->fds[s->slot], s);
	return 0;
}

static void drop(struct loop *loop, struct source *s)
{
	struct poller *p = (struct poller *)loop;
	size_t gap = array_loop_remove(&p->array, s);

	p->fds[gap] = p->fds[p->array.n]; /* the last one's, with what it has to say */
}

static int wait(struct loop *loop, int64_t timeout_ns)
{
	struct poller *p = (struct poller *)loop;
	int n = poll(p->fds, p->array.n, loop_timeout_ms(timeout_ns));

	if (n < 0 && errno != EINTR)
		return -errno;
	loop_woke(loop, n);
	for (size_t i = p->array.n; n > 0 && i-- > 0;) {
		short events = p->fds[i].revents;

		if (!events)
			continue;
		n--;
		loop_ready(loop, p->array.sources[i],
		           (events & POLLIN ? READY_READ : 0u) | (events & POLLOUT ? READY_WRITE : 0u) |
		                   (events & (POLLERR | POLLHUP | POLLNVAL) ? READY_END : 0u));
	}
	return 0;
}

int mode_poll(struct server *server)
{
	static const struct loop_ops ops = {.add = add, .change = change, .remove = drop, .wait = wait};
	struct poller p = {0};
	struct worker w;
	int rc = worker_init(&w, server, server->child_index);

	if (rc < 0)
		return rc;
	rc = loop_run(&p.array.loop, &w, &ops, server->stop.signal_fd);
	array_loop_release(&p.array);
	free(p.fds);
	worker_release(&w);
	return rc;
}

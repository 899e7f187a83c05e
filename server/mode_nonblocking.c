/*
 * Busy polling: every socket is non-blocking, and each in turn is asked whether it has anything.
 *
 * What is odd about it: there is no interface that waits. EAGAIN is the usual answer, a round costs one system call for
 * each client, and a processor is always busy, with nobody there as well. In return nobody ever sleeps: with one client
 * it is faster than all that do, as waking a sleeping processor costs ten times as much as the work itself
 * (docs/server.md). Callers are looked for less often: accept(2) makes a socket and a file before it sees that nobody
 * has called, which costs more than all else in a round. The processor is offered to others after each round. See
 * fcntl(2) O_NONBLOCK, recv(2) EAGAIN, sched_yield(2).
 */
#include "array_loop.h"
#include <sched.h>

#define STOP_ROUNDS   64 /* the signals are looked at once in so many rounds, */
#define ACCEPT_ROUNDS 8  /* and the queue of callers in so many */

struct nonblocking {
	struct array_loop array; /* first */
	unsigned n_rounds;
};

static int add(struct loop *loop, struct source *s)
{
	return array_loop_add((struct array_loop *)loop, s);
}

static int change(struct loop *loop, struct source *s)
{
	(void)loop;
	(void)s;
	return 0;
}

static void drop(struct loop *loop, struct source *s)
{
	array_loop_remove((struct array_loop *)loop, s);
}

/* Nothing is waited for, so the time-out does not matter: loop_run looks at the time after each round. */
static int go_round(struct loop *loop, int64_t timeout_ns)
{
	struct nonblocking *nb = (struct nonblocking *)loop;
	bool stop_too = nb->n_rounds % STOP_ROUNDS == 0, callers_too = nb->n_rounds % ACCEPT_ROUNDS == 0;

	(void)timeout_ns;
	nb->n_rounds++;
	sched_yield();
	loop_woke(loop, 0);
	for (size_t i = nb->array.n; i-- > 0;) {
		struct source *s = nb->array.sources[i];

		if (s->want && (s->kind != SOURCE_STOP || stop_too) && (s->kind != SOURCE_LISTENER || callers_too))
			loop_ready(loop, s, s->want);
	}
	return 0;
}

int mode_nonblocking(struct server *server)
{
	static const struct loop_ops ops = {
	        .add = add, .change = change, .remove = drop, .wait = go_round, .blind = true};
	struct nonblocking nb = {0};
	struct worker w;
	int rc = worker_init(&w, server, server->child_index);

	if (rc < 0)
		return rc;
	rc = loop_run(&nb.array.loop, &w, &ops, server->stop.signal_fd);
	array_loop_release(&nb.array);
	worker_release(&w);
	return rc;
}

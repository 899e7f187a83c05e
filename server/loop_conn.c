/* The conversations of an event loop: one step at a time, and each one's place in the loop's lists after it. */
#include "loop_inside.h"
#include "ts_clock.h"
#include <errno.h>
#include <stdlib.h>

#define EDGE_ROUNDS 16 /* receive calls on one socket at one wake-up, so that the others are not kept waiting */

static int change(struct loop *loop, struct source *s)
{
	int rc = loop->ops->change(loop, s);

	if (rc < 0)
		worker_note(loop->worker, counted_error_of(-rc), -rc, "a socket cannot be waited for");
	return rc;
}

int loop_want(struct loop *loop, struct source *s, enum source_want what)
{
	uint8_t before = s->want;
	int rc = 0;

	if (what == before)
		return 0;
	s->want = (uint8_t)what;
	if (!loop->ops->edge || s->kind != SOURCE_CONN) /* there, both directions are watched from the start */
		rc = change(loop, s);
	if (rc < 0)
		s->want = before;
	return rc;
}

static void let_go(struct loop *loop, struct conn *c)
{
	TAILQ_REMOVE(conn_is_lingering(c) ? &loop->lingering : &loop->conns, c, link);
	loop->ops->remove(loop, &c->source);
	conn_close(c, loop->worker);
	free(c);
	loop->n_open--;
	loop_give_place(loop);
	if (loop->accept_again_ns) /* a descriptor is free again */
		loop->accept_again_ns = 1;
}

static void start_to_linger(struct loop *loop, struct conn *c)
{
	TAILQ_REMOVE(&loop->conns, c, link);
	TAILQ_INSERT_TAIL(&loop->lingering, c, link);
	c->active_ns = ts_clock_mono_ns() + LINGER_LOOK_NS;
}

/* What it would wait for could not be told to the kernel: rather an end than a client that hangs. */
void loop_conn_give_up(struct loop *loop, struct conn *c)
{
	if (!conn_is_lingering(c))
		c->end = END_ERROR;
	let_go(loop, c);
}

static enum source_want want_after(enum conn_next next)
{
	if (next == CONN_SHORT) /* the socket may be writable all the time */
		return WANT_NOTHING;
	return next == CONN_BLOCKED ? WANT_WRITE : WANT_READ;
}

static void settle(struct loop *loop, struct conn *c, enum conn_next next)
{
	if (next == CONN_SHORT && !loop->send_again_ns)
		loop->send_again_ns = ts_clock_mono_ns() + SHORTAGE_PAUSE_NS;
	if (next == CONN_GONE)
		let_go(loop, c);
	else if (loop_want(loop, &c->source, want_after(next)) < 0)
		loop_conn_give_up(loop, c);
	else if (next == CONN_MORE && loop->ops->edge && change(loop, &c->source) < 0)
		loop_conn_give_up(loop, c);
}

/* One step, and the conversation's place in the lists after it. */
static enum conn_next step(struct loop *loop, struct conn *c, enum conn_next (*how)(struct conn *, struct worker *))
{
	bool lingered = conn_is_lingering(c);
	int64_t active_ns = c->active_ns;
	enum conn_next next = how(c, loop->worker);

	if (conn_is_lingering(c) && !lingered) {
		start_to_linger(loop, c);
	} else if (loop->idle_matters && c->active_ns != active_ns && !lingered) {
		TAILQ_REMOVE(&loop->conns, c, link);
		TAILQ_INSERT_TAIL(&loop->conns, c, link);
	}
	return next;
}

static void note_last_bytes(struct loop *loop, struct conn *c)
{
	int64_t n = worker_n_received(loop->worker, c->source.fd) + c->last_bytes;

	c->last_bytes = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/*
 * At the stop: read and answer what had come, then end. A few steps at a time, so that others have their turn; what is
 * left is told of again. Output that the socket does not take keeps the conversation until it does, or until the drain
 * time-out.
 */
static void drain(struct loop *loop, struct conn *c)
{
	enum conn_next next = c->unsent ? step(loop, c, conn_write) : CONN_MORE;
	int rounds = EDGE_ROUNDS;

	while (next == CONN_MORE && rounds-- > 0 && (conn_is_lingering(c) || c->last_bytes > 0))
		next = step(loop, c, conn_read);
	if (next == CONN_DRAINED && !loop->ops->completes) /* there, it is on its way */
		c->last_bytes = 0;
	if ((next == CONN_MORE || next == CONN_DRAINED) && !conn_is_lingering(c) && c->last_bytes == 0) {
		next = step(loop, c, conn_stop);
		if (next == CONN_MORE) /* the client may have ended, too */
			next = step(loop, c, conn_read);
	}
	settle(loop, c, next);
}

void loop_conn_ready(struct loop *loop, struct conn *c, unsigned ready)
{
	int rounds = loop->ops->edge ? EDGE_ROUNDS : 1;
	enum conn_next next = CONN_MORE;

	if (loop->draining) {
		drain(loop, c);
		return;
	}
	if (c->unsent) {
		if (!(ready & (READY_WRITE | READY_END)))
			return;
		next = step(loop, c, conn_write);
		if (!loop->ops->edge) {
			settle(loop, c, next);
			return;
		}
	}
	/* A peer that has ended is told of once, with the last data: read on to the end of file. */
	while (rounds-- > 0 && (next == CONN_MORE || (next == CONN_DRAINED && loop->ops->edge && ready & READY_END))) {
		enum conn_next before = next;

		next = step(loop, c, conn_read);
		if (before == CONN_DRAINED)
			break;
	}
	settle(loop, c, next);
}

int loop_conn_open(struct loop *loop, int fd)
{
	struct worker *w = loop->worker;
	struct conn *c = malloc(sizeof *c);
	int rc = -ENOMEM;

	count(w->counters, COUNT_ACCEPTED, 1);
	if (c) {
		conn_init(c, fd);
		c->active_ns = w->now_ns;
		rc = loop->ops->add(loop, &c->source);
	}
	if (rc == 0) {
		TAILQ_INSERT_TAIL(&loop->conns, c, link);
		loop->n_open++;
		if (loop->draining)
			note_last_bytes(loop, c);
		return 0;
	}
	worker_note(w, counted_error_of(-rc), -rc, "a client is turned away");
	worker_refuse(w, fd);
	loop_give_place(loop);
	free(c);
	return rc;
}

static void linger_on(struct loop *loop, struct conn *c)
{
	if (!worker_lingers(loop->worker, c->source.fd, (enum end)c->end, ++c->n_looks)) {
		let_go(loop, c);
		return;
	}
	c->active_ns = loop->worker->now_ns + LINGER_LOOK_NS;
	TAILQ_REMOVE(&loop->lingering, c, link);
	TAILQ_INSERT_TAIL(&loop->lingering, c, link);
}

void loop_conns_expire(struct loop *loop)
{
	int64_t now = loop->worker->now_ns, idle = loop->worker->server->set.idle_timeout_ns;
	struct conn *c;

	while (loop->idle_matters && (c = TAILQ_FIRST(&loop->conns)) && now - c->active_ns >= idle) {
		c->end = END_IDLE;
		let_go(loop, c);
	}
	while ((c = TAILQ_FIRST(&loop->lingering)) && now >= c->active_ns)
		linger_on(loop, c);
}

void loop_conns_send_again(struct loop *loop)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&loop->conns); c; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->is_short)
			loop_conn_ready(loop, c, READY_WRITE);
	}
}

void loop_conns_begin_to_drain(struct loop *loop)
{
	struct conn *c;

	TAILQ_FOREACH(c, &loop->conns, link)
	note_last_bytes(loop, c);
}

void loop_conns_drain(struct loop *loop)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&loop->conns); c; c = next) {
		next = TAILQ_NEXT(c, link);
		drain(loop, c);
	}
}

void loop_conns_cut_off(struct loop *loop)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&loop->conns))) {
		c->end = END_STOP;
		let_go(loop, c);
	}
	while ((c = TAILQ_FIRST(&loop->lingering)))
		let_go(loop, c);
}

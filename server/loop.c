#include "loop.h"
#include "ts_clock.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define ACCEPT_BATCH 64 /* callers taken at one wake-up, so that the others are not kept waiting */
#define EDGE_ROUNDS  16 /* receive calls on one socket at one wake-up, likewise */
#define ACCEPT_PAUSE (20 * TS_MS)

int loop_timeout_ms(int64_t timeout_ns)
{
	if (timeout_ns < 0)
		return -1;
	return (int)((timeout_ns + TS_MS - 1) / TS_MS);
}

/* Time is read once for each wake-up, and only when somebody needs it. */
static void update_now(struct loop *loop)
{
	if (loop->idle_matters || loop->draining || loop->accept_again_ns || !TAILQ_EMPTY(&loop->lingering))
		loop->worker->now_ns = ts_clock_mono_ns();
}

void loop_woke(struct loop *loop, int n)
{
	count(loop->worker->counters, COUNT_CALL_WAIT, 1);
	if (n > 0)
		count(loop->worker->counters, COUNT_WAKEUPS, 1);
	update_now(loop);
}

static void want(struct loop *loop, struct source *s, enum source_want what)
{
	if (s->want == what)
		return;
	s->want = (uint8_t)what;
	if (!loop->ops->edge || s->kind != SOURCE_CONN) /* there, both directions are watched from the start */
		loop->ops->change(loop, s);
}

/* --- conversations ------------------------------------------------------------------------------------------- */

static void let_go(struct loop *loop, struct conn *c)
{
	TAILQ_REMOVE(conn_is_lingering(c) ? &loop->lingering : &loop->conns, c, link);
	loop->ops->remove(loop, &c->source);
	conn_close(c, loop->worker);
	free(c);
	loop->n_open--;
	worker_give_place(loop->worker);
	if (loop->accept_again_ns) /* a descriptor is free again */
		loop->accept_again_ns = 1;
}

static void start_to_linger(struct loop *loop, struct conn *c)
{
	TAILQ_REMOVE(&loop->conns, c, link);
	TAILQ_INSERT_TAIL(&loop->lingering, c, link);
	c->active_ns = ts_clock_mono_ns() + LINGER_LOOK_NS;
}

static void settle(struct loop *loop, struct conn *c, enum conn_next next)
{
	if (next == CONN_GONE)
		let_go(loop, c);
	else
		want(loop, &c->source, next == CONN_BLOCKED ? WANT_WRITE : WANT_READ);
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

/*
 * At the stop: read and answer until nothing is there, then end. Output that the socket does not take keeps the
 * conversation until it does, or until the drain time-out.
 */
static void drain(struct loop *loop, struct conn *c)
{
	enum conn_next next = c->unsent ? step(loop, c, conn_write) : CONN_MORE;

	while (next == CONN_MORE && stop_left_ns(loop->worker->server) > 0)
		next = step(loop, c, conn_read);
	if (next == CONN_DRAINED && !conn_is_lingering(c))
		next = step(loop, c, conn_stop);
	settle(loop, c, next);
}

static void conn_ready(struct loop *loop, struct conn *c, unsigned ready)
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
	if (next == CONN_MORE && loop->ops->edge)
		loop->ops->change(loop, &c->source);
}

static void open_conn(struct loop *loop, int fd)
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
		return;
	}
	worker_note(w, counted_error_of(-rc), -rc, "a client is turned away");
	worker_refuse(w, fd);
	worker_give_place(w);
	free(c);
}

/* --- listening sockets --------------------------------------------------------------------------------------- */

static void listen_all(struct loop *loop, enum source_want what)
{
	for (size_t i = 0; i < loop->n_ports; i++)
		if (loop->ports[i].source.kind == SOURCE_LISTENER)
			want(loop, &loop->ports[i].source, what);
}

/* A listener that cannot be served would be ready for ever: it is left alone until something has been closed, or a
 * while. */
static void pause_accepting(struct loop *loop)
{
	loop->accept_again_ns = ts_clock_mono_ns() + ACCEPT_PAUSE;
	listen_all(loop, WANT_NOTHING);
}

static bool has_place(struct loop *loop)
{
	return loop->n_open < loop->max_open && worker_take_place(loop->worker);
}

/* Errors of one caller (ECONNABORTED and those of its network) are passed over; shortages pause. */
static bool goes_on_after(struct loop *loop, int error)
{
	struct worker *w = loop->worker;

	if (error == EAGAIN) {
		count(w->counters, COUNT_EAGAIN, 1);
		return false;
	}
	if (error == EINTR)
		return true;
	worker_note(w, counted_error_of(error), error, "accept");
	if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
		pause_accepting(loop);
		return false;
	}
	return true;
}

static void accept_batch(struct loop *loop, int listen_fd)
{
	struct worker *w = loop->worker;
	int flags = SOCK_CLOEXEC | (loop->ops->completes ? 0 : SOCK_NONBLOCK);
	bool go_on = true;

	for (int i = 0; go_on && i < ACCEPT_BATCH; i++) {
		int fd, error;

		if (!has_place(loop)) {
			pause_accepting(loop);
			return;
		}
		fd = accept4(listen_fd, NULL, NULL, flags);
		error = errno;
		count(w->counters, COUNT_CALL_ACCEPT, 1);
		if (fd >= 0) {
			open_conn(loop, fd);
			continue;
		}
		worker_give_place(w);
		go_on = goes_on_after(loop, error);
	}
}

void loop_accepted(struct loop *loop, int fd)
{
	worker_take_place(loop->worker);
	open_conn(loop, fd);
}

void loop_accept_failed(struct loop *loop, int error)
{
	goes_on_after(loop, error);
}

static void serve_datagrams(struct loop *loop, struct port *p)
{
	int rc = post_serve(loop->post, p->listener, MSG_DONTWAIT);

	if (rc < 0 && rc != -EAGAIN && rc != -EINTR && rc != -ECANCELED)
		worker_note(loop->worker, counted_error_of(-rc), -rc, "datagrams");
}

void loop_ready(struct loop *loop, struct source *s, unsigned ready)
{
	switch ((enum source_kind)s->kind) {
	case SOURCE_CONN: conn_ready(loop, (struct conn *)s, ready); break;
	case SOURCE_DATAGRAM: serve_datagrams(loop, (struct port *)s); break;
	case SOURCE_LISTENER: accept_batch(loop, s->fd); break;
	case SOURCE_STOP: stop_take_signals(loop->worker->server); break;
	}
}

/* --- time ---------------------------------------------------------------------------------------------------- */

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Until the next thing that has to happen without an event; negative: nothing. */
static int64_t timeout(struct loop *loop)
{
	struct server *server = loop->worker->server;
	struct conn *first = TAILQ_FIRST(&loop->conns), *lingering = TAILQ_FIRST(&loop->lingering);
	int64_t at = INT64_MAX;

	if (server->set.spin)
		return 0;
	if (loop->idle_matters && first)
		at = sooner(at, first->active_ns + server->set.idle_timeout_ns);
	if (lingering)
		at = sooner(at, lingering->active_ns);
	if (loop->accept_again_ns)
		at = sooner(at, loop->accept_again_ns);
	if (loop->draining)
		at = sooner(at, ts_clock_mono_ns() + stop_left_ns(server));
	if (at == INT64_MAX)
		return -1;
	at -= ts_clock_mono_ns();
	return at > 0 ? at : 0;
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

static void expire(struct loop *loop)
{
	int64_t now = loop->worker->now_ns, idle = loop->worker->server->set.idle_timeout_ns;
	struct conn *c;

	while (loop->idle_matters && (c = TAILQ_FIRST(&loop->conns)) && now - c->active_ns >= idle) {
		c->end = END_IDLE;
		let_go(loop, c);
	}
	while ((c = TAILQ_FIRST(&loop->lingering)) && now >= c->active_ns)
		linger_on(loop, c);
	if (loop->accept_again_ns && now >= loop->accept_again_ns && !loop->draining) {
		loop->accept_again_ns = 0;
		listen_all(loop, WANT_READ);
	}
}

/* --- the stop ------------------------------------------------------------------------------------------------ */

/* Callers who stand in the queue already were told that they are connected: they are taken, and answered. */
static void begin_to_drain(struct loop *loop)
{
	struct conn *c, *next;

	for (size_t i = 0; i < loop->n_ports; i++) {
		struct port *p = &loop->ports[i];

		if (p->source.kind == SOURCE_LISTENER && !loop->accept_again_ns && !loop->ops->completes)
			accept_batch(loop, p->source.fd);
		while (p->source.kind == SOURCE_DATAGRAM && post_serve(loop->post, p->listener, MSG_DONTWAIT) > 0 &&
		       stop_left_ns(loop->worker->server) > 0)
			;
		want(loop, &p->source, WANT_NOTHING);
	}
	want(loop, &loop->stop, WANT_NOTHING);
	loop->draining = true;
	for (c = TAILQ_FIRST(&loop->conns); c; c = next) {
		next = TAILQ_NEXT(c, link);
		drain(loop, c);
	}
}

static void cut_off(struct loop *loop)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&loop->conns))) {
		c->end = END_STOP;
		let_go(loop, c);
	}
	while ((c = TAILQ_FIRST(&loop->lingering)))
		let_go(loop, c);
}

/* --- the loop ------------------------------------------------------------------------------------------------ */

static int add_ports(struct loop *loop)
{
	const struct listeners *ls = &loop->worker->server->listeners;

	loop->ports = calloc(ls->n, sizeof *loop->ports);
	if (!loop->ports)
		return -ENOMEM;
	for (size_t i = 0; i < ls->n; i++) {
		struct port *p = &loop->ports[i];
		int rc;

		p->listener = &ls->items[i];
		p->source.fd = listener_fd(p->listener, loop->worker->index);
		p->source.kind = p->listener->stream ? SOURCE_LISTENER : SOURCE_DATAGRAM;
		p->source.want = WANT_READ;
		if (!p->listener->stream && !loop->post && !(loop->post = post_new(loop->worker, POST_BATCH)))
			return -ENOMEM;
		rc = loop->ops->add(loop, &p->source);
		if (rc < 0)
			return rc;
		loop->n_ports++;
	}
	return 0;
}

static int begin(struct loop *loop, int stop_fd)
{
	int rc;

	TAILQ_INIT(&loop->conns);
	TAILQ_INIT(&loop->lingering);
	loop->idle_matters = loop->worker->server->set.idle_timeout_ns > 0;
	if (loop->max_open == 0)
		loop->max_open = SIZE_MAX;
	loop->stop = (struct source){.fd = stop_fd, .kind = SOURCE_STOP, .want = WANT_READ};
	rc = loop->ops->add(loop, &loop->stop);
	return rc < 0 ? rc : add_ports(loop);
}

static void end(struct loop *loop)
{
	cut_off(loop);
	for (size_t i = 0; i < loop->n_ports; i++)
		loop->ops->remove(loop, &loop->ports[i].source);
	loop->ops->remove(loop, &loop->stop);
	free(loop->ports);
	post_free(loop->post);
}

static bool is_over(struct loop *loop)
{
	if (!loop->draining)
		return false;
	return (TAILQ_EMPTY(&loop->conns) && TAILQ_EMPTY(&loop->lingering)) || stop_left_ns(loop->worker->server) == 0;
}

int loop_run(struct loop *loop, struct worker *w, const struct loop_ops *ops, int stop_fd)
{
	int rc;

	loop->worker = w;
	loop->ops = ops;
	rc = begin(loop, stop_fd);
	if (rc == 0)
		server_ready(w->server);
	while (rc == 0 && !is_over(loop)) {
		rc = ops->wait(loop, timeout(loop));
		expire(loop);
		if (server_stopping(w->server) && !loop->draining)
			begin_to_drain(loop);
	}
	end(loop);
	return rc;
}

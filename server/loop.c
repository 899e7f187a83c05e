#include "loop_inside.h"
#include "ts_clock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

#define ACCEPT_BATCH 64 /* callers taken at one wake-up, so that the others are not kept waiting */

int loop_timeout_ms(int64_t timeout_ns)
{
	if (timeout_ns < 0)
		return -1;
	return (int)((timeout_ns + TS_MS - 1) / TS_MS);
}

/* Time is read once for each wake-up, and only when somebody needs it. */
static void update_now(struct loop *loop)
{
	if (loop->idle_matters || loop->draining || loop->accept_again_ns || loop->receive_again_ns ||
	    loop->send_again_ns || !TAILQ_EMPTY(&loop->lingering))
		loop->worker->now_ns = ts_clock_mono_ns();
}

void loop_woke(struct loop *loop, int n)
{
	loop->round++;
	count(loop->worker->counters, COUNT_CALL_WAIT, 1);
	if (n > 0)
		count(loop->worker->counters, COUNT_WAKEUPS, 1);
	update_now(loop);
}

/* --- listening sockets --------------------------------------------------------------------------------------- */

static int want_of_all(struct loop *loop, enum source_kind kind, enum source_want what)
{
	int rc = 0;

	for (size_t i = 0; i < loop->n_ports; i++)
		if (loop->ports[i].source.kind == kind && loop_want(loop, &loop->ports[i].source, what) < 0)
			rc = -EAGAIN;
	return rc;
}

/* A socket that cannot be served would be ready for ever: it is left alone for a while, a listener until something has
 * been closed. */
static void pause_all(struct loop *loop, enum source_kind kind, int64_t *again_ns)
{
	*again_ns = ts_clock_mono_ns() + SHORTAGE_PAUSE_NS;
	want_of_all(loop, kind, WANT_NOTHING);
}

/* Without one that is listened to, nobody would ever try again. */
static void resume_all(struct loop *loop, enum source_kind kind, int64_t *again_ns)
{
	bool all = want_of_all(loop, kind, WANT_READ) == 0;

	*again_ns = all ? 0 : ts_clock_mono_ns() + SHORTAGE_PAUSE_NS;
}

static void pause_accepting(struct loop *loop)
{
	pause_all(loop, SOURCE_LISTENER, &loop->accept_again_ns);
}

static bool has_place(struct loop *loop)
{
	return !(loop->is_limited && loop->n_open >= loop->max_open) &&
	       (loop->draining || worker_take_place(loop->worker));
}

void loop_give_place(struct loop *loop)
{
	if (!loop->draining)
		worker_give_place(loop->worker);
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
	if (worker_is_shortage(error)) {
		pause_accepting(loop);
		return false;
	}
	return true;
}

/* Without memory for one, the next are left in the queue for a while. */
static bool open_conn(struct loop *loop, int fd)
{
	bool is_short = worker_is_shortage(-loop_conn_open(loop, fd));

	if (is_short)
		pause_accepting(loop);
	return !is_short;
}

/* Returns how many were found: `most`, and more may be there; or fewer. */
static int accept_callers(struct loop *loop, int listen_fd, int most)
{
	struct worker *w = loop->worker;
	int flags = SOCK_CLOEXEC | (loop->ops->completes ? 0 : SOCK_NONBLOCK);
	bool go_on = true;
	int n = 0;

	for (; go_on && n < most; n++) {
		int fd, error;

		if (!has_place(loop)) {
			pause_accepting(loop);
			return n;
		}
		fd = accept4(listen_fd, NULL, NULL, flags);
		error = errno;
		count(w->counters, COUNT_CALL_ACCEPT, 1);
		if (fd >= 0) {
			go_on = open_conn(loop, fd);
			continue;
		}
		loop_give_place(loop);
		go_on = goes_on_after(loop, error);
	}
	return go_on ? n : n - 1;
}

/*
 * Who is not there is dear to look for: accept(2) makes a socket and a file first. So it is one caller that is taken
 * where at least one is known of, and twice as many at each wake-up that follows at once with more of them.
 */
static void accept_batch(struct loop *loop, struct port *p)
{
	bool in_a_row = p->n_callers > 0 && p->round + 1 == loop->round;
	int most = loop->ops->blind ? ACCEPT_BATCH : in_a_row ? 2 * p->n_callers : 1;

	most = most < ACCEPT_BATCH ? most : ACCEPT_BATCH;
	p->n_callers = accept_callers(loop, p->source.fd, most);
	p->round = loop->round;
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

/* --- datagrams ----------------------------------------------------------------------------------------------- */

static void serve_datagrams(struct loop *loop, struct port *p)
{
	int rc = post_serve(loop->post, p->listener, MSG_DONTWAIT);

	if (rc >= 0 || rc == -EAGAIN || rc == -EINTR)
		return;
	worker_note(loop->worker, counted_error_of(-rc), -rc, "datagrams");
	if (worker_is_shortage(-rc)) /* the socket would be ready all the time */
		pause_all(loop, SOURCE_DATAGRAM, &loop->receive_again_ns);
}

void loop_ready(struct loop *loop, struct source *s, unsigned ready)
{
	switch ((enum source_kind)s->kind) {
	case SOURCE_CONN: loop_conn_ready(loop, (struct conn *)s, ready); break;
	case SOURCE_DATAGRAM: serve_datagrams(loop, (struct port *)s); break;
	case SOURCE_LISTENER: accept_batch(loop, (struct port *)s); break;
	case SOURCE_STOP: stop_take_signals(loop->worker->server); break;
	}
}

int loop_unwatched(struct loop *loop, struct source *s, int error)
{
	if (s->kind == SOURCE_STOP)
		return -error;
	worker_note(loop->worker, counted_error_of(error), error, "a socket cannot be waited for");
	switch ((enum source_kind)s->kind) {
	case SOURCE_CONN: loop_conn_give_up(loop, (struct conn *)s); break;
	case SOURCE_DATAGRAM: pause_all(loop, SOURCE_DATAGRAM, &loop->receive_again_ns); break;
	case SOURCE_LISTENER: pause_accepting(loop); break;
	case SOURCE_STOP: break;
	}
	return 0;
}

/* --- the stop ------------------------------------------------------------------------------------------------ */

/*
 * Callers who stand in the queue already were told that they are connected: they are taken, and answered. Not more than
 * can have stood there: others may come all the time. Where descriptors lack, again when some were closed.
 */
static void drain_queues(struct loop *loop)
{
	struct server *server = loop->worker->server;

	loop->accept_again_ns = 0;
	for (size_t i = 0; i < loop->n_ports; i++) {
		struct port *p = &loop->ports[i];
		int n = ACCEPT_BATCH;

		while (n == ACCEPT_BATCH && p->source.kind == SOURCE_LISTENER && p->n_late <= server->set.backlog &&
		       stop_left_ns(server) > 0) {
			n = accept_callers(loop, p->source.fd, ACCEPT_BATCH);
			p->n_late += n;
			loop_conns_drain(loop);
		}
	}
}

/* From now on we accept by ourselves, where the kernel did it for us, too. */
static void leave_listeners(struct loop *loop)
{
	for (size_t i = 0; i < loop->n_ports; i++) {
		struct source *s = &loop->ports[i].source;

		loop_want(loop, s, WANT_NOTHING);
		if (loop->ops->completes)
			fcntl(s->fd, F_SETFL, fcntl(s->fd, F_GETFL) | O_NONBLOCK);
	}
}

static void begin_to_drain(struct loop *loop)
{
	loop->draining = true;
	loop->receive_again_ns = 0;
	loop_want(loop, &loop->stop, WANT_NOTHING);
	leave_listeners(loop);
	loop_conns_begin_to_drain(loop);
	loop_conns_drain(loop);
	drain_queues(loop);
	for (size_t i = 0; i < loop->n_ports; i++)
		if (loop->ports[i].source.kind == SOURCE_DATAGRAM)
			post_drain(loop->post, loop->ports[i].listener);
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
	if (loop->receive_again_ns)
		at = sooner(at, loop->receive_again_ns);
	if (loop->send_again_ns)
		at = sooner(at, loop->send_again_ns);
	if (loop->draining)
		at = sooner(at, ts_clock_mono_ns() + stop_left_ns(server));
	if (at == INT64_MAX)
		return -1;
	at -= ts_clock_mono_ns();
	return at > 0 ? at : 0;
}

static void expire(struct loop *loop)
{
	int64_t now = loop->worker->now_ns;

	loop_conns_expire(loop);
	if (loop->send_again_ns && now >= loop->send_again_ns) {
		loop->send_again_ns = 0;
		loop_conns_send_again(loop);
	}
	if (loop->receive_again_ns && now >= loop->receive_again_ns)
		resume_all(loop, SOURCE_DATAGRAM, &loop->receive_again_ns);
	if (loop->accept_again_ns && now >= loop->accept_again_ns) {
		if (loop->draining)
			drain_queues(loop);
		else
			resume_all(loop, SOURCE_LISTENER, &loop->accept_again_ns);
	}
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
	loop->stop = (struct source){.fd = stop_fd, .kind = SOURCE_STOP, .want = WANT_READ};
	rc = loop->ops->add(loop, &loop->stop);
	loop->hears_stop = rc == 0;
	return rc < 0 ? rc : add_ports(loop);
}

static void end(struct loop *loop)
{
	loop_conns_cut_off(loop);
	for (size_t i = 0; i < loop->n_ports; i++)
		loop->ops->remove(loop, &loop->ports[i].source);
	if (loop->hears_stop)
		loop->ops->remove(loop, &loop->stop);
	free(loop->ports);
	post_free(loop->post);
}

static bool is_over(struct loop *loop)
{
	if (!loop->draining)
		return false;
	return (TAILQ_EMPTY(&loop->conns) && TAILQ_EMPTY(&loop->lingering) && !loop->accept_again_ns) ||
	       stop_left_ns(loop->worker->server) == 0;
}

/* Nobody tells of the stop meanwhile: so it is looked for. */
static int wait(struct loop *loop)
{
	struct worker *w = loop->worker;
	int rc = loop->ops->wait(loop, timeout(loop));

	if (!worker_is_shortage(-rc))
		return rc;
	worker_note(w, counted_error_of(-rc), -rc, "waiting");
	stop_sleep(w->server, SHORTAGE_PAUSE_NS);
	stop_take_signals(w->server);
	update_now(loop);
	return 0;
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
		rc = wait(loop);
		expire(loop);
		if (server_stopping(w->server) && !loop->draining)
			begin_to_drain(loop);
	}
	end(loop);
	return rc;
}

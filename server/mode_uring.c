/*
 * io_uring: the kernel is not asked what is ready; it is told what to do, and tells when it is done.
 *
 * What is odd about it: one request goes on for ever. A multishot accept brings a completion for each caller, a
 * multishot receive one for each piece of data, in a buffer that the kernel takes from a ring that we fill. What is on
 * its way cannot simply be forgotten: a closed descriptor stays open while a request holds it, and a completion may
 * come after its conversation has ended, so the memory that it points to lives until the last request is done (struct
 * request). Sends are made directly: a socket with room takes them at once, and a completion for each would only be
 * work. A descriptor must be in blocking mode, or the kernel says EAGAIN instead of waiting in our place. DEFER_TASKRUN
 * and SINGLE_ISSUER (Linux 6.1): completions are made when this thread asks for them, and not by interrupting it;
 * without them io_uring is dearer than epoll. Linux 6.0 is needed for multishot receive. See io_uring(7),
 * io_uring_prep_recv_multishot(3), io_uring_register_buf_ring(3).
 *
 * The life of a buffer is told in uring_buffers.h. If the socket does not take the answer, the rest of it is copied
 * (struct unsent), and so is what still comes in before the cancel of the receive arrives (struct chunk): a buffer
 * never waits for a client.
 */
#include "loop.h"
#include "sandbox.h"
#include "ts_clock.h"
#include "uring_buffers.h"
#include "uring_request.h"
#include "uring_ring.h"
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define EVENTS      256 /* completions looked at before the time is */
#define STOP_ROUNDS 3

struct uring {
	struct loop loop; /* first */
	struct io_uring ring;
	struct uring_buffers buffers;
	struct request *hungry;
	int stuck; /* 0; or -errno: a request found the ring full, and the kernel taking nothing */
	bool stop_is_near;
	int64_t n_accepted; /* by the kernel, since the stop came near */
};

/* With --max-clients a caller is accepted when there is a place: so the listener is only watched. */
static bool watches_listener(const struct uring *u)
{
	return u->loop.worker->server->set.max_clients > 0;
}

static void make_hungry(struct uring *u, struct request *r)
{
	if (r->is_hungry)
		return;
	r->is_hungry = true;
	r->n_pending++;
	r->hungry = u->hungry;
	u->hungry = r;
}

/* What is not to go on is cancelled. 0 or -errno. */
static int cancel_unwanted(struct uring *u, struct request *r)
{
	const struct source *s = r->source;

	if (s->kind == SOURCE_CONN && s->want != WANT_READ && r->receiving)
		return request_cancel(&u->ring, r, REQUEST_RECEIVE);
	if (!s->want && r->accepting)
		return request_cancel(&u->ring, r, REQUEST_ACCEPT);
	return 0;
}

static int ask(struct uring *u, struct request *r)
{
	const struct source *s = r->source;

	if (s->kind == SOURCE_CONN && s->want == WANT_READ)
		return request_receive(&u->ring, r);
	if (s->kind == SOURCE_LISTENER && s->want && !watches_listener(u))
		return request_accept(&u->ring, r);
	return s->want ? request_poll(&u->ring, r, s->want == WANT_WRITE ? POLLOUT : POLLIN) : 0;
}

/* What cannot be asked for now is asked for after a pause, which wait() brings about. */
static void begin(struct uring *u, struct request *r)
{
	int rc = cancel_unwanted(u, r);

	if (rc == 0)
		rc = ask(u, r);
	if (rc == 0)
		return;
	u->stuck = rc;
	make_hungry(u, r);
}

static int add(struct loop *loop, struct source *s)
{
	struct uring *u = (struct uring *)loop;
	struct request *r = request_new(s);

	if (!r)
		return -ENOMEM;
	s->watch = r;
	if (s->kind == SOURCE_LISTENER && !watches_listener(u))
		fcntl(s->fd, F_SETFL, fcntl(s->fd, F_GETFL) & ~O_NONBLOCK);
	begin(u, r);
	return 0;
}

static bool has_pieces(const struct request *r)
{
	return r->held || r->result <= 0;
}

static int change(struct loop *loop, struct source *s)
{
	struct uring *u = (struct uring *)loop;
	struct request *r = s->watch;

	if (s->kind == SOURCE_CONN && s->want == WANT_READ && has_pieces(r))
		make_hungry(u, r);
	else
		begin(u, r);
	return 0;
}

static void drop(struct loop *loop, struct source *s)
{
	struct uring *u = (struct uring *)loop;
	struct request *r = s->watch;

	/* A request keeps the socket open after close(2): this ends the receive, and says FIN to the client now. */
	if (s->kind == SOURCE_CONN && (r->receiving || r->polling))
		shutdown(s->fd, SHUT_RDWR);
	else if (r->polling)
		request_cancel(&u->ring, r, REQUEST_POLL);
	else if (r->accepting)
		request_cancel(&u->ring, r, REQUEST_ACCEPT);
	r->source = NULL;
	request_release(r, 1);
}

/* For conn_read: the piece in hand, the pieces that were held, the end, or nothing. */
static ssize_t next_piece(struct worker *w, struct conn *c, char **data)
{
	struct request *r = c->source.watch;

	if (r->held) {
		*data = w->desk.in;
		return (ssize_t)request_take_held(r, w->desk.in);
	}
	if (r->data) {
		*data = r->data;
		r->data = NULL;
		return (ssize_t)r->n;
	}
	return r->result <= 0 ? r->result : -EAGAIN;
}

static void hold(struct uring *u, struct request *r, const char *data, size_t n)
{
	if (request_hold(r, data, n) == 0) {
		((struct conn *)r->source)->last_bytes += (uint32_t)n;
		return;
	}
	worker_note(u->loop.worker, ERROR_ENOMEM, ENOMEM, "a client's data");
	r->result = -ENOMEM;
}

static void received(struct uring *u, struct request *r, const struct io_uring_cqe *cqe)
{
	unsigned id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
	char *data = uring_buffers_data(&u->buffers, id);
	bool blocked;

	if (!(cqe->flags & IORING_CQE_F_MORE))
		r->receiving = false;
	/* Cancelled by us, or short of buffers for a moment: no end. */
	if (cqe->res <= 0 && cqe->res != -ECANCELED && cqe->res != -ENOBUFS)
		r->result = cqe->res;
	blocked = r->source && (((struct conn *)r->source)->unsent || r->held);
	if (r->source && cqe->res > 0 && !blocked) {
		r->data = data;
		r->n = (size_t)cqe->res;
	} else if (r->source && cqe->res > 0) {
		hold(u, r, data, (size_t)cqe->res);
	}
	if (r->source && !blocked && (r->data || r->result <= 0))
		loop_ready(&u->loop, r->source, READY_READ);
	r->data = NULL;
	if (cqe->flags & IORING_CQE_F_BUFFER)
		uring_buffers_give(&u->buffers, id);
	if (r->source && r->source->want == WANT_READ)
		begin(u, r);
}

static void accepted(struct uring *u, struct request *r, const struct io_uring_cqe *cqe)
{
	if (!(cqe->flags & IORING_CQE_F_MORE))
		r->accepting = false;
	if (cqe->res >= 0 && !r->source) {
		close(cqe->res);
	} else if (cqe->res >= 0) {
		u->n_accepted++;
		loop_accepted(&u->loop, cqe->res);
	} else if (cqe->res != -ECANCELED && r->source) {
		loop_accept_failed(&u->loop, -cqe->res);
	}
	if (r->source)
		begin(u, r);
}

static void polled(struct uring *u, struct request *r)
{
	r->polling = false;
	if (r->source == &u->loop.stop)
		u->stop_is_near = true;
	else if (r->source && r->source->want)
		loop_ready(&u->loop, r->source, r->source->want);
	if (r->source && (r->source->want == WANT_WRITE || r->source->kind != SOURCE_CONN))
		begin(u, r);
}

static void completed(struct uring *u, const struct io_uring_cqe *cqe)
{
	enum request_what what;
	struct request *r = request_of(cqe, &what);

	if (!r)
		return;
	r->n_pending++; /* while we look at it */
	if (what == REQUEST_RECEIVE)
		received(u, r, cqe);
	else if (what == REQUEST_ACCEPT)
		accepted(u, r, cqe);
	else
		polled(u, r);
	request_release(r, cqe->flags & IORING_CQE_F_MORE ? 1 : 2);
}

/* Those whose output has gone out go on with what they hold, and what the ring had no room for is asked for. Returns
 * u->stuck. */
static int feed_hungry(struct uring *u)
{
	struct request *r;

	u->stuck = 0;
	while (u->stuck == 0 && (r = u->hungry)) {
		u->hungry = r->hungry;
		r->is_hungry = false;
		while (r->source && r->source->want == WANT_READ && has_pieces(r))
			loop_ready(&u->loop, r->source, READY_READ);
		if (r->source)
			begin(u, r);
		request_release(r, 1);
	}
	return u->stuck;
}

/* Of submitting, as loop.c knows errors: the kernel is out of memory or has too many completions in hand, which may
 * pass; or the wait was over. */
static int failure(int rc, unsigned n)
{
	switch (rc) {
	case -EAGAIN:
	case -EBUSY: return n > 0 ? 0 : -ENOMEM;
	case -EINTR:
	case -ETIME: return 0;
	default: return rc < 0 ? rc : 0;
	}
}

static int take_completions(struct uring *u, int64_t timeout_ns)
{
	struct __kernel_timespec t = {.tv_sec = timeout_ns / TS_S, .tv_nsec = timeout_ns % TS_S};
	struct io_uring_cqe *cqes[EVENTS], *first;
	unsigned n;
	int rc;

	if (timeout_ns == 0 ||
	    u->hungry) /* the kernel would set a timer for a wait of 0, too, and it takes 16 us to ring */
		rc = io_uring_submit_and_get_events(&u->ring);
	else
		rc = io_uring_submit_and_wait_timeout(&u->ring, &first, 1, timeout_ns < 0 ? NULL : &t, NULL);

	n = io_uring_peek_batch_cqe(&u->ring, cqes, EVENTS);
	rc = failure(rc, n);
	if (rc < 0)
		return rc;
	loop_woke(&u->loop, (int)n);
	for (unsigned i = 0; i < n; i++)
		completed(u, cqes[i]);
	io_uring_cq_advance(&u->ring, n);
	return failure(feed_hungry(u), 0);
}

/* What the kernel has done already, without letting it do more. */
static void take_leftovers(struct uring *u)
{
	struct io_uring_cqe *cqe;

	for (int i = 0; i < URING_COMPLETIONS && io_uring_peek_cqe(&u->ring, &cqe) == 0; i++) {
		completed(u, cqe);
		io_uring_cqe_seen(&u->ring, cqe);
	}
	feed_hungry(u);
}

/*
 * The stop may be told of before callers and data that came earlier: a caller is one completion, what it has sent
 * another, for which the receive must first be asked for. So there are some more rounds before the stop is heard, until
 * no caller has come for some of them, or more than can have stood in the queue.
 */
static int wait(struct loop *loop, int64_t timeout_ns)
{
	struct uring *u = (struct uring *)loop;
	int64_t n_most = loop->worker->server->set.backlog * (int64_t)loop->n_ports;
	int rc = take_completions(u, timeout_ns);

	if (!u->stop_is_near)
		return rc;
	u->stop_is_near = false;
	u->n_accepted = 0;
	for (int quiet = 0; rc == 0 && quiet < STOP_ROUNDS; quiet++) {
		int64_t before = u->n_accepted;

		rc = take_completions(u, 0);
		if (u->n_accepted != before && u->n_accepted <= n_most)
			quiet = -1;
	}
	take_leftovers(u);
	loop_ready(loop, &loop->stop, READY_READ);
	return rc;
}

/* The requests that are still on their way are told to end, and waited for: they point to our memory. */
static void settle_requests(struct uring *u)
{
	struct __kernel_timespec t = {.tv_nsec = 10 * TS_MS};
	struct io_uring_cqe *cqe;

	feed_hungry(u);
	while (io_uring_submit_and_wait_timeout(&u->ring, &cqe, 1, &t, NULL) >= 0) {
		completed(u, cqe);
		io_uring_cqe_seen(&u->ring, cqe);
	}
}

static int serve(struct uring *u, struct worker *w)
{
	static const struct loop_ops ops = {
	        .add = add, .change = change, .remove = drop, .wait = wait, .completes = true};
	const struct settings *set = &w->server->set;
	int rc = uring_buffers_init(&u->buffers, &u->ring, (size_t)set->buffer_bytes);

	if (rc == 0)
		rc = uring_ring_enable(&u->ring, set->sandbox != SANDBOX_OFF);
	if (rc == 0)
		rc = sandbox_end_rings(set);
	if (rc == 0) {
		w->receive = next_piece;
		rc = loop_run(&u->loop, w, &ops, w->server->stop.signal_fd);
		settle_requests(u);
	}
	return rc;
}

int mode_uring(struct server *server)
{
	struct uring u = {0};
	struct worker w;
	int rc = worker_init(&w, server, server->child_index);

	if (rc < 0)
		return rc;
	u.loop.worker = &w;
	rc = uring_ring_init(&u.ring);
	if (rc == 0) {
		rc = serve(&u, &w);
		io_uring_queue_exit(&u.ring);
		uring_buffers_release(&u.buffers);
	}
	if (rc == -EINVAL || rc == -ENOSYS || rc == -EPERM)
		ts_log(&server->log, TS_LOG_ERROR,
		       "io_uring is switched off here, or older than Linux 6.0: use --mode=epoll instead");
	worker_release(&w);
	return rc;
}

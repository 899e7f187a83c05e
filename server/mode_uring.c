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
 *   user_data, 64 bits:   | address of a struct request, aligned to 8 | what (3 bits) |      0: a cancel, of no
 * interest
 *
 * The life of a buffer:  1 in the ring  2 taken by the kernel for a receive  3 named by a completion  4 answered from
 * where it lies, the stamp written in front of the data  5 in the ring again, before the next completion is looked at.
 * If the socket does not take the answer, the rest of it is copied (struct unsent), and so is what still comes in
 * before the cancel of the receive arrives (struct chunk): a buffer never waits for a client.
 */
#include "loop.h"
#include "ts_clock.h"
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ENTRIES      1024
#define BUFFERS      1024 /* a power of two */
#define BUFFER_BYTES 16384
#define GROUP        0
#define EVENTS       256 /* completions looked at before the time is */
#define STOP_ROUNDS  3

enum what { ACCEPT = 1, RECEIVE = 2, POLL = 3 };

struct chunk {
	struct chunk *next;
	size_t n;
	char data[];
};

/* What the kernel may still speak of: outlives its source. */
struct request {
	struct source *source; /* NULL once it was removed */
	unsigned n_pending;    /* requests in the kernel, and handlers on the stack */
	bool accepting, receiving, polling;
	char *data; /* the piece in hand, in a ring's buffer; NULL */
	size_t n;
	struct chunk *held;     /* owned: pieces that came while output waited, in order */
	int result;             /* of the receive's end: 1 before it, 0 end of file, -errno */
	struct request *hungry; /* next in the list of those who hold pieces and may go on */
	bool is_hungry;
};

struct uring {
	struct loop loop; /* first */
	struct io_uring ring;
	struct io_uring_buf_ring *buffers; /* owned mapping */
	char *memory;                      /* owned: BUFFERS slots of headroom and data */
	size_t slot_bytes;
	struct request *hungry;
	bool stop_is_near;
};

static struct io_uring_sqe *new_entry(struct uring *u, struct request *r, enum what what)
{
	struct io_uring_sqe *e;

	while (!(e = io_uring_get_sqe(&u->ring)))
		io_uring_submit(&u->ring);
	memset(e, 0, sizeof *e);
	e->user_data = r ? (uint64_t)(uintptr_t)r | (uint64_t)what : 0;
	return e;
}

/* liburing's prep functions clear user_data: so it is set again. */
static void mark(struct io_uring_sqe *e, struct request *r, enum what what)
{
	io_uring_sqe_set_data64(e, (uint64_t)(uintptr_t)r | (uint64_t)what);
	r->n_pending++;
}

static void receive_on(struct uring *u, struct request *r)
{
	struct io_uring_sqe *e;

	if (r->receiving || r->result <= 0)
		return;
	e = new_entry(u, r, RECEIVE);
	io_uring_prep_recv_multishot(e, r->source->fd, NULL, 0, 0);
	e->flags |= IOSQE_BUFFER_SELECT;
	e->buf_group = GROUP;
	mark(e, r, RECEIVE);
	r->receiving = true;
}

static void accept_on(struct uring *u, struct request *r)
{
	struct io_uring_sqe *e;

	if (r->accepting)
		return;
	e = new_entry(u, r, ACCEPT);
	io_uring_prep_multishot_accept(e, r->source->fd, NULL, NULL, SOCK_CLOEXEC);
	mark(e, r, ACCEPT);
	r->accepting = true;
}

static void poll_once(struct uring *u, struct request *r, short events)
{
	struct io_uring_sqe *e;

	if (r->polling)
		return;
	e = new_entry(u, r, POLL);
	io_uring_prep_poll_add(e, r->source->fd, (unsigned)events);
	mark(e, r, POLL);
	r->polling = true;
}

static void cancel(struct uring *u, struct request *r, enum what what)
{
	struct io_uring_sqe *e = new_entry(u, NULL, what);

	io_uring_prep_cancel64(e, (uint64_t)(uintptr_t)r | (uint64_t)what, 0);
	io_uring_sqe_set_data64(e, 0);
}

/* n of those who had to do with it have not any more. */
static void release(struct request *r, unsigned n)
{
	struct chunk *c;

	r->n_pending -= n;
	if (r->n_pending > 0)
		return;
	while ((c = r->held)) {
		r->held = c->next;
		free(c);
	}
	free(r);
}

/* With --max-clients a caller is accepted when there is a place: so the listener is only watched. */
static bool watches_listener(const struct uring *u)
{
	return u->loop.worker->server->set.max_clients > 0;
}

static void begin(struct uring *u, struct request *r)
{
	const struct source *s = r->source;

	if (s->kind == SOURCE_CONN && s->want == WANT_READ)
		receive_on(u, r);
	else if (s->kind == SOURCE_LISTENER && s->want && !watches_listener(u))
		accept_on(u, r);
	else if (s->want)
		poll_once(u, r, s->want == WANT_WRITE ? POLLOUT : POLLIN);
}

static int add(struct loop *loop, struct source *s)
{
	struct uring *u = (struct uring *)loop;
	struct request *r = calloc(1, sizeof *r);

	if (!r)
		return -ENOMEM;
	*r = (struct request){.source = s, .n_pending = 1, .result = 1};
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

	if (s->kind == SOURCE_CONN && s->want == WANT_WRITE && r->receiving)
		cancel(u, r, RECEIVE);
	if (!s->want && r->accepting)
		cancel(u, r, ACCEPT);
	if (s->kind == SOURCE_CONN && s->want == WANT_READ && has_pieces(r)) {
		if (!r->is_hungry) {
			r->is_hungry = true;
			r->n_pending++;
			r->hungry = u->hungry;
			u->hungry = r;
		}
		return 0;
	}
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
		cancel(u, r, POLL);
	else if (r->accepting)
		cancel(u, r, ACCEPT);
	r->source = NULL;
	release(r, 1);
}

/* For conn_read: the piece in hand, the pieces that were held, the end, or nothing. */
static ssize_t next_piece(struct worker *w, struct conn *c, char **data)
{
	struct request *r = c->source.watch;
	struct chunk *chunk = r->held;
	size_t n;

	if (chunk) {
		n = chunk->n;
		memcpy(w->desk.in, chunk->data, n);
		*data = w->desk.in;
		r->held = chunk->next;
		free(chunk);
		return (ssize_t)n;
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
	struct chunk *c = malloc(sizeof *c + n), **end = &r->held;

	if (!c) {
		worker_note(u->loop.worker, ERROR_ENOMEM, ENOMEM, "a client's data");
		r->result = -ENOMEM;
		return;
	}
	*c = (struct chunk){.n = n};
	memcpy(c->data, data, n);
	while (*end)
		end = &(*end)->next;
	*end = c;
}

static void give_buffer(struct uring *u, unsigned id)
{
	char *data = u->memory + id * u->slot_bytes + SESSION_HEADROOM;

	io_uring_buf_ring_add(u->buffers, data, (unsigned)(u->slot_bytes - SESSION_HEADROOM), (unsigned short)id,
	                      io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(u->buffers, 1);
}

static void received(struct uring *u, struct request *r, const struct io_uring_cqe *cqe)
{
	unsigned id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
	bool blocked;

	if (!(cqe->flags & IORING_CQE_F_MORE))
		r->receiving = false;
	/* Cancelled by us, or short of buffers for a moment: no end. */
	if (cqe->res <= 0 && cqe->res != -ECANCELED && cqe->res != -ENOBUFS)
		r->result = cqe->res;
	blocked = r->source && (((struct conn *)r->source)->unsent || r->held);
	if (r->source && cqe->res > 0 && !blocked) {
		r->data = u->memory + id * u->slot_bytes + SESSION_HEADROOM;
		r->n = (size_t)cqe->res;
	} else if (r->source && cqe->res > 0) {
		hold(u, r, u->memory + id * u->slot_bytes + SESSION_HEADROOM, (size_t)cqe->res);
	}
	if (r->source && !blocked && (r->data || r->result <= 0))
		loop_ready(&u->loop, r->source, READY_READ);
	r->data = NULL;
	if (cqe->flags & IORING_CQE_F_BUFFER)
		give_buffer(u, id);
	if (r->source && r->source->want == WANT_READ)
		receive_on(u, r);
}

static void accepted(struct uring *u, struct request *r, const struct io_uring_cqe *cqe)
{
	if (!(cqe->flags & IORING_CQE_F_MORE))
		r->accepting = false;
	if (cqe->res >= 0 && !r->source)
		close(cqe->res);
	else if (cqe->res >= 0)
		loop_accepted(&u->loop, cqe->res);
	else if (cqe->res != -ECANCELED && r->source)
		loop_accept_failed(&u->loop, -cqe->res);
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
	struct request *r = (struct request *)(uintptr_t)(cqe->user_data & ~(uint64_t)7); /* NOLINT: see the layout */
	enum what what = (enum what)(cqe->user_data & 7);

	if (!r)
		return;
	r->n_pending++; /* while we look at it */
	if (what == RECEIVE)
		received(u, r, cqe);
	else if (what == ACCEPT)
		accepted(u, r, cqe);
	else
		polled(u, r);
	release(r, cqe->flags & IORING_CQE_F_MORE ? 1 : 2);
}

/* Those whose output has gone out go on with what they hold. */
static void feed_hungry(struct uring *u)
{
	struct request *r;

	while ((r = u->hungry)) {
		u->hungry = r->hungry;
		r->is_hungry = false;
		while (r->source && r->source->want == WANT_READ && has_pieces(r))
			loop_ready(&u->loop, r->source, READY_READ);
		if (r->source && r->source->want == WANT_READ)
			receive_on(u, r);
		release(r, 1);
	}
}

static int take_completions(struct uring *u, int64_t timeout_ns)
{
	struct __kernel_timespec t = {.tv_sec = timeout_ns / TS_S, .tv_nsec = timeout_ns % TS_S};
	struct io_uring_cqe *cqes[EVENTS], *first;
	int rc = io_uring_submit_and_wait_timeout(&u->ring, &first, 1, timeout_ns < 0 ? NULL : &t, NULL);
	unsigned n;

	if (rc < 0 && rc != -ETIME && rc != -EINTR && rc != -EAGAIN && rc != -EBUSY)
		return rc;
	n = io_uring_peek_batch_cqe(&u->ring, cqes, EVENTS);
	loop_woke(&u->loop, (int)n);
	for (unsigned i = 0; i < n; i++)
		completed(u, cqes[i]);
	io_uring_cq_advance(&u->ring, n);
	feed_hungry(u);
	return 0;
}

/*
 * The stop may be told of before callers and data that came earlier: a caller is one completion, what it has sent
 * another, for which the receive must first be asked for. So there are some more rounds before the stop is heard.
 */
static int wait(struct loop *loop, int64_t timeout_ns)
{
	struct uring *u = (struct uring *)loop;
	int rc = take_completions(u, timeout_ns);

	if (!u->stop_is_near)
		return rc;
	u->stop_is_near = false;
	for (int i = 0; rc == 0 && i < STOP_ROUNDS; i++)
		rc = take_completions(u, 0);
	loop_ready(loop, &loop->stop, READY_READ);
	return rc;
}

static int set_up_ring(struct uring *u)
{
	struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
	                                          IORING_SETUP_CQSIZE,
	                                 .cq_entries = 8 * ENTRIES};
	int rc = io_uring_queue_init_params(ENTRIES, &u->ring, &params);

	if (rc != -EINVAL)
		return rc;
	params = (struct io_uring_params){.flags = IORING_SETUP_CQSIZE, .cq_entries = 8 * ENTRIES};
	return io_uring_queue_init_params(ENTRIES, &u->ring, &params);
}

static int set_up_buffers(struct uring *u)
{
	size_t bytes = (size_t)u->loop.worker->server->set.buffer_bytes;
	struct io_uring_buf_reg reg = {.ring_entries = BUFFERS, .bgid = GROUP};

	u->slot_bytes = SESSION_HEADROOM + (bytes < BUFFER_BYTES ? bytes : BUFFER_BYTES);
	u->memory = malloc(BUFFERS * u->slot_bytes);
	if (!u->memory)
		return -ENOMEM;
	u->buffers = mmap(NULL, BUFFERS * sizeof(struct io_uring_buf), PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (u->buffers == MAP_FAILED) {
		u->buffers = NULL;
		return -ENOMEM;
	}
	io_uring_buf_ring_init(u->buffers);
	reg.ring_addr = (uint64_t)(uintptr_t)u->buffers;
	for (unsigned i = 0; i < BUFFERS; i++)
		give_buffer(u, i);
	return io_uring_register_buf_ring(&u->ring, &reg, 0);
}

static void tear_down(struct uring *u)
{
	io_uring_queue_exit(&u->ring);
	if (u->buffers)
		munmap(u->buffers, BUFFERS * sizeof(struct io_uring_buf));
	free(u->memory);
}

/* The requests that are still on their way are told to end, and waited for: they point to our memory. */
static void settle_requests(struct uring *u)
{
	struct __kernel_timespec t = {.tv_nsec = 10 * TS_MS};
	struct io_uring_cqe *cqe;

	while (io_uring_submit_and_wait_timeout(&u->ring, &cqe, 1, &t, NULL) >= 0) {
		completed(u, cqe);
		io_uring_cqe_seen(&u->ring, cqe);
	}
}

static int serve(struct uring *u, struct worker *w)
{
	static const struct loop_ops ops = {
	        .add = add, .change = change, .remove = drop, .wait = wait, .completes = true};
	int rc = set_up_buffers(u);

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
	rc = set_up_ring(&u);
	if (rc == 0) {
		rc = serve(&u, &w);
		tear_down(&u);
	}
	if (rc == -EINVAL || rc == -ENOSYS || rc == -EPERM)
		ts_log(&server->log, TS_LOG_ERROR,
		       "io_uring is switched off here, or older than Linux 6.0: use --mode=epoll instead");
	worker_release(&w);
	return rc;
}

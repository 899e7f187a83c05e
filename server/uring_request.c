#include "uring_request.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct chunk {
	struct chunk *next;
	size_t n;
	char data[];
};

struct request *request_new(struct source *s)
{
	struct request *r = calloc(1, sizeof *r);

	if (r)
		*r = (struct request){.source = s, .n_pending = 1, .result = 1};
	return r;
}

void request_release(struct request *r, unsigned n)
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

/* A full ring is given to the kernel first: once, as what it does not take now, it would refuse again at once. */
static int new_entry(struct io_uring *ring, struct io_uring_sqe **e)
{
	int rc = 0;

	*e = io_uring_get_sqe(ring);
	if (!*e) {
		rc = io_uring_submit(ring);
		*e = io_uring_get_sqe(ring);
	}
	if (!*e)
		return rc < 0 ? rc : -EAGAIN;
	memset(*e, 0, sizeof **e);
	return 0;
}

/* After liburing's prep functions, which clear user_data. */
static void mark(struct io_uring_sqe *e, struct request *r, enum request_what what)
{
	io_uring_sqe_set_data64(e, (uint64_t)(uintptr_t)r | (uint64_t)what);
	r->n_pending++;
}

int request_receive(struct io_uring *ring, struct request *r)
{
	struct io_uring_sqe *e;
	int rc;

	if (r->receiving || r->result <= 0)
		return 0;
	rc = new_entry(ring, &e);
	if (rc < 0)
		return rc;
	io_uring_prep_recv_multishot(e, r->source->fd, NULL, 0, 0);
	e->flags |= IOSQE_BUFFER_SELECT; /* of group 0, the only one */
	mark(e, r, REQUEST_RECEIVE);
	r->receiving = true;
	return 0;
}

int request_accept(struct io_uring *ring, struct request *r)
{
	struct io_uring_sqe *e;
	int rc;

	if (r->accepting)
		return 0;
	rc = new_entry(ring, &e);
	if (rc < 0)
		return rc;
	io_uring_prep_multishot_accept(e, r->source->fd, NULL, NULL, SOCK_CLOEXEC);
	mark(e, r, REQUEST_ACCEPT);
	r->accepting = true;
	return 0;
}

int request_poll(struct io_uring *ring, struct request *r, short events)
{
	struct io_uring_sqe *e;
	int rc;

	if (r->polling)
		return 0;
	rc = new_entry(ring, &e);
	if (rc < 0)
		return rc;
	io_uring_prep_poll_add(e, r->source->fd, (unsigned)events);
	mark(e, r, REQUEST_POLL);
	r->polling = true;
	return 0;
}

int request_cancel(struct io_uring *ring, struct request *r, enum request_what what)
{
	struct io_uring_sqe *e;
	int rc = new_entry(ring, &e);

	if (rc < 0)
		return rc;
	io_uring_prep_cancel64(e, (uint64_t)(uintptr_t)r | (uint64_t)what, 0);
	io_uring_sqe_set_data64(e, 0);
	return 0;
}

struct request *request_of(const struct io_uring_cqe *cqe, enum request_what *what)
{
	*what = (enum request_what)(cqe->user_data & 7);
	return (struct request *)(uintptr_t)(cqe->user_data & ~(uint64_t)7); /* NOLINT: see the layout */
}

int request_hold(struct request *r, const char *data, size_t n)
{
	struct chunk *c = malloc(sizeof *c + n), **end = &r->held;

	if (!c)
		return -ENOMEM;
	*c = (struct chunk){.n = n};
	memcpy(c->data, data, n);
	while (*end)
		end = &(*end)->next;
	*end = c;
	return 0;
}

size_t request_take_held(struct request *r, char *out)
{
	struct chunk *c = r->held;
	size_t n = c->n;

	memcpy(out, c->data, n);
	r->held = c->next;
	free(c);
	return n;
}

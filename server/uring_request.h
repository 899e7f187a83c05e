/*
 * What mode uring has asked the kernel for on one descriptor. The kernel may still speak of it after the descriptor's
 * source has gone: a completion may come after its conversation has ended. So the memory that completions point to is
 * this, and it lives until the last of them. Source: io_uring(7).
 *
 *   user_data, 64 bits:   | address of a struct request, aligned to 8 | what (3 bits) |      0: a cancel, of no
 * interest
 *
 * A request that is on its way already is not made again. One thread.
 */
#ifndef URING_REQUEST_H
#define URING_REQUEST_H

#include "conn.h"
#include <liburing.h>

enum request_what { REQUEST_ACCEPT = 1, REQUEST_RECEIVE = 2, REQUEST_POLL = 3 };

struct chunk;

struct request {
	struct source *source; /* borrowed; NULL once it was removed */
	unsigned n_pending;    /* requests in the kernel, and handlers on the stack */
	bool accepting, receiving, polling;
	char *data; /* the piece in hand, in a ring's buffer; NULL */
	size_t n;
	struct chunk *held; /* owned: pieces that came while output waited, in order */
	int result;         /* of the receive's end: 1 before it, 0 end of file, -errno */
	struct request
	        *hungry; /* next in the list of those who hold pieces and may go on, or are still to be asked for */
	bool is_hungry;
};

/* For a source, with one who has to do with it: the caller. NULL: no memory. */
struct request *request_new(struct source *s);

/* n of those who had to do with it have not any more; the last frees it. */
void request_release(struct request *r, unsigned n);

/*
 * Receive again and again, until the end or a cancel; accept likewise; look once for these events of poll(2). 0; or
 * -errno, when the ring is full and the kernel takes nothing from it: then nothing was asked for.
 */
int request_receive(struct io_uring *ring, struct request *r);
int request_accept(struct io_uring *ring, struct request *r);
int request_poll(struct io_uring *ring, struct request *r, short events);
int request_cancel(struct io_uring *ring, struct request *r, enum request_what what);

/* Whom a completion speaks of; NULL: of a cancel. */
struct request *request_of(const struct io_uring_cqe *cqe, enum request_what *what);

/* A copy of a piece that cannot be answered yet. 0 or -ENOMEM. */
int request_hold(struct request *r, const char *data, size_t n);

/* The first piece that is held, into `out`, which has room for it; its length. Not when none is held. */
size_t request_take_held(struct request *r, char *out);

#endif

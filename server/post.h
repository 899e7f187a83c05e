/*
 * Datagrams on a socket: receive a batch, answer it. recvmmsg(2) and sendmmsg(2) move a whole batch with one system
 * call each; what is answered, and how, says datagram.h; which replies leave as one message, bundle.h.
 *
 * Storage for a batch is one for each worker, whatever the number of clients: a datagram's state ends with its reply.
 */
#ifndef POST_H
#define POST_H

#include "server.h"

#define POST_BATCH 32 /* datagrams in a batch, in modes that multiplex */

struct post; /* buffers for one batch */

/* NULL: no memory. */
struct post *post_new(struct worker *w, size_t n_batch);
void post_free(struct post *p);

/*
 * Receive one batch, answer it. flags: MSG_DONTWAIT, or 0 to wait for the first. Returns how many were received,
 * -EAGAIN when none are there, -EINTR when a signal came first.
 */
int post_serve(struct post *p, const struct listener *l, int flags);

/* At the stop: answer what waits in the socket's queue, and no more than can have stood there. */
void post_drain(struct post *p, const struct listener *l);

/* Serve one socket until the stop, a datagram at a time, blocking: for the modes without an event loop. */
int post_serve_blocking(struct worker *w, const struct listener *l);

#endif

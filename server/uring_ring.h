/*
 * The ring of mode uring: made while it is disabled, confined to the requests that the mode makes (uring_request.h),
 * and then enabled. A ring is outside the seccomp filter, and could make sockets and open files: one that is confined
 * refuses it, for good. Source: io_uring_setup(2), IORING_SETUP_R_DISABLED; io_uring_register(2),
 * IORING_REGISTER_RESTRICTIONS.
 *
 * Functions return 0 or -errno. One thread, the one that enables.
 */
#ifndef URING_RING_H
#define URING_RING_H

#include <liburing.h>
#include <stdbool.h>

#define URING_COMPLETIONS 8192

/* Disabled: buffers may be registered. */
int uring_ring_init(struct io_uring *ring);

/* Enable it; `confined`: nothing more can be registered, and it takes no other requests. */
int uring_ring_enable(struct io_uring *ring, bool confined);

#endif

/*
 * The ring of buffers from which the kernel takes one for each piece of data that it receives for mode uring. Source:
 * io_uring_register_buf_ring(3).
 *
 * The life of a buffer:  1 in the ring  2 taken by the kernel for a receive  3 named by a completion  4 answered from
 * where it lies, the stamp written into the SESSION_HEADROOM bytes in front of the data  5 in the ring again, before
 * the next completion is looked at.
 *
 * Functions return 0 or -errno. One thread.
 */
#ifndef URING_BUFFERS_H
#define URING_BUFFERS_H

#include <liburing.h>
#include <stddef.h>

struct uring_buffers {
	struct io_uring_buf_ring *ring; /* owned mapping */
	char *memory;                   /* owned: slots of headroom and data */
	size_t slot_bytes;
};

/* Make and register them as group 0, all in the ring. A piece is at most data_bytes long, or 16 KiB. */
int uring_buffers_init(struct uring_buffers *b, struct io_uring *uring, size_t data_bytes);

/* After the io_uring has ended. All zero is nothing to release. */
void uring_buffers_release(struct uring_buffers *b);

/* Where the data of a buffer begins; the kernel names it in a completion. */
char *uring_buffers_data(const struct uring_buffers *b, unsigned id);

/* Into the ring again. */
void uring_buffers_give(struct uring_buffers *b, unsigned id);

#endif

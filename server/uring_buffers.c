#include "uring_buffers.h"
#include "session.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define BUFFERS    1024 /* a power of two */
#define DATA_BYTES 16384

int uring_buffers_init(struct uring_buffers *b, struct io_uring *uring, size_t data_bytes)
{
	struct io_uring_buf_reg reg = {.ring_entries = BUFFERS};
	void *ring;

	*b = (struct uring_buffers){.slot_bytes =
	                                    SESSION_HEADROOM + (data_bytes < DATA_BYTES ? data_bytes : DATA_BYTES)};
	b->memory = malloc(BUFFERS * b->slot_bytes);
	if (!b->memory)
		return -ENOMEM;
	ring = mmap(NULL, BUFFERS * sizeof(struct io_uring_buf), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	            -1, 0);
	if (ring == MAP_FAILED)
		return -ENOMEM;
	b->ring = ring;
	io_uring_buf_ring_init(b->ring);
	reg.ring_addr = (uint64_t)(uintptr_t)b->ring;
	for (unsigned i = 0; i < BUFFERS; i++)
		uring_buffers_give(b, i);
	return io_uring_register_buf_ring(uring, &reg, 0);
}

void uring_buffers_release(struct uring_buffers *b)
{
	if (b->ring)
		munmap(b->ring, BUFFERS * sizeof(struct io_uring_buf));
	free(b->memory);
}

char *uring_buffers_data(const struct uring_buffers *b, unsigned id)
{
	return b->memory + id * b->slot_bytes + SESSION_HEADROOM;
}

void uring_buffers_give(struct uring_buffers *b, unsigned id)
{
	io_uring_buf_ring_add(b->ring, uring_buffers_data(b, id), (unsigned)(b->slot_bytes - SESSION_HEADROOM),
	                      (unsigned short)id, io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(b->ring, 1);
}

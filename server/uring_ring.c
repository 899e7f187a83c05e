#include "uring_ring.h"
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES 1024

int uring_ring_init(struct io_uring *ring)
{
	struct io_uring_params params = {.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER |
	                                          IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
	                                 .cq_entries = URING_COMPLETIONS};
	int rc = io_uring_queue_init_params(ENTRIES, ring, &params);

	if (rc != -EINVAL)
		return rc;
	params = (struct io_uring_params){.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE,
	                                  .cq_entries = URING_COMPLETIONS};
	return io_uring_queue_init_params(ENTRIES, ring, &params);
}

/* liburing 2.3 declares functions for these two, and does not export them. */
static int tell(struct io_uring *ring, unsigned what, void *argument, unsigned n)
{
	return syscall(SYS_io_uring_register, ring->ring_fd, what, argument, n) < 0 ? -errno : 0;
}

int uring_ring_enable(struct io_uring *ring, bool confined)
{
	struct io_uring_restriction allowed[] = {
	        {.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_ACCEPT},
	        {.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_RECV},
	        {.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_POLL_ADD},
	        {.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_ASYNC_CANCEL},
	        {.opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED, .sqe_flags = IOSQE_BUFFER_SELECT},
	};
	int rc = confined ? tell(ring, IORING_REGISTER_RESTRICTIONS, allowed, sizeof allowed / sizeof allowed[0]) : 0;

	return rc < 0 ? rc : tell(ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

/*
 * The ring of mode uring takes the requests that the mode makes, and no others.
 */
#include "unit.h"
#if HAVE_LIBURING
#include "uring_ring.h"
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* What becomes of one request that poll(2)s a readable descriptor, or makes a socket (an opcode younger than the
 * headers). */
static int result_of(struct io_uring *ring, bool make_socket)
{
	struct io_uring_sqe *e = io_uring_get_sqe(ring);
	int fd = eventfd(1, EFD_CLOEXEC), result;
	struct io_uring_cqe *cqe;

	assert_non_null(e);
	io_uring_prep_poll_add(e, fd, POLLIN);
	if (make_socket)
		io_uring_prep_rw(45, e, AF_INET, NULL, 0, SOCK_STREAM); /* IORING_OP_SOCKET */
	assert_int_equal(io_uring_submit(ring), 1);
	assert_int_equal(io_uring_wait_cqe(ring, &cqe), 0);
	result = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	close(fd);
	return result;
}

static void test_confined(void **state)
{
	struct io_uring ring;
	int fd;

	(void)state;
	if (uring_ring_init(&ring) < 0)
		skip(); /* io_uring is switched off here */
	assert_int_equal(uring_ring_enable(&ring, false), 0);
	fd = result_of(&ring, true);
	io_uring_queue_exit(&ring);
	if (fd < 0)
		skip(); /* Linux before 5.19 */
	close(fd);

	assert_int_equal(uring_ring_init(&ring), 0);
	assert_int_equal(uring_ring_enable(&ring, true), 0);
	assert_int_equal(result_of(&ring, true), -EACCES);
	assert_int_equal(result_of(&ring, false), POLLIN);
	assert_int_equal(io_uring_register_eventfd(&ring, 0), -EACCES);
	io_uring_queue_exit(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_confined)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int main(void)
{
	return cmocka_run_group_tests(((const struct CMUnitTest[]){{0}}), NULL, NULL);
}
#endif

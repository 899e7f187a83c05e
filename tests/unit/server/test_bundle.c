/*
 * Replies that leave as one message: which go together, and what each is by itself.
 */
#include "bundle.h"
#include "unit.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#define MOST 80

static struct {
	struct mmsghdr out[MOST];
	struct iovec pieces[MOST][2];
	struct sockaddr_in sources[MOST];
	struct bundle bundles[MOST];
	char asked[MOST][CMSG_SPACE(sizeof(struct in_pktinfo))];
	size_t n;
} row;

static char stamp[] = "[now]", data[2000];

/* One more reply: to this port, with so much data behind a stamp of 5 bytes. */
static void add(uint16_t port, size_t n)
{
	size_t i = row.n++;

	row.sources[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
	row.pieces[i][0] = (struct iovec){.iov_base = stamp, .iov_len = 5};
	row.pieces[i][1] = (struct iovec){.iov_base = data + i, .iov_len = n};
	row.out[i].msg_hdr = (struct msghdr){.msg_name = &row.sources[i],
	                                     .msg_namelen = sizeof row.sources[i],
	                                     .msg_iov = row.pieces[i],
	                                     .msg_iovlen = 2};
}

static void assert_left(size_t n_left, const size_t *n_replies)
{
	assert_int_equal(bundle_replies(row.out, row.n, row.bundles), n_left);
	for (size_t i = 0; i < n_left; i++) {
		assert_int_equal(row.bundles[i].n_replies, n_replies[i]);
		assert_int_equal(row.out[i].msg_hdr.msg_iovlen, 2 * n_replies[i]);
	}
}

/* So long the kernel is told that each piece is; 0: it is told nothing. */
static size_t cut_of(struct msghdr *h)
{
	uint16_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
		if (c->cmsg_level == IPPROTO_UDP)
			memcpy(&n, CMSG_DATA(c), sizeof n);
	return n;
}

static int setup(void **state)
{
	(void)state;
	memset(&row, 0, sizeof row);
	return 0;
}

static void test_runs(void **state)
{
	(void)state;
	add(1, 10);
	add(1, 10);
	add(1, 10);
	add(2, 10);
	add(1, 10);
	add(1, 11);
	add(1, 11);
	assert_left(4, (size_t[]){3, 1, 1, 2});
	assert_int_equal(cut_of(&row.out[0].msg_hdr), 15);
	assert_int_equal(cut_of(&row.out[1].msg_hdr), 0);
	assert_int_equal(cut_of(&row.out[3].msg_hdr), 16);
	assert_ptr_equal(row.out[3].msg_hdr.msg_iov, row.pieces[5]);
}

static void test_limits(void **state)
{
	(void)state;
	for (int i = 0; i < 70; i++)
		add(1, 10);
	add(2, 1396);
	add(2, 1396);
	assert_left(4, (size_t[]){64, 6, 1, 1});
	setup(NULL);
	for (int i = 0; i < 45; i++)
		add(1, 1395);
	assert_left(2, (size_t[]){42, 3}); /* 60,000 bytes at most */
}

static void test_single(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		add(1, 10);
	assert_left(1, (size_t[]){3});
	for (size_t i = 0; i < 3; i++) {
		struct msghdr h = bundle_single(&row.out[0].msg_hdr, &row.bundles[0], i);

		assert_ptr_equal(h.msg_iov, row.pieces[i]);
		assert_int_equal(h.msg_iovlen, 2);
		assert_null(h.msg_control);
		assert_int_equal(h.msg_controllen, 0);
	}
}

/* Each may say from which address it leaves. */
static void test_asked_address(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 4; i++) {
		struct cmsghdr c = {.cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo)),
		                    .cmsg_level = IPPROTO_IP,
		                    .cmsg_type = IP_PKTINFO};
		struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(i < 3 ? 1 : 2)};

		add(1, 10);
		memcpy(row.asked[i], &c, sizeof c);
		memcpy(row.asked[i] + CMSG_LEN(0), &info, sizeof info);
		row.out[i].msg_hdr.msg_control = row.asked[i];
		row.out[i].msg_hdr.msg_controllen = sizeof row.asked[i];
	}
	assert_left(2, (size_t[]){3, 1});
	assert_int_equal(cut_of(&row.out[0].msg_hdr), 15);
	assert_memory_equal(row.out[0].msg_hdr.msg_control, row.asked[0], sizeof row.asked[0]);
	struct msghdr h = bundle_single(&row.out[0].msg_hdr, &row.bundles[0], 1);
	assert_int_equal(h.msg_controllen, sizeof row.asked[0]);
	assert_int_equal(cut_of(&h), 0);
	h = bundle_single(&row.out[1].msg_hdr, &row.bundles[1], 0);
	assert_int_equal(h.msg_controllen, sizeof row.asked[0]);
}

static void test_refused(void **state)
{
	(void)state;
	assert_true(bundle_is_refused(EINVAL));
	assert_true(bundle_is_refused(EMSGSIZE));
	assert_false(bundle_is_refused(ECONNREFUSED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(test_runs, setup),
	        cmocka_unit_test_setup(test_limits, setup),
	        cmocka_unit_test_setup(test_single, setup),
	        cmocka_unit_test_setup(test_asked_address, setup),
	        cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "bundle.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <string.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* linux/udp.h */
#endif

#define PIECES       2     /* of a reply */
#define REPLIES_MOST 64    /* the kernel's UDP_MAX_SEGMENTS, as it was at first */
#define REPLY_MOST   1400  /* bytes: longer than the path takes is refused, and the usual path takes so much */
#define TOTAL_MOST   60000 /* less than a datagram's most */

static size_t length_of(const struct iovec *pieces)
{
	return pieces[0].iov_len + pieces[1].iov_len;
}

static bool is_alike(const void *a, size_t n_a, const void *b, size_t n_b)
{
	return n_a == n_b && (n_a == 0 || memcmp(a, b, n_a) == 0);
}

/* May reply b follow reply a within a message? */
static bool may_follow(const struct msghdr *a, const struct msghdr *b)
{
	return length_of(a->msg_iov) == length_of(b->msg_iov) &&
	       is_alike(a->msg_name, a->msg_namelen, b->msg_name, b->msg_namelen) &&
	       is_alike(a->msg_control, a->msg_controllen, b->msg_control, b->msg_controllen);
}

/* How many of these n replies go together, from the first on? */
static size_t run_of(const struct mmsghdr *out, size_t n)
{
	const size_t length = length_of(out[0].msg_hdr.msg_iov);
	const size_t most = n < REPLIES_MOST ? n : REPLIES_MOST;
	size_t n_run = 1;

	if (length > REPLY_MOST)
		return 1;
	while (n_run < most && (n_run + 1) * length <= TOTAL_MOST && may_follow(&out[0].msg_hdr, &out[n_run].msg_hdr))
		n_run++;
	return n_run;
}

/* Tell the kernel where to cut, behind what it is told already. */
static void add_cut(struct msghdr *h, struct bundle *b)
{
	const uint16_t length = (uint16_t)length_of(h->msg_iov);
	const size_t n_before = h->msg_controllen;
	struct cmsghdr *c = (struct cmsghdr *)(void *)(b->control + n_before);

	if (n_before > 0)
		memcpy(b->control, h->msg_control, n_before);
	memset(c, 0, CMSG_SPACE(sizeof length));
	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof length);
	memcpy(CMSG_DATA(c), &length, sizeof length);
	h->msg_control = b->control;
	h->msg_controllen = n_before + CMSG_SPACE(sizeof length);
}

size_t bundle_replies(struct mmsghdr *out, size_t n, struct bundle *b)
{
	size_t n_left = 0;

	for (size_t i = 0; i < n; n_left++) {
		size_t n_run = run_of(out + i, n - i);

		out[n_left] = out[i];
		b[n_left].n_replies = n_run;
		out[n_left].msg_hdr.msg_iovlen = PIECES * n_run;
		if (n_run > 1)
			add_cut(&out[n_left].msg_hdr, &b[n_left]);
		i += n_run;
	}
	return n_left;
}

struct msghdr bundle_single(const struct msghdr *whole, const struct bundle *b, size_t i)
{
	struct msghdr h = *whole;

	h.msg_iov += PIECES * i;
	h.msg_iovlen = PIECES;
	if (b->n_replies > 1)
		h.msg_controllen -= CMSG_SPACE(sizeof(uint16_t));
	if (h.msg_controllen == 0)
		h.msg_control = NULL;
	return h;
}

bool bundle_is_refused(int error)
{
	return error == EINVAL || error == EIO || error == EMSGSIZE || error == EOPNOTSUPP || error == ENOPROTOOPT;
}

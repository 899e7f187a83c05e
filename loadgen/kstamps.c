#include "kstamps.h"
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

int kstamps_enable(int fd)
{
	int flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
	            SOF_TIMESTAMPING_OPT_TSONLY; /* the stamp alone comes back, not the message with it */

	return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)) < 0 ? -errno : 0;
}

static int64_t stamp_of(struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		struct scm_timestamping stamps;
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPING)
			continue;
		memcpy(&stamps, CMSG_DATA(c), sizeof(stamps));
		return stamps.ts[0].tv_sec * 1000000000LL + stamps.ts[0].tv_nsec;
	}
	return 0;
}

static ssize_t receive(int fd, void *bytes, size_t n, int flags, int64_t *stamp_ns)
{
	union {
		char bytes[256];
		struct cmsghdr align;
	} control;
	struct iovec part = {bytes, n};
	struct msghdr message = {
	        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t got = recvmsg(fd, &message, flags | MSG_DONTWAIT);

	*stamp_ns = got >= 0 ? stamp_of(&message) : 0;
	return got;
}

int64_t kstamps_transmitted(int fd)
{
	int64_t last_ns = 0, stamp_ns;
	char nothing[1];

	while (receive(fd, nothing, sizeof(nothing), MSG_ERRQUEUE, &stamp_ns) >= 0)
		if (stamp_ns > 0)
			last_ns = stamp_ns;
	return last_ns;
}

ssize_t kstamps_recv(int fd, void *bytes, size_t n, int64_t *received_ns)
{
	return receive(fd, bytes, n, 0, received_ns);
}

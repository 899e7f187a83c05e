/* A timestamp server for datagrams in batches: recvmmsg(2), sendmmsg(2), stamp and data gathered by the kernel. usage:
 * mmsg URI */
#include "peer.h"

#define BATCH 16
#define BYTES 65536

int main(int argc, char **argv)
{
	static char data[BATCH][BYTES];
	struct sockaddr_storage addr[BATCH];
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec data_iov[BATCH], reply_iov[BATCH][2];
	struct peer_endpoint ep;
	char stamp[64];
	int fd, n;

	peer_parse(&ep, argc > 1 ? argv[1] : "udp://127.0.0.1:0");
	fd = peer_listen(&ep, 0);
	peer_ready(-1, &ep);
	for (;;) {
		time_t now;
		struct tm tm;
		int n_out = 0;

		for (int i = 0; i < BATCH; i++) {
			data_iov[i] = (struct iovec){data[i], BYTES};
			in[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &addr[i],
			                                     .msg_namelen = sizeof(addr[i]),
			                                     .msg_iov = &data_iov[i],
			                                     .msg_iovlen = 1}};
		}
		n = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL);
		now = time(NULL);
		reply_iov[0][0] = (struct iovec){stamp, strftime(stamp, sizeof(stamp), "[%s]", localtime_r(&now, &tm))};
		for (int i = 0; i < n; i++) {
			if (in[i].msg_hdr.msg_namelen <= sizeof(sa_family_t))
				continue;
			reply_iov[n_out][0] = reply_iov[0][0];
			reply_iov[n_out][1] = (struct iovec){data[i], in[i].msg_len};
			out[n_out] = (struct mmsghdr){.msg_hdr = {.msg_name = &addr[i],
			                                          .msg_namelen = in[i].msg_hdr.msg_namelen,
			                                          .msg_iov = reply_iov[n_out],
			                                          .msg_iovlen = 2}};
			n_out++;
		}
		for (int sent = 0, done; sent < n_out; sent += done)
			if ((done = sendmmsg(fd, out + sent, n_out - sent, 0)) <= 0)
				done = 1; /* this one cannot be answered */
	}
}

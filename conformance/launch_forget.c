/*
 * For a minute the kernel remembers a conversation that its server ended first (TIME_WAIT), and a server that does not
 * set SO_REUSEADDR cannot have its port again meanwhile. No suite can wait that long for each start.
 *
 * The memory of one conversation ends before its time when its client's address sends something that the kernel cannot
 * make sense of: a SYN is answered with ACK, that with RST, and the RST ends it. RFC 1337 warns of this as "TIME-WAIT
 * assassination"; a kernel with net.ipv4.tcp_rfc1337 = 1 does not let it happen. Both ends are on this machine, and
 * nobody listens, so nothing is lost.
 */
#include "launch_inside.h"
#include "socket_table.h"
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#define MOST 8192 /* conversations: more than the suite holds between two starts */

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51 /* Linux 6.3; the lowest port, and the highest shifted by 16 bits */
#endif

/*
 * To be at the client's address: with a range of one port, where the kernel knows ranges, for bind(2) does not give the
 * port of another conversation that is remembered.
 */
static bool take_place(int fd, const struct sockaddr_storage *client)
{
	uint32_t port = ntohs(((const struct sockaddr_in *)(const void *)client)->sin_port), range = port | port << 16;
	int on = 1;

	if (setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range)) == 0)
		return true;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return bind(fd, (const struct sockaddr *)client, sizeof(*client)) == 0;
}

static void send_syn(const struct socket_ends *ends)
{
	int fd = socket(ends->client.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (take_place(fd, &ends->client))
		(void)connect(fd, (const struct sockaddr *)&ends->server, sizeof(ends->server)); /* the SYN is sent */
	close(fd);
}

void launch_forget(const struct launch *l)
{
	struct socket_ends *ends = launch_remembered(l) ? malloc(MOST * sizeof(*ends)) : NULL;
	int n = ends ? socket_table_remembered(ts_endpoint_port(&l->endpoint), ends, MOST) : 0;

	for (int i = 0; i < n; i++)
		send_syn(&ends[i]);
	free(ends);
}

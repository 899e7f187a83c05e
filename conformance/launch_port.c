/* A port for a server whose user does not mind which. */
#include "launch.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_LEAST 20000
#define PORT_STEP  31 /* ports from one process to the next: as many may be chosen by each */

/*
 * How many ports from PORT_LEAST on are below those that the kernel gives to clients: one of them could have the port
 * while the server is not there.
 */
static int count_ports(void)
{
	int first = 0;
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	if (f && fscanf(f, "%d", &first) != 1)
		first = 0;
	if (f)
		fclose(f);
	return first - PORT_LEAST;
}

int launch_choose_port(struct ts_endpoint *endpoint, struct ts_err *err)
{
	struct sockaddr_in *in = (void *)&endpoint->addr; /* the port stands at the same place in both families */
	const int n_ports = count_ports();
	int result = -1;

	/* Two processes try different ones. At last, or where there are few, the kernel chooses. */
	for (int i = 0; i < PORT_STEP && result < 0; i++) {
		int fd = socket(endpoint->addr.ss_family,
		                ts_transport_is_stream(endpoint->transport) ? SOCK_STREAM : SOCK_DGRAM, 0);
		socklen_t n = sizeof(endpoint->addr);
		int port =
		        PORT_LEAST + (int)((unsigned)getpid() * PORT_STEP + (unsigned)i) % (n_ports > 0 ? n_ports : 1);
		in->sin_port = htons((uint16_t)(n_ports >= 1000 && i < PORT_STEP - 1 ? port : 0));
		result = fd < 0 || bind(fd, (struct sockaddr *)&endpoint->addr, endpoint->addr_len) < 0 ||
		                         getsockname(fd, (struct sockaddr *)&endpoint->addr, &n) < 0
		                 ? -errno
		                 : 0;
		if (fd >= 0)
			close(fd);
	}
	return result == 0 ? 0 : ts_err_set(err, -result, "cannot find a free port: %s", strerror(-result));
}

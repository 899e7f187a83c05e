#include "socket_table.h"
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TIME_WAIT = 0x06, UNCONNECTED = 0x07, LISTEN = 0x0A };

/* Lines of /proc/net/tcp: "sl local_address rem_address st ...", all in hexadecimal. */
static bool in_file(const char *path, int port, unsigned wanted)
{
	FILE *f = fopen(path, "re");
	char line[512];
	bool found = false;
	unsigned local_port, remote_port, state;

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%x %x", &local_port, &remote_port, &state) == 3)
			found = (int)local_port == port && state == wanted;
	if (f)
		fclose(f);
	return found;
}

static int ask(int family, int protocol, unsigned state)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 request;
	} message = {.head = {.nlmsg_len = sizeof(message),
	                      .nlmsg_type = SOCK_DIAG_BY_FAMILY,
	                      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	             .request = {.sdiag_family = (uint8_t)family,
	                         .sdiag_protocol = (uint8_t)protocol,
	                         .idiag_states = 1u << state}};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd >= 0 && send(fd, &message, sizeof(message), 0) == (ssize_t)sizeof(message))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The sockets on one port, in the kernel's answer: how many, and the two ends of the first of them. */
struct on_port {
	int port, n, most;
	struct socket_ends *ends; /* room for `most`; NULL with 0 */
};

static struct sockaddr_storage address(int family, const uint32_t *bytes, uint16_t port)
{
	struct sockaddr_storage addr = {.ss_family = (sa_family_t)family};
	struct sockaddr_in *v4 = (void *)&addr;
	struct sockaddr_in6 *v6 = (void *)&addr;

	v4->sin_port = port; /* it stands at the same place in both */
	if (family == AF_INET)
		memcpy(&v4->sin_addr, bytes, sizeof(v4->sin_addr));
	else
		memcpy(&v6->sin6_addr, bytes, sizeof(v6->sin6_addr));
	return addr;
}

static void note(struct on_port *on, const struct inet_diag_msg *socket)
{
	const struct inet_diag_sockid *id = &socket->id;

	if (ntohs(id->idiag_sport) != on->port)
		return;
	if (on->n < on->most)
		on->ends[on->n] =
		        (struct socket_ends){.server = address(socket->idiag_family, id->idiag_src, id->idiag_sport),
		                             .client = address(socket->idiag_family, id->idiag_dst, id->idiag_dport)};
	on->n++;
}

/* False: the kernel does not say. */
static bool read_answer(int fd, struct on_port *on)
{
	static _Thread_local _Alignas(struct nlmsghdr) char buffer[32768];

	for (;;) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		const struct nlmsghdr *head = (const void *)buffer;
		for (size_t left = (size_t)n; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
			if (head->nlmsg_type == NLMSG_DONE)
				return true;
			if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY)
				return false;
			note(on, NLMSG_DATA(head));
		}
	}
}

static bool look(int family, int protocol, unsigned state, struct on_port *on)
{
	int fd = ask(family, protocol, state);
	bool said = fd >= 0 && read_answer(fd, on);

	if (fd >= 0)
		close(fd);
	return said;
}

static bool has(int family, int protocol, const char *path, int port, unsigned state)
{
	struct on_port on = {.port = port};

	return look(family, protocol, state, &on) ? on.n > 0 : in_file(path, port, state);
}

int socket_table_remembered(int port, struct socket_ends *ends, int most)
{
	struct on_port on = {.port = port, .ends = ends, .most = most};

	look(AF_INET, IPPROTO_TCP, TIME_WAIT, &on);
	look(AF_INET6, IPPROTO_TCP, TIME_WAIT, &on);
	return on.n < most ? on.n : most;
}

bool socket_table_has_tcp(int port, enum socket_state state)
{
	unsigned wanted = state == SOCKET_LISTENS ? LISTEN : TIME_WAIT;

	return has(AF_INET, IPPROTO_TCP, "/proc/net/tcp", port, wanted) ||
	       has(AF_INET6, IPPROTO_TCP, "/proc/net/tcp6", port, wanted);
}

bool socket_table_has_udp(int port)
{
	return has(AF_INET, IPPROTO_UDP, "/proc/net/udp", port, UNCONNECTED) ||
	       has(AF_INET6, IPPROTO_UDP, "/proc/net/udp6", port, UNCONNECTED);
}

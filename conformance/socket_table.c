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

/* 1: there is one; 0: there is none; -1: the kernel does not say. */
static int in_answer(int fd, int port)
{
	static _Thread_local _Alignas(struct nlmsghdr) char buffer[32768];
	int found = 0;

	for (;;) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		const struct nlmsghdr *head = (const void *)buffer;
		for (size_t left = (size_t)n; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
			if (head->nlmsg_type == NLMSG_DONE)
				return found;
			if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY)
				return -1;
			const struct inet_diag_msg *socket = NLMSG_DATA(head);
			found |= ntohs(socket->id.idiag_sport) == port;
		}
	}
}

static bool has(int family, int protocol, const char *path, int port, unsigned state)
{
	int fd = ask(family, protocol, state);
	int found = fd >= 0 ? in_answer(fd, port) : -1;

	if (fd >= 0)
		close(fd);
	return found >= 0 ? found : in_file(path, port, state);
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

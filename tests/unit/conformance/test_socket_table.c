/* Is it seen who listens, and that nobody does any more? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "socket_table.h"
#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket on a free port of the loopback. Its port goes to *port. */
static int bound(int family, int type, int *port)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} own = {0};
	socklen_t n = family == AF_INET6 ? sizeof(own.v6) : sizeof(own.v4);
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	own.any.sa_family = (sa_family_t)family;
	if (family == AF_INET6)
		own.v6.sin6_addr = in6addr_loopback;
	else
		own.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, &own.any, n), 0);
	assert_int_equal(getsockname(fd, &own.any, &n), 0);
	*port = ntohs(family == AF_INET6 ? own.v6.sin6_port : own.v4.sin_port);
	return fd;
}

static void a_listener_is_seen_until_it_is_closed(void **state)
{
	static const int families[] = {AF_INET, AF_INET6};
	int port;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int fd = bound(families[i], SOCK_STREAM, &port);
		assert_false(socket_table_has_tcp(port, SOCKET_LISTENS));
		assert_int_equal(listen(fd, 1), 0);
		assert_true(socket_table_has_tcp(port, SOCKET_LISTENS));
		assert_false(socket_table_has_tcp(port, SOCKET_REMEMBERED));
		close(fd);
		assert_false(socket_table_has_tcp(port, SOCKET_LISTENS));
	}
}

static void a_datagram_socket_is_seen_until_it_is_closed(void **state)
{
	static const int families[] = {AF_INET, AF_INET6};
	int port;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int fd = bound(families[i], SOCK_DGRAM, &port);
		assert_true(socket_table_has_udp(port));
		close(fd);
		assert_false(socket_table_has_udp(port));
	}
}

/* The side that closes first is remembered by the kernel. */
static void a_conversation_that_the_server_ended_is_remembered(void **state)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int port;
	char byte;

	(void)state;
	int listener = bound(AF_INET, SOCK_STREAM, &port);
	assert_int_equal(listen(listener, 1), 0);
	to.sin_port = htons((uint16_t)port);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof(to)), 0);
	int server = accept(listener, NULL, NULL);
	close(listener);
	close(server);
	assert_int_equal(read(client, &byte, 1), 0);
	close(client);
	assert_true(socket_table_has_tcp(port, SOCKET_REMEMBERED));
	assert_false(socket_table_has_tcp(port, SOCKET_LISTENS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_listener_is_seen_until_it_is_closed),
	        cmocka_unit_test(a_datagram_socket_is_seen_until_it_is_closed),
	        cmocka_unit_test(a_conversation_that_the_server_ended_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Is it seen who listens, that nobody does any more, and which conversations the kernel remembers? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "launch_inside.h"
#include "socket_table.h"
#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
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

/* A conversation whose server ends first, and then listens no more. Returns the client's port. */
static int end_first(int family, int *port)
{
	struct sockaddr_storage to, own;
	socklen_t n = sizeof(to), n_own = sizeof(own);
	char byte;

	int listener = bound(family, SOCK_STREAM, port);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&to, &n), 0);
	int client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&to, n), 0);
	assert_int_equal(getsockname(client, (struct sockaddr *)&own, &n_own), 0);
	int server = accept(listener, NULL, NULL);
	close(listener);
	close(server);
	assert_int_equal(read(client, &byte, 1), 0);
	close(client);
	return ntohs(((struct sockaddr_in *)(void *)&own)->sin_port);
}

/* The side that closes first is remembered by the kernel, until it is made to forget. */
static void a_conversation_that_the_server_ended_is_remembered_and_forgotten(void **state)
{
	static const struct {
		int family;
		const char *host;
	} rows[] = {{AF_INET, "127.0.0.1"}, {AF_INET6, "[::1]"}};
	struct socket_ends ends[2];
	struct ts_endpoint endpoint;
	char uri[64];
	int port;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int client_port = end_first(rows[i].family, &port);
		assert_true(socket_table_has_tcp(port, SOCKET_REMEMBERED));
		assert_false(socket_table_has_tcp(port, SOCKET_LISTENS));
		assert_int_equal(socket_table_remembered(port, ends, 2), 1);
		assert_int_equal(ntohs(((struct sockaddr_in *)(void *)&ends[0].server)->sin_port), port);
		assert_int_equal(ntohs(((struct sockaddr_in *)(void *)&ends[0].client)->sin_port), client_port);
		snprintf(uri, sizeof(uri), "tcp://%s:%d", rows[i].host, port);
		assert_int_equal(ts_endpoint_parse(&endpoint, uri, NULL), 0);
		struct launch *launch = launch_new("true", &endpoint, NULL);
		assert_true(launch_remembered(launch));
		launch_forget(launch);
		assert_false(launch_remembered(launch));
		launch_free(launch);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_listener_is_seen_until_it_is_closed),
	        cmocka_unit_test(a_datagram_socket_is_seen_until_it_is_closed),
	        cmocka_unit_test(a_conversation_that_the_server_ended_is_remembered_and_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

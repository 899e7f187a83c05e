/* Real sockets of all four kinds, and each failure with its advice. */
#include "ts_clock.h"
#include "ts_endpoint.h"
#include "unit.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

static char folder[] = "/tmp/ts-endpoint-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

/* Fails when a test left a path behind. */
static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static void path_uri(char *uri, size_t size, const char *transport, const char *name)
{
	snprintf(uri, size, "%s:%s/%s", transport, folder, name);
}

static int listen_on(const char *uri, struct ts_endpoint *ep, struct ts_err *err)
{
	const struct ts_listen options = {0};
	int r = ts_endpoint_parse(ep, uri, err);

	return r < 0 ? r : ts_endpoint_listen(ep, &options, err);
}

/* One message each way. The datagram client must be answerable: it has an address of its own. */
static void talk(int server, const struct ts_endpoint *ep)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof from;
	struct ts_err err = {0};
	int client = ts_endpoint_connect(ep, 0, TS_S, &err), peer = server;
	char byte;

	if (client < 0)
		fail_msg("%s", err.text);
	assert_false(fcntl(client, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(client, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(send(client, "q", 1, 0), 1);
	if (ts_transport_is_stream(ep->transport))
		peer = accept(server, NULL, NULL);
	assert_int_equal(recvfrom(peer, &byte, 1, 0, (struct sockaddr *)&from, &len), 1);
	if (peer != server)
		assert_int_equal(send(peer, "r", 1, 0), 1);
	else
		assert_int_equal(sendto(peer, "r", 1, 0, (struct sockaddr *)&from, len), 1);
	assert_int_equal(recv(client, &byte, 1, 0), 1);
	assert_int_equal(byte, 'r');
	if (peer != server)
		close(peer);
	close(client);
}

static void all_kinds_talk(void **state)
{
	char paths[2][100], abstract[2][100];
	const char *uris[] = {
	        "tcp://127.0.0.1:0", "udp://127.0.0.1:0", "tcp://[::1]:0", "udp://[::1]:0", paths[0], paths[1],
	        abstract[0],         abstract[1]};

	(void)state;
	path_uri(paths[0], sizeof paths[0], "unix", "talk");
	path_uri(paths[1], sizeof paths[1], "unixgram", "talk");
	snprintf(abstract[0], sizeof abstract[0], "unix:@ts-test-%d", (int)getpid());
	snprintf(abstract[1], sizeof abstract[1], "unixgram:@ts-test-gram-%d", (int)getpid());
	for (size_t i = 0; i < N(uris); i++) {
		struct ts_endpoint ep;
		struct ts_err err = {0};
		int server = listen_on(uris[i], &ep, &err);

		if (server < 0)
			fail_msg("%s", err.text);
		assert_true(fcntl(server, F_GETFD) & FD_CLOEXEC);
		assert_int_not_equal(ts_endpoint_port(&ep), 0); /* the real one */
		talk(server, &ep);
		close(server);
		ts_endpoint_remove(&ep);
	}
}

/* [::] serves IPv4 callers, too. */
static void the_wildcard_serves_both_families(void **state)
{
	struct ts_endpoint ep, v4;
	struct ts_err err = {0};
	int server = listen_on("tcp://[::]:0", &ep, &err);

	(void)state;
	assert_true(server >= 0);
	assert_int_equal(ts_endpoint_parse(&v4, "tcp://127.0.0.1:1", &err), 0);
	((struct sockaddr_in *)&v4.addr)->sin_port = htons((uint16_t)ts_endpoint_port(&ep));
	talk(server, &v4);
	close(server);
}

static int option_of(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof value;

	getsockopt(fd, level, name, &value, &len);
	return value;
}

static void socket_options(void **state)
{
	const struct ts_listen shared = {.sock_flags = SOCK_NONBLOCK, .reuse_port = true};
	struct ts_endpoint tcp, udp;
	int fds[4];

	(void)state;
	assert_int_equal(ts_endpoint_parse(&tcp, "tcp://127.0.0.1:0", NULL), 0);
	assert_int_equal(ts_endpoint_parse(&udp, "udp://127.0.0.1:0", NULL), 0);
	fds[0] = ts_endpoint_listen(&tcp, &shared, NULL);
	fds[1] = ts_endpoint_listen(&tcp, &shared, NULL); /* the same port again */
	fds[2] = ts_endpoint_listen(&udp, &(struct ts_listen){0}, NULL);
	fds[3] = ts_endpoint_socket(&tcp, SOCK_NONBLOCK);
	assert_true(fds[0] >= 0 && fds[1] >= 0 && fds[2] >= 0 && fds[3] >= 0);
	assert_int_equal(option_of(fds[0], SOL_SOCKET, SO_REUSEADDR), 1);
	assert_int_equal(option_of(fds[2], SOL_SOCKET, SO_REUSEADDR), 0); /* or two servers would share the port */
	assert_true(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
	assert_true(option_of(fds[3], IPPROTO_TCP, TCP_NODELAY) != 0);
	for (size_t i = 0; i < N(fds); i++)
		close(fds[i]);
}

static void check_failure(int r, int error, const struct ts_err *err, const char *uri, const char *says)
{
	assert_int_equal(r, -error);
	assert_int_equal(err->exit_status, TS_EXIT_ENVIRON);
	if (!strstr(err->text, uri) || !strstr(err->text, says) || strchr(err->text, '\n'))
		fail_msg("said \"%s\", not %s", err->text, says);
}

static void a_busy_port_says_so(void **state)
{
	struct ts_endpoint ep, other;
	struct ts_err err = {0};
	char uri[TS_ENDPOINT_TEXT_MAX];
	int server = listen_on("tcp://127.0.0.1:0", &ep, &err);

	(void)state;
	ts_endpoint_text(&ep, uri, sizeof uri);
	check_failure(listen_on(uri, &other, &err), EADDRINUSE, &err, uri, "stop the other server");
	close(server);
	/* and nobody listens now: refused, without waiting */
	check_failure(ts_endpoint_connect(&ep, 0, 10 * TS_S, &err), ECONNREFUSED, &err, uri, "start the server");
}

static void a_foreign_address_says_so(void **state)
{
	struct ts_endpoint ep;
	struct ts_err err = {0};

	(void)state;
	check_failure(listen_on("tcp://192.0.2.1:0", &ep, &err), EADDRNOTAVAIL, &err, "tcp://192.0.2.1:0",
	              "choose an address of this machine");
}

static void a_missing_folder_says_so(void **state)
{
	struct ts_endpoint ep;
	struct ts_err err = {0};
	char uri[100];

	(void)state;
	path_uri(uri, sizeof uri, "unix", "none/x");
	check_failure(listen_on(uri, &ep, &err), ENOENT, &err, uri, "directory");
	check_failure(ts_endpoint_connect(&ep, 0, TS_S, &err), ENOENT, &err, uri, "start the server");
}

static void a_stale_path_is_taken_over(void **state)
{
	static const char *const transports[] = {"unix", "unixgram"};

	(void)state;
	for (size_t i = 0; i < N(transports); i++) {
		struct ts_endpoint ep, again;
		struct ts_err err = {0};
		char uri[100];
		int fd;

		path_uri(uri, sizeof uri, transports[i], "stale");
		fd = listen_on(uri, &ep, &err);
		assert_true(fd >= 0);
		check_failure(listen_on(uri, &again, &err), EADDRINUSE, &err, uri, "stop the other server");
		talk(fd, &ep); /* the live one was not harmed */
		close(fd);     /* its path stays */
		fd = listen_on(uri, &again, &err);
		if (fd < 0)
			fail_msg("%s", err.text);
		talk(fd, &again);
		close(fd);
		ts_endpoint_remove(&again);
		assert_int_equal(access(again.transport == TS_UNIX ? uri + 5 : uri + 9, F_OK), -1);
	}
}

/* A live server of the other kind refuses with EPROTOTYPE, which is no sign of death. */
static void a_live_path_of_the_other_kind_is_kept(void **state)
{
	struct ts_endpoint ep, other;
	struct ts_err err = {0};
	char uri[100];
	int fd;

	(void)state;
	path_uri(uri, sizeof uri, "unixgram", "kind");
	fd = listen_on(uri, &ep, &err);
	path_uri(uri, sizeof uri, "unix", "kind");
	check_failure(listen_on(uri, &other, &err), EADDRINUSE, &err, uri, "");
	check_failure(ts_endpoint_connect(&other, 0, TS_S, &err), EPROTOTYPE, &err, uri, "unixgram takes datagrams");
	talk(fd, &ep);
	close(fd);
	ts_endpoint_remove(&ep);
}

/* Catches: one who ends, and takes away the path of the one who has come after him. */
static void only_the_own_path_is_removed(void **state)
{
	struct ts_endpoint ep, abstract;
	struct ts_endpoint_file own, none = {0};
	struct ts_err err = {0};
	char uri[100];
	int first, second;

	(void)state;
	path_uri(uri, sizeof uri, "unix", "own");
	first = listen_on(uri, &ep, &err);
	own = ts_endpoint_file(&ep);
	assert_int_equal(unlink(uri + 5), 0);
	second = listen_on(uri, &ep, &err);
	ts_endpoint_remove_own(&ep, &own);
	close(first);
	talk(second, &ep);
	own = ts_endpoint_file(&ep);
	ts_endpoint_remove_own(&ep, &own);
	assert_int_equal(access(uri + 5, F_OK), -1);
	ts_endpoint_remove_own(&ep, &own);
	close(second);
	assert_int_equal(ts_endpoint_parse(&abstract, "unix:@nobody", &err), 0);
	ts_endpoint_remove_own(&abstract, &none);
}

/* Catches: a take-over that unlinks whatever is there. A link to a dead socket is no socket either. */
static void what_is_no_socket_is_never_removed(void **state)
{
	struct ts_endpoint ep;
	struct ts_err err = {0};
	char uri[100], link_uri[100];
	int fd;

	(void)state;
	path_uri(uri, sizeof uri, "unix", "file");
	fd = open(uri + 5, O_CREAT | O_WRONLY, 0600);
	close(fd);
	check_failure(listen_on(uri, &ep, &err), ENOTSOCK, &err, uri, "no socket");
	ts_endpoint_remove(&ep);
	assert_int_equal(unlink(uri + 5), 0);

	fd = listen_on(uri, &ep, &err);
	close(fd);
	path_uri(link_uri, sizeof link_uri, "unix", "link");
	assert_int_equal(symlink(uri + 5, link_uri + 5), 0);
	check_failure(listen_on(link_uri, &ep, &err), ENOTSOCK, &err, link_uri, "no socket");
	assert_int_equal(unlink(link_uri + 5), 0);
	assert_int_equal(unlink(uri + 5), 0);
}

/* A server that never accepts: with its queue full, a UNIX connect has to give up in time. */
static void a_full_queue_times_out(void **state)
{
	const struct ts_listen options = {.backlog = 1};
	struct ts_endpoint ep;
	struct ts_err err = {0};
	int64_t start_ns = ts_clock_mono_ns();
	int clients[8], n = 0, server;
	char uri[100];

	(void)state;
	path_uri(uri, sizeof uri, "unix", "full");
	assert_int_equal(ts_endpoint_parse(&ep, uri, &err), 0);
	server = ts_endpoint_listen(&ep, &options, &err);
	while (n < (int)N(clients) && (clients[n] = ts_endpoint_connect(&ep, 0, 30 * TS_MS, &err)) >= 0)
		n++;
	assert_true(n >= 1 && n < (int)N(clients));
	check_failure(clients[n], ETIMEDOUT, &err, uri, "allow more time");
	assert_true(ts_clock_mono_ns() - start_ns >= 30 * TS_MS);
	while (n > 0)
		close(clients[--n]);
	close(server);
	ts_endpoint_remove(&ep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(all_kinds_talk),
	        cmocka_unit_test(the_wildcard_serves_both_families),
	        cmocka_unit_test(socket_options),
	        cmocka_unit_test(a_busy_port_says_so),
	        cmocka_unit_test(a_foreign_address_says_so),
	        cmocka_unit_test(a_missing_folder_says_so),
	        cmocka_unit_test(a_stale_path_is_taken_over),
	        cmocka_unit_test(a_live_path_of_the_other_kind_is_kept),
	        cmocka_unit_test(only_the_own_path_is_removed),
	        cmocka_unit_test(what_is_no_socket_is_never_removed),
	        cmocka_unit_test(a_full_queue_times_out),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

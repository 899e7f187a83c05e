/* Each connection gets a local address and port of its own; pairs that are taken are passed over. */
#include "source.h"
#include "unit.h"
#include "worker.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define N_PORTS 4

struct fixture {
	struct plan plan;
	struct control control;
	struct worker *worker;
	struct client client;
	int fds[64], n_fds;
};

/* A datagram socket on 127.0.0.1 at this port, 0: any. Returns the port, 0: it is taken. */
static int hold(struct fixture *f, uint32_t address, int port)
{
	struct sockaddr_in in = {
	        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(address)};
	socklen_t n = sizeof(in);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	f->fds[f->n_fds++] = fd;
	if (bind(fd, (struct sockaddr *)&in, n) < 0)
		return 0;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &n), 0);
	return ntohs(in.sin_port);
}

/* A worker that calls from so many addresses from 127.0.0.1 on, and from N_PORTS ports that were free a moment ago. */
static int make(void **state, uint64_t n_addresses)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct sockaddr_in *base;

	assert_non_null(f);
	f->worker = calloc(1, sizeof(*f->worker));
	assert_non_null(f->worker);
	f->worker->plan = &f->plan;
	f->worker->control = &f->control;
	f->worker->n_workers = 1;
	f->client.flags = CLIENT_DATAGRAM;
	base = (struct sockaddr_in *)&f->plan.source.base.addr;
	base->sin_family = AF_INET;
	base->sin_addr.s_addr = htonl(n_addresses > 2 ? 0x7f000000 : 0x7f000001);
	f->plan.source.base.addr_len = sizeof(*base);
	f->plan.source.n_addresses = n_addresses;
	f->plan.source.n_ports = N_PORTS;
	for (int port = 0; f->plan.source.low_port == 0;) {
		port = hold(f, 0x7f000001, 0);
		close(f->fds[--f->n_fds]);
		f->plan.source.low_port = port;
		for (int i = 0; i < N_PORTS; i++) {
			int got = hold(f, 0x7f000001, port + i);
			close(f->fds[--f->n_fds]);
			if (got == 0)
				f->plan.source.low_port = 0;
		}
	}
	*state = f;
	return 0;
}

static int one_address(void **state)
{
	return make(state, 1);
}

static int sixteen_addresses(void **state)
{
	return make(state, 18); /* the first and the last are no hosts */
}

static int clear(void **state)
{
	struct fixture *f = *state;

	while (f->n_fds > 0)
		close(f->fds[--f->n_fds]);
	free(f->worker);
	free(f);
	return 0;
}

static struct sockaddr_in call(struct fixture *f)
{
	struct sockaddr_in in;
	socklen_t n = sizeof(in);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	f->fds[f->n_fds++] = fd;
	assert_int_equal(source_bind(f->worker, &f->client, fd), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &n), 0);
	return in;
}

static void addresses_take_turns_before_ports(void **state)
{
	struct fixture *f = *state;

	f->worker->index = 1; /* of three workers: every third pair */
	f->worker->n_workers = 3;
	f->control.first_pair = 16 * N_PORTS * 5;
	for (int i = 0; i < 20; i++) {
		struct sockaddr_in in = call(f);
		int number = 1 + 3 * i;
		assert_int_equal(ntohl(in.sin_addr.s_addr), 0x7f000001 + number % 16);
		assert_int_equal(ntohs(in.sin_port), f->plan.source.low_port + number / 16);
	}
}

static void a_pair_that_is_taken_is_passed_over(void **state)
{
	struct fixture *f = *state;
	bool seen[N_PORTS] = {0};

	assert_int_not_equal(hold(f, 0x7f000001, (int)f->plan.source.low_port + 1), 0);
	for (int i = 0; i < N_PORTS - 1; i++) {
		int64_t at = ntohs(call(f).sin_port) - f->plan.source.low_port;
		assert_in_range(at, 0, N_PORTS - 1);
		assert_false(seen[at]);
		seen[at] = true;
	}
	assert_false(seen[1]);
}

static void when_all_are_taken_the_kernel_chooses_the_port(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_in in;

	for (int i = 0; i < N_PORTS; i++)
		call(f);
	in = call(f);
	assert_int_equal(ntohl(in.sin_addr.s_addr), 0x7f000001);
}

static void plan_for(struct plan *plan, int64_t n_connections, const char *first, const char *second)
{
	struct ts_err err;

	memset(plan, 0, sizeof(*plan));
	plan->n_connections = n_connections;
	assert_int_equal(ts_endpoint_parse(&plan->targets[0], first, &err), 0);
	plan->n_targets = 1;
	if (second)
		assert_int_equal(ts_endpoint_parse(&plan->targets[plan->n_targets++], second, &err), 0);
	source_default(plan);
}

/* The kernel's own choice is slow once half of the ports are taken. */
static void many_from_one_address_get_pairs_of_it(void **state)
{
	struct plan plan;
	struct ts_endpoint address;
	int64_t low, n;

	(void)state;
	source_ports(&low, &n);
	plan_for(&plan, n / 2, "tcp://127.0.0.1:7", NULL);
	assert_int_equal(plan.source.n_addresses, 0);
	plan_for(&plan, n / 2 + 1, "tcp://127.0.0.1:7", NULL);
	assert_int_equal(plan.source.n_addresses, 1);
	plan_source_address(&plan, 5, &address);
	assert_int_equal(((struct sockaddr_in *)&address.addr)->sin_addr.s_addr, htonl(0x7f000001));
	assert_int_equal(ts_endpoint_port(&address), 0);
	plan_for(&plan, n / 2 + 1, "tcp://127.0.0.1:7", "tcp://127.0.0.1:8");
	assert_int_equal(plan.source.n_addresses, 0); /* each has half of them */
	plan_for(&plan, n + 2, "tcp://127.0.0.1:7", "tcp://127.0.0.1:8");
	assert_int_equal(plan.source.n_addresses, 1);
	plan_for(&plan, n + 2, "tcp://127.0.0.1:7", "unix:/nowhere");
	assert_int_equal(plan.source.n_addresses, 0);
	plan_for(&plan, n / 2 + 1, "udp://127.0.0.1:7", "udp://127.0.0.1:8");
	assert_int_equal(plan.source.n_addresses, 1); /* datagram sockets never share a port */
	plan_for(&plan, n, "unix:/nowhere", NULL);
	assert_int_equal(plan.source.n_addresses, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(addresses_take_turns_before_ports, sixteen_addresses, clear),
	        cmocka_unit_test_setup_teardown(a_pair_that_is_taken_is_passed_over, one_address, clear),
	        cmocka_unit_test(many_from_one_address_get_pairs_of_it),
	        cmocka_unit_test_setup_teardown(when_all_are_taken_the_kernel_chooses_the_port, one_address, clear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

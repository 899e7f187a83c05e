#include "source.h"
#include "worker.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define JUMP 401 /* pairs that are passed over with one that is taken: its neighbours may be taken, too */

void source_ports(int64_t *low, int64_t *n)
{
	long first = 32768, last = 60999;
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	if (f && fscanf(f, "%ld %ld", &first, &last) != 2)
		first = 32768, last = 60999;
	if (f)
		fclose(f);
	*low = first;
	*n = last - first + 1;
}

int64_t source_addresses(const struct plan *plan)
{
	uint64_t n = plan->source.n_addresses;

	return n > 2 ? (int64_t)n - 2 : n > 0 ? (int64_t)n : 1; /* not the network's name, not the broadcast's */
}

/* How many connections share one row of ports: streams to different endpoints may have equal ones. */
int64_t source_sharers(const struct plan *plan)
{
	int64_t n = plan->n_connections + plan->n_idle, n_targets = (int64_t)plan->n_targets;

	return plan->targets[0].transport == TS_TCP ? (n + n_targets - 1) / n_targets : n;
}

static void set_port(struct ts_endpoint *ep, int64_t port)
{
	if (ep->addr.ss_family == AF_INET)
		((struct sockaddr_in *)&ep->addr)->sin_port = htons((uint16_t)port);
	else
		((struct sockaddr_in6 *)&ep->addr)->sin6_port = htons((uint16_t)port);
}

/*
 * A careful server does not answer datagrams from its own port number: they might come from a server like itself. (-1,
 * for UNIX sockets, is no number.)
 */
static bool is_shunned(const struct worker *w, const struct client *c, const struct ts_endpoint *own)
{
	int port = ts_endpoint_port(own);

	return c->flags & CLIENT_DATAGRAM && port >= 0 && port == ts_endpoint_port(&w->plan->targets[c->target]);
}

/* The address from which the kernel would call this endpoint; no packet is sent for it. */
static bool own_address(const struct ts_endpoint *target, struct ts_endpoint *own)
{
	int fd = socket(target->addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool known;

	memset(own, 0, sizeof(*own));
	own->addr_len = sizeof(own->addr);
	known = fd >= 0 && connect(fd, (const struct sockaddr *)&target->addr, target->addr_len) == 0 &&
	        getsockname(fd, (struct sockaddr *)&own->addr, &own->addr_len) == 0;
	if (fd >= 0)
		close(fd);
	set_port(own, 0);
	return known;
}

void source_default(struct plan *plan)
{
	struct ts_endpoint own, other;

	source_ports(&plan->source.low_port, &plan->source.n_ports);
	if ((plan->targets[0].transport != TS_TCP && plan->targets[0].transport != TS_UDP) ||
	    source_sharers(plan) <= plan->source.n_ports / 2 || !own_address(&plan->targets[0], &own))
		return;
	for (size_t i = 1; i < plan->n_targets; i++)
		if (plan->targets[i].transport != plan->targets[0].transport ||
		    !own_address(&plan->targets[i], &other) || other.addr_len != own.addr_len ||
		    memcmp(&other.addr, &own.addr, own.addr_len) != 0)
			return;
	plan->source.base = own;
	plan->source.n_addresses = 1;
}

static void next_pair(struct worker *w, struct ts_endpoint *pair)
{
	const struct plan *plan = w->plan;
	uint64_t n_addresses = (uint64_t)source_addresses(plan);
	uint64_t number = atomic_load_explicit(&w->control->first_pair, memory_order_relaxed) + w->index +
	                  w->n_pairs_tried++ * w->n_workers;

	plan_source_address(plan, number % n_addresses, pair);
	set_port(pair, plan->source.low_port + (int64_t)(number / n_addresses % (uint64_t)plan->source.n_ports));
}

/* The address is the plan's, the port the kernel's. */
static int bind_any_port(struct worker *w, int fd)
{
	struct ts_endpoint pair;
	int on = 1;

	next_pair(w, &pair);
	set_port(&pair, 0);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	return bind(fd, (struct sockaddr *)&pair.addr, pair.addr_len) < 0 ? -errno : 0;
}

int source_bind(struct worker *w, const struct client *c, int fd)
{
	struct ts_endpoint pair;
	int on = 1;

	if (w->plan->source.n_addresses == 0)
		return 0;
	/* Streams: the port may serve another address, or another connection's end; connect(2) looks closer. */
	if (!(c->flags & CLIENT_DATAGRAM))
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	for (int i = 0; i < SOURCE_TRIES; i++) {
		next_pair(w, &pair);
		if (!is_shunned(w, c, &pair)) {
			if (bind(fd, (struct sockaddr *)&pair.addr, pair.addr_len) == 0)
				return 0;
			if (errno != EADDRINUSE)
				return -errno;
		}
		w->n_pairs_tried += JUMP;
	}
	return bind_any_port(w, fd);
}

static int replace_socket(struct worker *w, const struct client *c, int n_tried)
{
	const struct ts_endpoint *target = &w->plan->targets[c->target];
	int other = ts_endpoint_socket(target, SOCK_NONBLOCK | SOCK_CLOEXEC), result;

	if (other < 0)
		return other;
	if (c->slow)
		slow_prepare(w, other, target->transport);
	w->n_pairs_tried += JUMP;
	result = n_tried < SOURCE_TRIES ? source_bind(w, c, other) : bind_any_port(w, other);
	if (result == 0 && dup3(other, c->io.fd, O_CLOEXEC) < 0)
		result = -errno;
	close(other);
	return result;
}

/* The kernel chose that one port of 28,000 for us: put another socket in its place, made while this
 * one still holds it. */
static void shun_port(struct worker *w, const struct client *c)
{
	const struct ts_endpoint *target = &w->plan->targets[c->target];
	struct ts_endpoint own = {.addr_len = sizeof(own.addr)};
	int other;

	if (getsockname(c->io.fd, (struct sockaddr *)&own.addr, &own.addr_len) < 0 || !is_shunned(w, c, &own))
		return;
	other = ts_endpoint_socket(target, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (other < 0)
		return;
	if (source_bind(w, c, other) == 0 &&
	    connect(other, (const struct sockaddr *)&target->addr, target->addr_len) == 0)
		dup3(other, c->io.fd, O_CLOEXEC);
	close(other);
}

int source_connect(struct worker *w, const struct client *c)
{
	const struct ts_endpoint *target = &w->plan->targets[c->target];

	for (int n_tried = 1;; n_tried++) {
		if (connect(c->io.fd, (const struct sockaddr *)&target->addr, target->addr_len) == 0) {
			if (c->flags & CLIENT_DATAGRAM)
				shun_port(w, c);
			return 0;
		}
		if (errno != EADDRNOTAVAIL || w->plan->source.n_addresses == 0 || n_tried > SOURCE_TRIES)
			return -1;
		if (replace_socket(w, c, n_tried) < 0) {
			errno = EADDRNOTAVAIL;
			return -1;
		}
	}
}

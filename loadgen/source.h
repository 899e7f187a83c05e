/*
 * Where connections call from (--source): each gets a local address and port of its own, chosen here.
 *
 * The kernel's own choice tries ports one after the other, the even ones first: with more than half of an address's
 * ports taken each connect(2) looks at 14,000 of them (docs/load.md has the figures). So the pairs of all addresses and
 * all ports of the local range are counted through: address first, then port, from a start that differs between runs.
 * Worker k of n takes every n-th pair, so that workers do not meet. A pair that is taken, by a stranger or by a
 * connection that has just ended, is passed over, and 400 neighbours with it; after SOURCE_TRIES of
 * them the kernel may choose the port.
 *
 * Source: ip(7), IP_BIND_ADDRESS_NO_PORT; Linux, net/ipv4/inet_hashtables.c, __inet_hash_connect.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include "client.h"
#include "plan.h"

#define SOURCE_TRIES 64

/* The range of local ports; the system's default when it cannot be read. */
void source_ports(int64_t *low, int64_t *n);

/* Without --source, and with more than half of the ports of our address needed: choose pairs of that address. Else, and
 * where the endpoints are called from different addresses, the kernel chooses. */
void source_default(struct plan *plan);

/* How many addresses the plan calls from; 1 when the kernel chooses. */
int64_t source_addresses(const struct plan *plan);

/* How many connections share one row of ports of an address. */
int64_t source_sharers(const struct plan *plan);

/* Bind to the next free pair; no-op where the kernel chooses. 0 or -errno. */
int source_bind(struct worker *w, const struct client *c, int fd);

/* connect(2) of a client's socket to its target; where the pair turns out to be in use (EADDRNOTAVAIL), or would not be
 * answered, another socket with another pair takes its place. 0, or -1 with errno. */
int source_connect(struct worker *w, const struct client *c);

#endif

/*
 * Which datagrams are not answered: a source can be forged, and a reply is longer than its request.
 * Pure: the time is an argument. Source: docs/protocol.md, "Safety".
 *
 * Never answered: port 0, a port that this server listens on (two such servers would answer each other for ever), and
 * the small services echo 7, discard 9, daytime 13, qotd 17, chargen 19, time 37.
 * Optional: at most `rate` replies per second to one source address (a /64 in IPv6), in bursts of one second's worth
 * (at least 8). Sources share 4,096 buckets by a keyed hash: forged ones cannot fill memory, and a collision only
 * limits two sources together. A bucket is one number, the time at which it will be empty again (GCRA, the "virtual
 * scheduling" of ITU-T I.371): so threads and processes share it by one atomic exchange.
 */
#ifndef GUARD_H
#define GUARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define GUARD_BUCKETS 4096

struct guard {
	uint64_t ports[65536 / 64]; /* one bit for each, host order: those that this server listens on */
	double rate_per_s;          /* 0: no limit */
	uint64_t key;
	_Atomic int64_t *buckets; /* owned, in shared memory; NULL without a limit */
};

enum guard_verdict {
	GUARD_ANSWER,
	GUARD_NO_SOURCE, /* a UNIX sender without a name cannot be answered */
	GUARD_PORT,
	GUARD_RATE
};

/* 0 or -ENOMEM. `key` should be random. */
int guard_init(struct guard *g, double rate_per_s, uint64_t key);
void guard_release(struct guard *g);

/* Never answer this port, one of our own. */
void guard_add_port(struct guard *g, uint16_t port);

enum guard_verdict guard_judge(struct guard *g, const struct sockaddr *source, socklen_t n, int64_t mono_ns);

#endif

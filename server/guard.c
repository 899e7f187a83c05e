#include "guard.h"
#include "ts_clock.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static const uint16_t small_services[] = {0, 7, 9, 13, 17, 19, 37};

int guard_init(struct guard *g, double rate_per_s, uint64_t key)
{
	*g = (struct guard){.rate_per_s = rate_per_s, .key = key};
	if (rate_per_s <= 0)
		return 0;
	g->buckets = calloc(GUARD_BUCKETS, sizeof *g->buckets);
	return g->buckets ? 0 : -ENOMEM;
}

void guard_release(struct guard *g)
{
	free(g->buckets);
	g->buckets = NULL;
}

bool guard_add_port(struct guard *g, uint16_t port)
{
	if (g->n_ports == GUARD_PORTS_MAX)
		return false;
	g->ports[g->n_ports++] = port;
	return true;
}

static bool port_is_refused(const struct guard *g, uint16_t port)
{
	for (size_t i = 0; i < sizeof small_services / sizeof small_services[0]; i++)
		if (port == small_services[i])
			return true;
	for (size_t i = 0; i < g->n_ports; i++)
		if (port == g->ports[i])
			return true;
	return false;
}

/* The address without its port, mixed with the key (the finaliser of MurmurHash3). */
static size_t bucket_of(const struct guard *g, const struct sockaddr *source)
{
	uint64_t h = 0;

	if (source->sa_family == AF_INET) {
		h = ((const struct sockaddr_in *)source)->sin_addr.s_addr;
	} else {
		memcpy(&h, &((const struct sockaddr_in6 *)source)->sin6_addr, sizeof h);
	}
	h ^= g->key;
	h = (h ^ h >> 33) * 0xff51afd7ed558ccdULL;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return (h ^ h >> 33) % GUARD_BUCKETS;
}

static bool take_token(struct guard *g, const struct sockaddr *source, int64_t now_ns)
{
	struct guard_bucket *b = &g->buckets[bucket_of(g, source)];
	double room = g->rate_per_s > 8 ? g->rate_per_s : 8;

	if (b->filled_ns == 0)
		b->tokens = room;
	else
		b->tokens += (double)(now_ns - b->filled_ns) / (double)TS_S * g->rate_per_s;
	b->filled_ns = now_ns;
	if (b->tokens > room)
		b->tokens = room;
	if (b->tokens < 1)
		return false;
	b->tokens -= 1;
	return true;
}

enum guard_verdict guard_judge(struct guard *g, const struct sockaddr *source, socklen_t n, int64_t mono_ns)
{
	uint16_t port;

	if (n <= (socklen_t)sizeof source->sa_family)
		return GUARD_NO_SOURCE;
	if (source->sa_family == AF_UNIX)
		return GUARD_ANSWER;
	port = source->sa_family == AF_INET ? ((const struct sockaddr_in *)source)->sin_port
	                                    : ((const struct sockaddr_in6 *)source)->sin6_port;
	if (port_is_refused(g, ntohs(port)))
		return GUARD_PORT;
	if (g->buckets && !take_token(g, source, mono_ns))
		return GUARD_RATE;
	return GUARD_ANSWER;
}

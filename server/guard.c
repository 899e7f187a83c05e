#include "guard.h"
#include "ts_clock.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/un.h>

static const uint16_t small_services[] = {0, 7, 9, 13, 17, 19, 37};

int guard_init(struct guard *g, double rate_per_s, uint64_t key)
{
	*g = (struct guard){.rate_per_s = rate_per_s, .key = key};
	if (rate_per_s <= 0)
		return 0;
	g->buckets = mmap(NULL, GUARD_BUCKETS * sizeof *g->buckets, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	                  -1, 0);
	if (g->buckets != MAP_FAILED)
		return 0;
	g->buckets = NULL;
	return -ENOMEM;
}

void guard_release(struct guard *g)
{
	if (g->buckets)
		munmap(g->buckets, GUARD_BUCKETS * sizeof *g->buckets);
	g->buckets = NULL;
}

void guard_add_port(struct guard *g, uint16_t port)
{
	g->ports[port / 64] |= (uint64_t)1 << port % 64;
}

static bool port_is_refused(const struct guard *g, uint16_t port)
{
	for (size_t i = 0; i < sizeof small_services / sizeof small_services[0]; i++)
		if (port == small_services[i])
			return true;
	return g->ports[port / 64] >> port % 64 & 1;
}

/* An IPv4 address, also when a socket on [::] shows it as ::ffff:a.b.c.d; else the first 64 bits. */
static uint64_t account_of(const struct sockaddr *source)
{
	const struct in6_addr *a = &((const struct sockaddr_in6 *)source)->sin6_addr;
	uint32_t ipv4;
	uint64_t net;

	if (source->sa_family == AF_INET)
		return ((const struct sockaddr_in *)source)->sin_addr.s_addr;
	memcpy(&ipv4, a->s6_addr + 12, sizeof ipv4);
	memcpy(&net, a, sizeof net);
	return IN6_IS_ADDR_V4MAPPED(a) ? ipv4 : net;
}

/* The address without its port, mixed with the key (the finaliser of MurmurHash3). */
static size_t bucket_of(const struct guard *g, const struct sockaddr *source)
{
	uint64_t h = account_of(source) ^ g->key;

	h = (h ^ h >> 33) * 0xff51afd7ed558ccdULL;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return (h ^ h >> 33) % GUARD_BUCKETS;
}

/* Each reply fills the bucket for 1/rate of a second more; a burst may fill it for so long ahead. */
static bool take_token(struct guard *g, const struct sockaddr *source, int64_t now_ns)
{
	_Atomic int64_t *bucket = &g->buckets[bucket_of(g, source)];
	double reply_ns = (double)TS_S / g->rate_per_s;
	double burst_ns = reply_ns * (g->rate_per_s > 8 ? g->rate_per_s : 8);
	int64_t empty_ns = atomic_load_explicit(bucket, memory_order_relaxed), from_ns;

	do {
		from_ns = empty_ns > now_ns ? empty_ns : now_ns;
		if ((double)(from_ns - now_ns) + reply_ns > burst_ns + 1)
			return false;
	} while (!atomic_compare_exchange_weak(bucket, &empty_ns, from_ns + (int64_t)reply_ns));
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

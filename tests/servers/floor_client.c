/*
 * The floor of the generator's benchmark: the least that a closed-loop client on epoll can do and still know its
 * latencies. For each wake-up one receive, one look at the clock, one entry in a histogram for each reply, one send for
 * all that is due. It verifies nothing: a line feed is a reply. What other generators cost beyond it is what they do
 * more.
 *
 *   floor_client URI CONNECTIONS IN_FLIGHT SECONDS
 *
 * Prints one line of JSON: replies, seconds, processor time of the loading part, percentiles (to 3 %).
 */
#include "peer.h"
#include <fcntl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#define SIZE       64 /* bytes of a message, line feed included */
#define FLIGHT_MAX 256
#define EVENTS     256
#define SUB        32 /* buckets an octave */
#define BUCKETS    (40 * SUB)

struct connection {
	int fd;
	unsigned head;                 /* the oldest in flight */
	long long sent_ns[FLIGHT_MAX]; /* a ring of n_flight */
};

struct load {
	struct connection *connections;
	unsigned n_connections, n_flight;
	int epoll_fd;
	char messages[FLIGHT_MAX * SIZE];
	uint64_t replies, counts[BUCKETS];
};

static void record(struct load *l, long long ns)
{
	uint64_t v = ns < SUB ? SUB : (uint64_t)ns;
	unsigned octave = 63u - (unsigned)__builtin_clzll(v) - 5; /* 5: log2 of SUB */

	l->counts[(octave * SUB + (v >> octave)) % BUCKETS]++;
}

static double percentile_us(const struct load *l, double part)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < BUCKETS; i++) {
		seen += l->counts[i];
		if (seen > 0 && (double)seen >= part * (double)l->replies) {
			unsigned octave = i / SUB ? i / SUB - 1 : 0;
			return (double)((uint64_t)(i - octave * SUB) << octave) / 1e3;
		}
	}
	return 0;
}

static void open_all(struct load *l, const char *uri)
{
	struct peer_endpoint ep;
	struct rlimit files;
	int on = 1;

	peer_parse(&ep, uri);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->connections = calloc(l->n_connections, sizeof(*l->connections));
	if (!l->connections)
		peer_die(3, "out of memory");
	for (unsigned i = 0; i < l->n_connections; i++) {
		struct connection *c = &l->connections[i];
		struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};

		c->fd = peer_socket(&ep, 0);
		if (connect(c->fd, (struct sockaddr *)&ep.addr, ep.addr_len) < 0)
			peer_die(3, "%s: %s", uri, strerror(errno));
		if (ep.family != AF_UNIX)
			setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		fcntl(c->fd, F_SETFL, O_NONBLOCK);
		epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, c->fd, &e);
	}
}

static void answered(struct load *l, struct connection *c, char *in, size_t size)
{
	ssize_t n = recv(c->fd, in, size, 0);
	long long now_ns = peer_now_ns(CLOCK_MONOTONIC);
	unsigned n_replies = 0;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		peer_die(3, "the server has gone");
	for (char *at = in, *end = in + n; (at = memchr(at, '\n', (size_t)(end - at))); at++) {
		record(l, now_ns - c->sent_ns[c->head]);
		c->sent_ns[c->head] = now_ns;
		c->head = c->head + 1 == l->n_flight ? 0 : c->head + 1;
		n_replies++;
	}
	l->replies += n_replies;
	if (n_replies > 0 && send(c->fd, l->messages, n_replies * SIZE, MSG_NOSIGNAL) != (ssize_t)(n_replies * SIZE))
		peer_die(3, "a send was cut: the server does not keep up");
}

static void run(struct load *l, long long end_ns)
{
	static char in[65536];
	struct epoll_event events[EVENTS];
	long long now_ns = peer_now_ns(CLOCK_MONOTONIC);

	for (unsigned i = 0; i < l->n_connections; i++) {
		for (unsigned k = 0; k < l->n_flight; k++)
			l->connections[i].sent_ns[k] = now_ns;
		send(l->connections[i].fd, l->messages, l->n_flight * SIZE, MSG_NOSIGNAL);
	}
	while (peer_now_ns(CLOCK_MONOTONIC_COARSE) < end_ns) {
		int n = epoll_wait(l->epoll_fd, events, EVENTS, 100);

		for (int i = 0; i < n; i++)
			answered(l, events[i].data.ptr, in, sizeof(in));
	}
}

int main(int argc, char **argv)
{
	static struct load l;
	long long begin_ns, cpu_ns;

	peer_bound_life();
	if (argc != 5)
		peer_die(2, "usage: floor_client URI CONNECTIONS IN_FLIGHT SECONDS");
	l.n_connections = (unsigned)atoi(argv[2]);
	l.n_flight = (unsigned)atoi(argv[3]);
	if (l.n_connections < 1 || l.n_flight < 1 || l.n_flight > FLIGHT_MAX || atof(argv[4]) <= 0)
		peer_die(2, "at least one connection, 1 to %d in flight, more than 0 seconds", FLIGHT_MAX);
	memset(l.messages, 'x', sizeof(l.messages));
	for (unsigned i = 1; i <= FLIGHT_MAX; i++)
		l.messages[i * SIZE - 1] = '\n';
	open_all(&l, argv[1]);
	begin_ns = peer_now_ns(CLOCK_MONOTONIC);
	cpu_ns = peer_now_ns(CLOCK_THREAD_CPUTIME_ID);
	run(&l, begin_ns + (long long)(atof(argv[4]) * 1e9));
	printf("{\"replies\": %llu, \"seconds\": %.6f, \"cpu_seconds\": %.6f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
	       (unsigned long long)l.replies, (double)(peer_now_ns(CLOCK_MONOTONIC) - begin_ns) / 1e9,
	       (double)(peer_now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns) / 1e9, percentile_us(&l, 0.5),
	       percentile_us(&l, 0.99));
	return 0;
}

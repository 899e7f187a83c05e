#include "slow.h"
#include "client.h"
#include "socket_io.h"
#include "ts_clock.h"
#include "worker.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#define TICK_NS        (20 * TS_MS)
#define SAVED_NS       (100 * TS_MS)
#define SEGMENT_BYTES  1460 /* of an Ethernet */
#define BUFFER_BYTES   4096 /* the least receive buffer; the kernel doubles it for its own needs */
#define BUFFER_IN_TICK 2    /* ticks of reading that the buffer must hold, or the rate could not be reached */

/* The k-th of n things spread evenly over n_places: where it is, and which is at or after a place. */
static uint32_t place_of(const struct worker *w, uint32_t k)
{
	return (uint32_t)(((uint64_t)(k + 1) * w->n_active + w->slow.n - 1) / w->slow.n) - 1;
}

static uint32_t number_of(const struct worker *w, uint32_t index)
{
	return (uint32_t)((uint64_t)index * w->slow.n / w->n_active);
}

static void on_tick(struct ev_loop *loop, ev_timer *timer, int revents);

int slow_init(struct worker *w, uint32_t n)
{
	struct slow_readers *s = &w->slow;

	if (n == 0)
		return 0;
	s->paid_ns = calloc(n, sizeof(*s->paid_ns));
	if (!s->paid_ns)
		return -ENOMEM;
	s->n = n;
	s->bytes_per_ns = (double)w->plan->slow_bytes_per_s / 1e9;
	s->piece_ns = TICK_NS / 4;
	if (s->piece_ns < (int64_t)(1 / s->bytes_per_ns) + 1)
		s->piece_ns = (int64_t)(1 / s->bytes_per_ns) + 1; /* at least one byte */
	s->saved_ns = s->piece_ns > SAVED_NS ? s->piece_ns : SAVED_NS;
	ev_timer_init(&s->tick, on_tick, 0, (double)TICK_NS / 1e9);
	for (uint32_t k = 0; k < n; k++)
		w->clients[place_of(w, k)].slow = true;
	return 0;
}

void slow_release(struct slow_readers *s)
{
	free(s->paid_ns);
}

void slow_prepare(const struct worker *w, int fd, enum ts_transport transport)
{
	int segment = SEGMENT_BYTES, bytes = BUFFER_BYTES;
	int64_t needed = w->plan->slow_bytes_per_s * TICK_NS / TS_S * BUFFER_IN_TICK;

	if (needed > bytes)
		bytes = needed < INT32_MAX / 2 ? (int)needed : INT32_MAX / 2;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (transport == TS_TCP)
		setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
}

/* The time that this reader may spend; negative while it is in debt. */
static int64_t free_ns(const struct slow_readers *s, uint32_t k, int64_t now_ns)
{
	int64_t have_ns = now_ns - s->paid_ns[k];

	return have_ns < s->saved_ns ? have_ns : s->saved_ns;
}

static void hold(struct worker *w, struct client *c)
{
	c->held = true;
	client_watch(w, c, c->n_unsent > 0 ? EV_WRITE : 0);
	if (!ev_is_active(&w->slow.tick))
		ev_timer_again(w->loop, &w->slow.tick);
}

static void on_tick(struct ev_loop *loop, ev_timer *timer, int revents)
{
	struct worker *w = ev_userdata(loop);
	struct slow_readers *s = &w->slow;
	int64_t now_ns = ts_clock_mono_ns();
	bool any = false;

	(void)revents;
	for (uint32_t k = 0; k < s->n; k++) {
		struct client *c = &w->clients[place_of(w, k)];
		if (c->held && free_ns(s, k, now_ns) >= s->piece_ns) {
			c->held = false;
			client_watch(w, c, c->n_unsent > 0 ? EV_READ | EV_WRITE : EV_READ);
		}
		any = any || c->held;
	}
	if (!any)
		ev_timer_stop(loop, timer);
}

ssize_t slow_receive(struct worker *w, struct client *c)
{
	struct slow_readers *s = &w->slow;
	uint32_t k = number_of(w, c->index);
	bool learning = !w->rule_known && w->plan->verify != VERIFY_OFF;
	int64_t now_ns = ts_clock_mono_ns(), have_ns = free_ns(s, k, now_ns);
	double may = learning ? LEARN_BYTES : (double)have_ns * s->bytes_per_ns;
	ssize_t n;

	if (may < 1) {
		hold(w, c);
		errno = EAGAIN;
		return -1;
	}
	n = socket_recv(c->io.fd, w->in, may < sizeof(w->in) ? (size_t)may : sizeof(w->in));
	if (n <= 0)
		return n;
	have_ns -= (int64_t)((double)n / s->bytes_per_ns);
	s->paid_ns[k] = now_ns - have_ns;
	if (!learning && have_ns < s->piece_ns)
		hold(w, c);
	return n;
}

int64_t slow_since_ns(const struct worker *w, const struct client *c)
{
	return w->slow.paid_ns[number_of(w, c->index)];
}

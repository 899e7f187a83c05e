/* How a test client comes to its conversation. */
#include "peer_inside.h"
#include "ts_clock.h"
#include "ts_signal.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REFUSED_FOR_NS (1 * TS_S) /* a refused connect is tried again for so long */

/*
 * Little room between the two, so that a server whose replies are not read is soon stuck. The small segments make the
 * kernel give the server a small send buffer, too.
 */
static void make_small(const struct ts_endpoint *ep, int fd)
{
	int small = 4096, some = 65536, segment = 1400;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &some, sizeof(some));
	if (ep->transport == TS_TCP)
		setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
}

/* One attempt. 0, or -errno; -ETIMEDOUT when the deadline passed. */
static int connect_once(const struct ts_endpoint *ep, bool small_buffers, int64_t deadline_ns, int *fd)
{
	int error = 0;
	socklen_t n = sizeof(error);

	*fd = ts_endpoint_socket(ep, SOCK_NONBLOCK);
	if (*fd < 0)
		return *fd;
	if (small_buffers)
		make_small(ep, *fd);
	if (connect(*fd, (const struct sockaddr *)&ep->addr, ep->addr_len) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	while (!peer_wait(*fd, POLLOUT, deadline_ns - ts_clock_mono_ns()))
		if (ts_clock_mono_ns() >= deadline_ns || ts_signal_stop())
			return -ETIMEDOUT;
	getsockopt(*fd, SOL_SOCKET, SO_ERROR, &error, &n);
	return -error;
}

static bool refused(int result)
{
	return result == -ECONNREFUSED || result == -ENOENT || result == -ECONNRESET;
}

static int connect_until(const struct subject *s, bool small_buffers, int64_t wait_ns, int *fd)
{
	const struct ts_endpoint *ep = &s->endpoint;
	int64_t begin = ts_clock_mono_ns();

	for (;;) {
		int result = connect_once(ep, small_buffers, begin + wait_ns, fd);
		int64_t waited = ts_clock_mono_ns() - begin;
		bool again = (refused(result) && waited < REFUSED_FOR_NS) || result == -EAGAIN || result == -EINTR;
		if (result == 0)
			return 0;
		if (*fd >= 0)
			close(*fd);
		if (!again || waited > wait_ns || (refused(result) && launch_ended(s->launch, NULL, 0)))
			return result;
		ts_clock_sleep_until(ts_clock_mono_ns() + 10 * TS_MS);
	}
}

static void begin(struct peer *p)
{
	ts_reply_init(&p->reply);
	p->progress_ns = ts_clock_mono_ns();
	p->sent_ns = ts_clock_wall_ns();
	trace_add(&p->turn->trace, p->progress_ns, p->number, "connect", NULL, 0);
}

static struct peer *adopt(struct turn *t, int fd)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (!p || t->n_peers == TURN_PEERS) {
		free(p);
		close(fd);
		turn_fail(t, OURSELVES, "out of memory for a test client");
		return NULL;
	}
	*p = (struct peer){.turn = t, .fd = fd, .number = ++t->n_clients_made};
	begin(p);
	t->peers[t->n_peers++] = p;
	return p;
}

struct peer *peer_try(struct turn *t, int64_t wait_ns, bool small_buffers)
{
	int fd;

	turn_share_end(t);
	if (t->blame != NOBODY || connect_until(t->subject, small_buffers, wait_ns, &fd) < 0)
		return NULL;
	return adopt(t, fd);
}

#define ROOM_NS (50 * TS_MS)

/* There may be none yet, where the server waits for a processor to take callers from it. */
struct peer *peer_call(struct turn *t, bool small_buffers)
{
	struct peer *p = peer_try(t, ROOM_NS, small_buffers);
	const int64_t busy_ns = p ? 0 : turn_busy_ns();

	if (busy_ns == 0 || t->blame != NOBODY)
		return p;
	turn_pause(busy_ns);
	return peer_try(t, ROOM_NS, small_buffers);
}

#define LEAVES_NS (10 * TS_MS)

static bool is_alone(const struct turn *t)
{
	bool alone = true;

	for (int i = 0; i < t->n_peers; i++)
		alone &= t->peers[i]->ended;
	return alone;
}

/* Who has gone is there until the server knows, and a server of one that closes on a second would close on this one. */
static void let_go(const struct turn *t)
{
	if (dialect_closes_on_second(&t->subject->dialect) && is_alone(t))
		turn_pause(LEAVES_NS + turn_busy_ns() / 2);
}

/* Connected, or blamed. */
static bool connect_or_blame(struct turn *t, int *fd)
{
	int result = connect_until(t->subject, false, turn_wait_ns(t), fd);

	if (result == 0)
		return true;
	if (refused(result) && turn_sees_end(t, GONE))
		return false;
	if (refused(result)) {
		t->subject->gone = true;
		turn_fail(t, GONE, "the server refuses to be connected to (%s)", strerror(-result));
	} else if (result == -ETIMEDOUT || result == -EAGAIN) {
		turn_fail(t, SILENCE, "the connection was not taken within %.1f s", (double)turn_wait_ns(t) / 1e9);
	} else {
		turn_fail(t, OURSELVES, "cannot connect: %s%s", strerror(-result),
		          ts_endpoint_advice(&t->subject->endpoint, -result, false));
	}
	return false;
}

struct peer *peer_open(struct turn *t)
{
	int fd;

	turn_share_end(t);
	if (t->blame != NOBODY)
		return NULL;
	let_go(t);
	return connect_or_blame(t, &fd) ? adopt(t, fd) : NULL;
}

bool peer_renew(struct peer *p)
{
	int fd;

	if (!connect_or_blame(p->turn, &fd))
		return false;
	close(p->fd);
	ts_reply_release(&p->reply);
	free(p->in);
	*p = (struct peer){.turn = p->turn, .fd = fd, .number = ++p->turn->n_clients_made, .read_max = p->read_max};
	begin(p);
	return true;
}

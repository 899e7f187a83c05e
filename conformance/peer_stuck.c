/*
 * A client that sends and does not read, until the server cannot go on sending.
 *
 * Between the two lie four buffers: ours and the server's, to send and to receive. The kernel enlarges them as it
 * likes, to tens of MiB, so no number of bytes is sure to fill them, and a busy machine may leave a server waiting for
 * its turn. What shows that it is stuck: bytes wait in our kernel, and none of them goes for as long as a server that
 * is only waiting for a processor would have to wait.
 */
#include "peer_inside.h"
#include "ts_clock.h"
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { FIN_WAIT_2 = 5 }; /* of the kernel's states of TCP, which <linux/tcp.h> does not name */

#define STUCK_NS (150 * TS_MS)
#define SHORT_NS (40 * TS_MS) /* where it does no harm if the server was not stuck after all */
#define ENDED_NS (200 * TS_MS)
#define LOOK_NS  (10 * TS_MS)
#define BLOCK    50000 /* of whole lines */
#define LITTLE   4000

/* Letters that repeat late, so that a lost piece shows at once; lines, for a line server. */
static bool send_block(struct peer *p, size_t n)
{
	char block[BLOCK];

	turn_filler(p->turn, block, n, p->n_in);
	return peer_send(p, block, n);
}

/* How long must it be still, on a machine as busy as this one? */
static int64_t stillness_ns(const struct turn *t, int64_t ns)
{
	return (int64_t)(t->patience * (double)(ns + turn_busy_ns()));
}

size_t peer_taken(const struct peer *p)
{
	int n_waiting = 0;

	if (!p)
		return 0;
	if (ioctl(p->fd, SIOCOUTQ, &n_waiting) < 0 || n_waiting < 0)
		n_waiting = 0;
	return p->n_written - ((size_t)n_waiting < p->n_written ? (size_t)n_waiting : p->n_written);
}

bool peer_stick(struct peer *p, size_t most)
{
	size_t taken = 0;

	if (!p || p->turn->blame != NOBODY)
		return false;
	int64_t still_ns = ts_clock_mono_ns(), enough_ns = stillness_ns(p->turn, STUCK_NS);
	p->deaf = true;
	while (ts_clock_mono_ns() - still_ns < enough_ns && !p->broken && taken < most) {
		if (p->n_written == p->n_in && p->n_in < most && !send_block(p, most < BLOCK ? most : BLOCK))
			break;
		if (!peer_pump(p, p->n_written < p->n_in ? LOOK_NS : 0))
			break;
		if (p->n_written == p->n_in && p->n_in >= most)
			ts_clock_sleep_until(ts_clock_mono_ns() + TS_MS);
		if (peer_taken(p) > taken)
			still_ns = ts_clock_mono_ns();
		taken = peer_taken(p);
	}
	p->deaf = false;
	p->progress_ns = ts_clock_mono_ns();
	return p->turn->blame == NOBODY && taken < p->n_in;
}

/* For how many bytes more has the server's machine room, by what it said last? It never takes that back. */
static size_t room(const struct peer *p)
{
	struct tcp_info info = {0};
	socklen_t n = sizeof(info);
	size_t on_the_way = p->n_written - peer_taken(p);

	if (getsockopt(p->fd, IPPROTO_TCP, TCP_INFO, &info, &n) < 0)
		return SIZE_MAX;
	return info.tcpi_snd_wnd > on_the_way ? info.tcpi_snd_wnd - on_the_way : 0;
}

/* A little more, when our own kernel has taken what was sent before: so never more than there is room for. */
static void send_little(struct peer *p)
{
	bool waits = p->n_written < p->n_in;

	if (!waits)
		send_block(p, LITTLE);
	peer_pump(p, waits ? TS_MS : 0);
}

bool peer_stick_short(struct peer *p, size_t most)
{
	size_t widest = 0;
	bool is_stuck = false;

	if (!p || p->turn->blame != NOBODY)
		return false;
	int64_t give_up_ns = ts_clock_mono_ns() + turn_wait_ns(p->turn);
	p->deaf = true;
	while (!is_stuck && !p->broken && p->n_in < most && p->turn->blame == NOBODY &&
	       ts_clock_mono_ns() < give_up_ns) {
		send_little(p);
		int64_t until_ns = ts_clock_mono_ns() + stillness_ns(p->turn, SHORT_NS);
		widest = room(p) > widest ? room(p) : widest;
		/* From a quarter upwards the other side says so at once. */
		while ((is_stuck = room(p) < widest / 4) && ts_clock_mono_ns() < until_ns)
			turn_pause(TS_MS);
	}
	p->deaf = false;
	p->progress_ns = ts_clock_mono_ns();
	return is_stuck;
}

/* The end was sent, and acknowledged. */
static bool end_arrived(const struct peer *p)
{
	struct tcp_info info = {0};
	socklen_t n = sizeof(info);

	return getsockopt(p->fd, IPPROTO_TCP, TCP_INFO, &info, &n) < 0 || info.tcpi_state == FIN_WAIT_2;
}

void peer_end_behind(struct peer *p)
{
	if (!p || p->turn->blame != NOBODY)
		return;
	int64_t until_ns = ts_clock_mono_ns() + stillness_ns(p->turn, ENDED_NS);
	shutdown(p->fd, SHUT_WR);
	trace_add(&p->turn->trace, ts_clock_mono_ns(), p->number, "send FIN", NULL, 0);
	while (!end_arrived(p) && ts_clock_mono_ns() < until_ns)
		turn_pause(TS_MS);
}

void peer_end_unread(struct peer *p)
{
	if (!p || p->turn->blame != NOBODY)
		return;
	if (p->n_written < p->n_in && !p->turn->subject->dialect.line)
		p->n_in = p->n_written;
	if (p->n_written == p->n_in)
		peer_half_close(p);
}

void peer_widen(struct peer *p)
{
	int large = 1 << 20;

	if (p)
		setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &large, sizeof(large));
}

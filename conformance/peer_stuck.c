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
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define STUCK_NS (150 * TS_MS)
#define SLICE_NS (40 * TS_MS) /* more than one who has the processor keeps it, while others wait for it */
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

/* How long must it be still? The fourth field of /proc/loadavg: those who want a processor now, "/", all. */
static int64_t stillness_ns(const struct turn *t)
{
	FILE *f = fopen("/proc/loadavg", "re");
	long n_cpus = sysconf(_SC_NPROCESSORS_ONLN), n_runnable = 0;

	if (f && fscanf(f, "%*s %*s %*s %ld/", &n_runnable) != 1)
		n_runnable = 0;
	if (f)
		fclose(f);
	int64_t ns = STUCK_NS + SLICE_NS * n_runnable / (n_cpus > 0 ? n_cpus : 1);

	return (int64_t)(t->patience * (double)ns);
}

size_t peer_taken(const struct peer *p)
{
	int n_waiting = 0;

	if (ioctl(p->fd, SIOCOUTQ, &n_waiting) < 0 || n_waiting < 0)
		n_waiting = 0;
	return p->n_written - ((size_t)n_waiting < p->n_written ? (size_t)n_waiting : p->n_written);
}

bool peer_stick(struct peer *p, size_t most)
{
	size_t taken = 0;

	if (!p || p->turn->blame != NOBODY)
		return false;
	int64_t still_ns = ts_clock_mono_ns(), enough_ns = stillness_ns(p->turn);
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

/* For how many bytes has the server's machine room, by what it said last? */
static size_t room(const struct peer *p)
{
	struct tcp_info info = {0};
	socklen_t n = sizeof(info);
	size_t on_the_way = p->n_written - peer_taken(p);

	if (getsockopt(p->fd, IPPROTO_TCP, TCP_INFO, &info, &n) < 0)
		return SIZE_MAX;
	return info.tcpi_snd_wnd > on_the_way ? info.tcpi_snd_wnd - on_the_way : 0;
}

bool peer_stick_short(struct peer *p, size_t most)
{
	size_t widest = 0;
	bool is_stuck = false;

	if (!p || p->turn->blame != NOBODY)
		return false;
	p->deaf = true;
	while (!is_stuck && !p->broken && p->n_in < most && send_block(p, LITTLE) && peer_pump(p, 0)) {
		int64_t until_ns = ts_clock_mono_ns() + stillness_ns(p->turn);
		widest = room(p) > widest ? room(p) : widest;
		/* From a quarter upwards the other side says so at once. */
		while ((is_stuck = room(p) < widest / 4) && ts_clock_mono_ns() < until_ns)
			turn_pause(TS_MS);
	}
	p->deaf = false;
	p->progress_ns = ts_clock_mono_ns();
	return is_stuck;
}

void peer_widen(struct peer *p)
{
	int large = 1 << 20;

	if (p)
		setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &large, sizeof(large));
}

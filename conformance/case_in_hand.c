/* A stop while a reply is on its way, to a client that reads it after all, and to one that does not. */
#include "exec.h"
#include "ts_clock.h"
#include <signal.h>
#include <stdlib.h>

/*
 * Was the last chunk cut? A server that never ran out of input takes a whole buffer each time: its chunks are equal,
 * but for the first, and the last one is not much smaller than they are. Reading in small pieces shows where chunks
 * begin.
 */
#define PIECE  64
#define ENOUGH 400000 /* bytes read before the signal: some chunks of any usual buffer */

#define NUDGE  2048 /* bytes read to have the server go on */
#define NUDGES 1000 /* at most: more than a server's buffer holds in the kernel */

#define NOTICE_NS (250 * TS_MS) /* a server that leaves replies less time to go out drops them */

struct chunks {
	uint32_t n;
	uint64_t begin, smallest; /* of the chunk that is being read; of those between the first and the last */
};

static void note_chunk(struct chunks *c, const struct ts_reply *reply)
{
	if (reply->n_stamps == c->n)
		return;
	if (c->n > 1 && reply->n_stamps == c->n + 1) {
		uint64_t size = reply->matched - c->begin;
		c->smallest = c->smallest == 0 || size < c->smallest ? size : c->smallest;
	}
	c->n = reply->n_stamps;
	c->begin = reply->matched;
}

/*
 * Read in pieces that show where chunks begin, until so many bytes have come, or all that is owed (a child that
 * outlives its server says nothing then), or the end, or nothing for wait_ns.
 */
static void read_on(struct peer *p, struct chunks *chunks, int64_t enough, int64_t wait_ns)
{
	while (!p->ended && p->turn->blame == NOBODY && p->n_read < enough && p->reply.matched < p->n_in &&
	       peer_listen(p, wait_ns)) {
		note_chunk(chunks, &p->reply);
		if (chunks->smallest > 16 * p->read_max)
			p->read_max *= 2;
	}
}

/* So much that it cannot run out of input while that is read. */
static void send_ahead(struct peer *p)
{
	char *bytes = malloc(2 * ENOUGH);

	if (!bytes) {
		turn_fail(p->turn, OURSELVES, "out of memory for a message");
		return;
	}
	turn_filler(p->turn, bytes, 2 * ENOUGH, p->n_in);
	peer_send(p, bytes, 2 * ENOUGH);
	free(bytes);
}

/*
 * Told to stop, it goes on with its reply as soon as we read: on a busy machine it would be through with all of them
 * before it looks at the signal. So it gets time for that, until it shows that it has: it has ended, or listens no
 * more.
 */
static void await_stop(struct turn *t)
{
	int64_t until_ns = ts_clock_mono_ns() + NOTICE_NS + turn_busy_ns();
	int status;

	while (ts_clock_mono_ns() < until_ns && !launch_wait(exec_server(t), 0, &status) &&
	       launch_listening(exec_server(t)))
		turn_pause(4 * TS_MS);
}

/* By the signal: a server that does not handle it can finish nothing. */
static bool is_killed(struct turn *t)
{
	int status;

	return launch_wait(exec_server(t), TS_S, &status) && exec_was_killed(status);
}

/* The server is in the middle of a reply, because we do not read, when it is told to stop. */
void case_lifecycle_reply_in_hand(struct turn *t)
{
	if (turn_crawls(t))
		return;
	size_t most = turn_bytes_unread(t);
	struct peer *p = peer_try(t, turn_wait_ns(t), true);
	struct chunks chunks = {0};

	if (!p)
		return;
	p->read_max = PIECE;
	peer_stick(p, most);
	send_ahead(p);
	read_on(p, &chunks, ENOUGH, 300 * TS_MS);
	peer_stick(p, most);
	p->n_in = p->n_written;
	bool begun = p->n_read > 0;
	launch_signal(exec_server(t), SIGTERM);
	await_stop(t);
	peer_widen(p);
	read_on(p, &chunks, INT64_MAX, 6 * TS_S);
	bool all = p->reply.matched >= p->n_in;
	bool is_cut = !all && p->reply.matched - chunks.begin + (uint64_t)3 * p->read_max < chunks.smallest;
	/* A reset throws away what the kernel still held for us. */
	is_cut |= !all && p->reset;
	if (!begun && p->n_read == 0)
		turn_report(t, "not judged: the server had not begun its reply when it was told to stop");
	else if (t->blame == NOBODY && is_cut && is_killed(t))
		turn_report(t, "cut off: SIGTERM kills the server, and lifecycle.exit-status is about that");
	else if (t->blame == NOBODY && is_cut)
		turn_fail(t, BYTES, "the reply that was on its way at SIGTERM was cut off after %llu bytes of data",
		          (unsigned long long)p->reply.matched);
	turn_report(t, "%llu of %zu bytes sent were answered before the end", (unsigned long long)p->reply.matched,
	            p->n_in);
	exec_forget_clients(t);
}

/*
 * The kernel took what still waited in ours after the server's last send, so that it has a little room, too little to
 * tell a server that waits for it. Read until the server goes on: our window is closed when it fills that room, and
 * nothing moves then.
 */
static void stick_fast(struct peer *p, size_t most)
{
	struct chunks chunks = {0};

	if (!peer_stick(p, most))
		return;
	size_t taken = peer_taken(p);
	p->read_max = PIECE;
	for (int i = 0; i < NUDGES && peer_taken(p) == taken && p->turn->blame == NOBODY; i++)
		read_on(p, &chunks, p->n_read + NUDGE, 20 * TS_MS);
	peer_stick(p, most);
}

/* A server that goes on sending until all has gone would never end. */
void case_lifecycle_sigterm_stuck(struct turn *t)
{
	int status;

	if (turn_crawls(t))
		return;
	stick_fast(peer_try(t, turn_wait_ns(t), true), turn_bytes_unread(t));
	if (t->blame == NOBODY && !exec_stops(t, SIGTERM, &status))
		turn_precede(t, "while a client does not read its replies: ");
	exec_forget_clients(t);
}

/* A stop while a reply is on its way. */
#include "exec.h"
#include <signal.h>
#include <stdlib.h>

/*
 * Was the last chunk cut? A server that never ran out of input takes a whole buffer each time: its chunks are equal,
 * but for the first, and the last one is not much smaller than they are. Reading in small pieces shows where chunks
 * begin.
 */
#define PIECE  64
#define ENOUGH 400000 /* bytes read before the signal: some chunks of any usual buffer */

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

/* The server is in the middle of a reply, because we read slowly, when it is told to stop. */
void case_lifecycle_reply_in_hand(struct turn *t)
{
	size_t n = turn_bytes(t, 4 << 20, TS_S);
	struct peer *p = peer_try(t, turn_wait_ns(t), true);
	struct chunks chunks = {0};
	char *bytes = malloc(n);

	if (!p || !bytes) {
		free(bytes);
		return;
	}
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)('a' + i % 23);
	peer_send(p, bytes, n);
	free(bytes);
	peer_stuff(p);
	p->n_in = p->n_written;
	p->read_max = PIECE;
	for (bool told = false; !p->ended && t->blame == NOBODY && peer_listen(p, told ? 6 * TS_S : 300 * TS_MS);) {
		note_chunk(&chunks, &p->reply);
		if (told || p->n_read < ENOUGH)
			continue;
		told = true;
		launch_signal(exec_server(t), SIGTERM);
	}
	if (!p->ended)
		launch_signal(exec_server(t), SIGTERM);
	while (!p->ended && t->blame == NOBODY && peer_listen(p, 6 * TS_S))
		note_chunk(&chunks, &p->reply);
	bool all = p->reply.matched >= p->n_in;
	bool is_cut = p->reply.matched - chunks.begin + (uint64_t)3 * PIECE < chunks.smallest;
	/* A reset throws away what the kernel still held for us. */
	if (t->blame == NOBODY && !all && (p->reset || is_cut))
		turn_fail(t, BYTES, "the reply that was on its way at SIGTERM was cut off after %llu bytes of data",
		          (unsigned long long)p->reply.matched);
	turn_report(t, "%llu of %zu bytes sent were answered before the end", (unsigned long long)p->reply.matched,
	            p->n_in);
	exec_forget_clients(t);
}

/* Test clients that are all alike, one after the other or at once. */
#include "peer_inside.h"
#include "ts_clock.h"
#include <stdlib.h>

bool peers_visit(struct turn *t)
{
	struct peer *p = peer_open(t);

	if (p)
		p->dumb = true;
	if (!peer_finish(p))
		return false;
	peer_free(p, 0);
	return true;
}

void peers_say(struct peer **p, int n)
{
	for (int i = 0; i < n; i++)
		peer_send_letters(p[i], 8);
	for (int i = 0; i < n && peer_await(p[i]); i++)
		;
}

void peers_go_together(struct turn *t, int n)
{
	struct peer *p[PEERS_TOGETHER];

	for (int i = 0; i < n; i++)
		p[i] = peer_open(t);
	peers_say(p, n);
	for (int i = 0; i < n && t->blame == NOBODY; i++)
		peer_half_close(p[i]);
	for (int i = 0; i < n && t->blame == NOBODY; i++)
		peer_leave(p[i]);
}

#define UNREAD    (1 << 20) /* bytes: more than a client takes that has small buffers and does not read */
#define SENDS_FOR (20 * TS_MS)

void peers_reset_together(struct turn *t, int n)
{
	char *bytes = malloc(UNREAD);
	struct peer *p;

	for (int i = 0; bytes && i < n && t->blame == NOBODY && (p = peer_call(t, true)); i++) {
		turn_filler(t, bytes, UNREAD, 0);
		p->deaf = true;
		peer_send(p, bytes, UNREAD);
	}
	free(bytes);
	for (int64_t until_ns = ts_clock_mono_ns() + SENDS_FOR + turn_busy_ns(); ts_clock_mono_ns() < until_ns;) {
		for (int i = 0; i < t->n_peers; i++)
			peer_pump(t->peers[i], 0);
		turn_pause(2 * TS_MS);
	}
	while (t->n_peers > 0)
		peer_reset(t->peers[t->n_peers - 1]);
}

int64_t peers_unserved_ns(const struct turn *t)
{
	return 400 * TS_MS + 2 * turn_busy_ns() + 4 * t->subject->dialect.rtt_ns;
}

bool peers_said_few(struct turn *t)
{
	int capacity = t->subject->dialect.capacity;

	if (capacity < DIALECT_CAPACITY_MAX)
		turn_skip(t, "the server serves %d at a time", capacity);
	return capacity < DIALECT_CAPACITY_MAX;
}

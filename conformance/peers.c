/* Several test clients that do the same at once. */
#include "peer.h"

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
		if (peer_finish(p[i]))
			peer_free(p[i], 0);
}

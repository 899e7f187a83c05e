/* Rude clients. The runner holds a plain conversation after each: it tells whether the server has survived. */
#include "cases.h"
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void case_robust_reset_idle(struct turn *t)
{
	struct peer *p = peer_open(t);

	if (peer_say_letters(p, 8))
		peer_reset(p);
}

/* close(2) with a reply in the receive buffer makes the kernel send RST. */
void case_robust_reset_unread(struct turn *t)
{
	struct peer *p = peer_open(t);
	char word[8], framed[10];

	turn_letters(t, word, sizeof(word));
	if (!peer_send(p, framed, turn_frame(t, word, sizeof(word), framed)))
		return;
	struct pollfd poll_fd = {.fd = p->fd, .events = POLLIN};
	poll(&poll_fd, 1, (int)(turn_wait_ns(t) / TS_MS));
	peer_close(p);
}

void case_robust_reset_early(struct turn *t)
{
	for (int i = 0; i < 3 && t->blame == NOBODY; i++)
		peer_reset(peer_open(t));
}

/* The server is in the middle of sending when the RST comes. */
static void reset_full(struct turn *t)
{
	struct peer *p = peer_try(t, turn_wait_ns(t), true);
	char line[100], framed[102];

	memset(line, 'x', sizeof(line));
	for (int i = 0; p && i < 40000 && t->blame == NOBODY; i++)
		peer_send(p, framed, turn_frame(t, line, sizeof(line), framed));
	if (peer_stuff(p))
		peer_reset(p);
}

/* Data, FIN and RST at once: a server that had seen the FIN gets EPIPE, and SIGPIPE, which kills those who do not
 * expect it. */
static void reset_behind_fin(struct turn *t)
{
	struct peer *p = peer_open(t);
	char word[8], framed[10];

	turn_letters(t, word, sizeof(word));
	if (!peer_send(p, framed, turn_frame(t, word, sizeof(word), framed)))
		return;
	shutdown(p->fd, SHUT_WR);
	peer_reset(p);
}

void case_robust_reset_sending(struct turn *t)
{
	for (int i = 0; turn_goes_on(t, i, 100, 3, TS_S); i++) /* a race that the client has to win once */
		reset_behind_fin(t);
	reset_full(t);
}

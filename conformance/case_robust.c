/* Rude clients. The runner holds a plain conversation after each: it tells whether the server has survived. */
#include "cases.h"
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#define BRIEF 0.1 /* of the wait for one who only has to be served beside another */

/* Is there room for another conversation? */
static bool has_places(const struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;

	return d->counted && d->capacity > 3 && !d->one_shot;
}

/* Another conversation, that has to go on; NULL: none is asked for. */
static struct peer *bystander(struct turn *t)
{
	struct peer *p = has_places(t) ? peer_open(t) : NULL;

	if (p)
		peer_say_letters(p, 8);
	return p;
}

/* That the server has ended is for the conversation after it to say. */
static void ask_bystander(struct turn *t, struct peer *p)
{
	if (!p || t->blame != NOBODY)
		return;
	turn_pause(10 * TS_MS + turn_busy_ns());
	if (peer_say_letters(p, 8) && peer_finish(p))
		return;
	bool ended = p->ended || p->reset || p->broken;
	char why[300];

	snprintf(why, sizeof(why), "%.299s", t->message);
	turn_forgive(t);
	t->patience *= BRIEF;
	bool lives = turn_plain(t);
	t->patience /= BRIEF;
	turn_forgive(t);
	if (lives && ended)
		turn_fail(t, BYTES, "the reset of one client ended the conversation of another");
	else if (lives)
		turn_fail(t, BYTES, "beside a client that reset, another was served wrongly: %s", why);
}

void case_robust_reset_idle(struct turn *t)
{
	struct peer *older = bystander(t), *p = peer_open(t);

	if (!peer_say_letters(p, 8))
		return;
	struct peer *newer = bystander(t);
	peer_reset(p);
	ask_bystander(t, older);
	ask_bystander(t, newer);
}

/* close(2) with a reply in the receive buffer makes the kernel send RST. */
void case_robust_reset_unread(struct turn *t)
{
	struct peer *p = peer_open(t);

	if (!peer_send_letters(p, 8))
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

/*
 * The server is in the middle of sending, and has got FIN behind what it has not read yet, when the RST comes: it gets
 * EPIPE, and SIGPIPE, which kills those who do not expect it.
 */
static struct peer *open_stuck(struct turn *t)
{
	struct peer *p = peer_try(t, turn_wait_ns(t), true);
	size_t most = turn_bytes_unread(t);

	if (t->subject->endpoint.transport == TS_TCP)
		peer_stick_short(p, most);
	else
		peer_stick(p, most);
	return p;
}

static void vanish_stuck(struct turn *t, struct peer *p)
{
	if (!p || t->blame != NOBODY)
		return;
	peer_end_behind(p);
	peer_reset(p);
}

static void reset_stuck(struct turn *t)
{
	vanish_stuck(t, open_stuck(t));
}

/* Data, FIN and RST at once: all there before the server has looked, if it sleeps. */
static void reset_behind_fin(struct turn *t, size_t n_lines)
{
	struct peer *p = peer_open(t);
	char lines[500 * 100];
	size_t n = 0;

	for (size_t i = 0; i < n_lines; i++)
		n += turn_framed_letters(t, 98, lines + n);
	if (!peer_send(p, lines, n))
		return;
	shutdown(p->fd, SHUT_WR);
	peer_reset(p);
}

void case_robust_reset_sending(struct turn *t)
{
	struct peer *other = bystander(t);

	for (int i = 0; turn_goes_on(t, i, 10, 3, TS_S / 2); i++)
		reset_behind_fin(t, i % 2 == 0 ? 1 : turn_slow(t) ? 20 : 500);
	reset_stuck(t);
	ask_bystander(t, other);
}

/* Lines before and behind an empty one, all at once: a reader that is one for all clients keeps the last of them. */
static void talk_past_the_end(struct turn *t)
{
	struct peer *p = peer_open(t);
	char lines[64];
	size_t n = turn_framed_letters(t, 7, lines);

	if (!p)
		return;
	n += turn_frame(t, "", 0, lines + n);
	n += turn_framed_letters(t, 7, lines + n);
	p->dumb = true;
	peer_send(p, lines, n);
	peer_free(p, TS_S);
}

/* A plain conversation: did it go well, or was it answered with bytes that it is not owed? That it was not answered is
 * for other cases to say. */
static bool is_judged(struct turn *t)
{
	struct peer *p = peer_open(t);

	if (peer_say_letters(p, 9) && peer_finish(p))
		return true;
	if (p && t->blame == BYTES && p->n_read > 0 && !p->ended)
		return true;
	turn_forgive(t);
	return false;
}

/* Is what another client gets, while one does not read or when it has vanished, that one's? */
void case_end_own_replies(struct turn *t)
{
	if (t->subject->dialect.line) {
		talk_past_the_end(t);
		is_judged(t);
	}
	struct peer *stuck = t->blame == NOBODY ? open_stuck(t) : NULL;
	if (stuck && has_places(t)) {
		t->patience *= BRIEF;
		is_judged(t);
		t->patience /= BRIEF;
	}
	vanish_stuck(t, stuck);
	turn_pause(20 * TS_MS + turn_busy_ns());
	if (t->blame == NOBODY && !is_judged(t))
		turn_report(t, "not judged: the next client was not served");
}

void case_robust_half_open(struct turn *t)
{
	int limit = t->subject->dialect.limit, n = limit > 0 && limit <= 12 ? limit - 1 : 12;

	for (int i = 0; i < n; i++) {
		if (!peer_open(t))
			return;
		turn_pause(3 * TS_MS);
	}
	turn_plain(t);
}

/* A client that talks without a rest, and another that comes and goes meanwhile: it has not to wait for a rest. */
#include "cases.h"

#define EACH_NS (3 * TS_MS) /* between two messages of the one that talks */

static bool answered(struct peer *other)
{
	return peer_answered_within(other, EACH_NS);
}

static bool over(struct peer *other)
{
	peer_listen(other, EACH_NS);
	return other->ended;
}

/* Does it come for `other` while the busy one talks? Both are there. */
static bool comes_beside(struct peer *busy, struct peer *other, bool (*has_come)(struct peer *other))
{
	struct turn *t = busy->turn;
	const int64_t until_ns = ts_clock_mono_ns() + PEER_END_WITHIN_NS;

	while (t->blame == NOBODY && !has_come(other))
		if (ts_clock_mono_ns() >= until_ns || !peer_say_letters(busy, 8))
			return false;
	return t->blame == NOBODY;
}

/* What is it that a client waits for until the busy one rests? NULL: nothing. */
static const char *held_up(struct turn *t)
{
	struct peer *busy = peer_open(t);
	const char *held = NULL;

	if (!peer_say_letters(busy, 8))
		return NULL;
	struct peer *other = peer_open(t);
	if (!peer_send_letters(other, 9))
		return NULL;
	if (!comes_beside(busy, other, answered))
		held = "is not answered";
	else if (peer_half_close(other) && !comes_beside(busy, other, over))
		held = "that has ended is not closed on";
	other->progress_ns = ts_clock_mono_ns(); /* from now on it has no reason to wait */
	if ((other->ended || (peer_await(other) && peer_finish(other))) && peer_finish(busy))
		return held;
	return NULL;
}

/* Twice: once may be chance on a busy machine. */
void case_concurrency_beside_busy(struct turn *t)
{
	const char *held = held_up(t) ? held_up(t) : NULL;

	if (!held || t->blame != NOBODY)
		return;
	t->sort = KEPT_WAITING;
	turn_fail(t, BYTES, "a client %s within 2 s while another talks, and is as soon as that one rests", held);
}

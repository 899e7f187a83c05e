/* A client that talks without a rest, and another that comes and goes meanwhile: it has not to wait for a rest. */
#include "cases.h"

#define EACH_NS (3 * TS_MS)   /* between two messages of the one that talks */
#define REST_NS (100 * TS_MS) /* in which the server may have had its rest after all */
#define TRIES   4

/* The one that talks, and its longest rest so far: on a busy machine it talks when it gets a processor. */
struct talk {
	struct peer *busy;
	int64_t said_ns, rest_ns;
};

static bool say_more(struct talk *talk)
{
	const int64_t now_ns = ts_clock_mono_ns(), rest_ns = talk->said_ns ? now_ns - talk->said_ns : 0;

	talk->rest_ns = rest_ns > talk->rest_ns ? rest_ns : talk->rest_ns;
	talk->said_ns = now_ns;
	return peer_say_letters(talk->busy, 8);
}

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
static bool comes_beside(struct talk *talk, struct peer *other, bool (*has_come)(struct peer *other))
{
	struct turn *t = other->turn;
	const int64_t until_ns = ts_clock_mono_ns() + PEER_END_WITHIN_NS;

	while (t->blame == NOBODY && !has_come(other))
		if (ts_clock_mono_ns() >= until_ns || !say_more(talk))
			return false;
	return t->blame == NOBODY;
}

/* What is it that a client waits for until the busy one rests? NULL: nothing, and that may be because it has rested. */
static const char *held_up(struct turn *t, bool *has_rested)
{
	struct peer *busy = peer_open(t);
	struct talk talk = {.busy = busy};
	const char *held = NULL;

	if (!say_more(&talk))
		return NULL;
	struct peer *other = peer_open(t);
	if (!peer_send_letters(other, 9))
		return NULL;
	if (!comes_beside(&talk, other, answered))
		held = "is not answered";
	else if (peer_half_close(other) && !comes_beside(&talk, other, over))
		held = "that has ended is not closed on";
	*has_rested = talk.rest_ns > REST_NS;
	other->progress_ns = ts_clock_mono_ns(); /* from now on it has no reason to wait */
	if ((other->ended || (peer_await(other) && peer_finish(other))) && peer_finish(busy))
		return held;
	return NULL;
}

/* Twice: once may be chance on a busy machine. */
void case_concurrency_beside_busy(struct turn *t)
{
	const char *held = NULL;
	bool may_be_held = true;
	int n_held = 0;

	for (int i = 0; i < TRIES && n_held < 2 && may_be_held && t->blame == NOBODY; i++) {
		bool has_rested = false;
		held = held_up(t, &has_rested);
		n_held += held != NULL;
		may_be_held = held || has_rested;
	}
	if (n_held < 2 || t->blame != NOBODY)
		return;
	t->sort = KEPT_WAITING;
	turn_fail(t, BYTES, "a client %s within 2 s while another talks, and is as soon as that one rests", held);
}

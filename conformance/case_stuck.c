/* A client that does not read, and another beside it: what they get, and whether the other has to wait for that one. */
#include "cases.h"

/* Another client asks while the server is stuck with this one. *is_over: it was stuck all the time, or is not stuck. */
static struct peer *ask_meanwhile(struct turn *t, struct peer *stuck, bool *is_over)
{
	bool is_stuck = peer_stick(stuck, turn_bytes_unread(t));
	size_t taken = peer_taken(stuck);
	struct peer *other = peer_open(t);

	peer_send_letters(other, 9);
	peer_answered_within(other, peers_unserved_ns(t));
	*is_over = !is_stuck || taken == peer_taken(stuck);
	return other;
}

/* Is another client not answered as long as one reads nothing, and then is? */
static bool holds_up(struct turn *t)
{
	struct peer *stuck = peer_try(t, turn_wait_ns(t), true), *other = NULL;
	bool is_over = !stuck, is_held_up = false;

	for (int i = 0; i < 5 && !is_over && !is_held_up && t->blame == NOBODY; i++) {
		other = ask_meanwhile(t, stuck, &is_over);
		is_held_up = t->blame == NOBODY && !peer_answered_within(other, 0);
		if (!is_held_up)
			peer_finish(other);
	}
	peer_widen(stuck);
	if (peer_await(stuck))
		peer_finish(stuck);
	if (is_held_up) {
		other->progress_ns = ts_clock_mono_ns(); /* from now on it has no reason to wait */
		if (peer_await(other))
			peer_finish(other);
	}
	return is_held_up && t->blame == NOBODY;
}

/* Twice: once may be chance on a busy machine. */
static bool holds_up_others(struct turn *t)
{
	return !turn_crawls(t) && holds_up(t) && holds_up(t);
}

/* Silence, or an end, is what concurrency.stuck-reader is about. */
static bool is_of_bytes(const struct turn *t)
{
	return t->blame == BYTES && t->sort != EARLY_END && t->sort != IDLE_END;
}

void case_concurrency_beside_stuck(struct turn *t)
{
	struct seen *seen = &t->subject->seen;
	bool held_up = holds_up_others(t);

	seen->stuck = t->blame == NOBODY;
	seen->held_up = held_up;
	if (t->blame == NOBODY || is_of_bytes(t))
		return;
	turn_forgive(t);
	turn_report(t, "not judged: see concurrency.stuck-reader");
}

void case_concurrency_stuck_reader(struct turn *t)
{
	const struct seen *seen = &t->subject->seen;
	bool held_up = seen->stuck && t->patience <= 1 ? seen->held_up : holds_up_others(t);

	if (!held_up || t->blame != NOBODY)
		return;
	t->sort = KEPT_WAITING;
	turn_fail(t, BYTES, "a client is not answered while another does not read, and is as soon as that one reads");
}

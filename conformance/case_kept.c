/* Conversations that are kept until their client ends them. */
#include "case_stream.h"
#include "cases.h"
#include "elder.h"
#include "look.h"
#include <stdio.h>
#include <stdlib.h>

/* Just below the 2 s for which an idle client must be kept. */
#define KEPT_NS (1900 * TS_MS)

#define WAITS_NS (1850 * TS_MS) /* a caller for its turn: less than KEPT_NS, for it may have a limit of 2 s, too */
#define IN_A_ROW 24

#define TALKS_NS      (2050 * TS_MS) /* to more than 2 s: about as long as other cases take side by side with it */
#define TALKS_LONG_NS (3300 * TS_MS) /* with --exec; and without, where one is served at a time: stream.kept-idle */
#define TALKS_EACH_NS (350 * TS_MS)
#define LONG_NS       (5100 * TS_MS) /* about as old as it is when the others have run */

#define SLEEPS_NS  (3200 * TS_MS)
#define ARRIVED_NS (20 * TS_MS) /* to read what came meanwhile */

#define UNREAD_NS   (1650 * TS_MS)    /* 2 s may be the server's limit, and a busy machine is late with its bytes */
#define UNREAD_MOST ((size_t)8 << 20) /* the buffers hold less: who takes so much keeps it */
#define UNREAD_SLOW ((size_t)2 << 20) /* they seldom hold more, and it can be read in the end */
#define UNREAD_SOME ((size_t)400000)  /* more than a usual client's kernel takes: the rest stays in the server's */
#define SLOW_NS     (40 * TS_MS)      /* for CASE_STREAM_LONG bytes */
#define CRAWLS_NS   (300 * TS_MS)     /* for as many: what the buffers hold would take seconds */

/* May a conversation grow older beside others, for stream.kept-long or stream.rests-long? Who serves few has no place
 * for it. */
static bool may_grow_old(const struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;
	bool has_place = d->counted && d->capacity > 1 && d->limit == 0;

	return has_place && !t->subject->few && !t->subject->alone;
}

void case_stream_kept_many(struct turn *t)
{
	struct peer *p = peer_open(t);
	int n_answered = 0;

	for (int i = 0; i < 2 || turn_goes_on(t, i, 1100, 12, i < 300 ? 2 * TS_S : TS_S); i++)
		n_answered += peer_say_letters(p, 6);
	if (t->blame != NOBODY && n_answered > 0)
		turn_precede(t, "after %d messages that were answered: ", n_answered);
	if (t->blame != NOBODY || t->patience > 1 || !may_grow_old(t) || !elder_sleep(p))
		peer_finish(p);
}

/* Where one is served at a time, another comes and waits for its turn: that is no reason to end either of them. NULL:
 * the next client is served beside the first, or turned away, and that is judged elsewhere. */
static struct peer *call_beside(struct turn *t)
{
	const struct subject *s = t->subject;
	bool in_turn = s->dialect.capacity == 1 && !s->dialect.turns_away && !s->alone;

	if (!in_turn || s->ends_with_next || s->each_ends_late || turn_slow(t) || t->blame != NOBODY)
		return NULL;
	return peer_call(t, false);
}

/* p has gone, and it is the caller's turn; or p was ended while the caller waited. */
static void serve_beside(struct turn *t, struct peer *caller)
{
	char how[300];

	if (!caller)
		return;
	if (t->blame != NOBODY) {
		turn_precede(t, "while another client waited for its turn: ");
		return;
	}
	caller->progress_ns = ts_clock_mono_ns();
	peer_listen(caller, TS_MS); /* it has said nothing yet, and so nothing may be there */
	if (t->blame == NOBODY && peer_say_letters(caller, 8) && peer_finish(caller))
		return;
	if (look_sees_end(t->subject, how, sizeof(how))) /* of itself: that is no matter of waiting */
		turn_forgive(t);
	else
		turn_precede(t, "a client that had waited %.1f s for its turn: ", (double)WAITS_NS / 1e9);
}

/* Rest, and at its `wait_ns` before the end another client comes. */
static bool rest_beside(struct peer *p, int64_t ns, int64_t wait_ns, struct peer **caller)
{
	if (!peer_rest(p, ns - wait_ns))
		return false;
	*caller = call_beside(p->turn);
	return peer_rest(p, wait_ns);
}

void case_stream_kept_silent(struct turn *t)
{
	struct peer *p = peer_open(t), *caller = NULL;

	if (rest_beside(p, KEPT_NS, WAITS_NS, &caller) && peer_say_letters(p, 8))
		peer_finish(p);
	serve_beside(t, caller);
}

enum stuck {
	STUCK,
	TAKES_ALL,
	CRAWLS /* it was not asked for so much */
};

/* How long does so much take to come back? Negative: it went wrong. */
static int64_t time_of(struct turn *t, struct peer *p, size_t n)
{
	const int64_t begin_ns = ts_clock_mono_ns();
	char *bytes = case_stream_filler(t, n);
	bool ok = bytes && peer_say(p, bytes, n);

	free(bytes);
	return ok ? ts_clock_mono_ns() - begin_ns : -1;
}

/* How long does CASE_STREAM_LONG take? Asked for in parts first, for one that crawls, or stalls now and then, shows it
 * in one of them. */
static int64_t time_of_long(struct turn *t, struct peer *p)
{
	static const int parts[] = {32, 8, 1};
	int64_t took_ns = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && took_ns >= 0 && took_ns < CRAWLS_NS; i++)
		took_ns = time_of(t, p, CASE_STREAM_LONG / (size_t)parts[i]);
	return took_ns;
}

/* How much the buffers hold is not known. A server that reads slowly gets no more than it gets through. *deaf_ns: from
 * when on its client does not read. */
static enum stuck stick_long(struct turn *t, struct peer *p, int64_t *deaf_ns)
{
	const int64_t took_ns = time_of_long(t, p);

	if (took_ns > CRAWLS_NS) {
		turn_skip(t, "the server is slow");
		return CRAWLS;
	}
	*deaf_ns = ts_clock_mono_ns();
	if (took_ns >= 0 && peer_stick(p, took_ns > SLOW_NS ? UNREAD_SLOW : UNREAD_MOST))
		return STUCK;
	if (t->blame == NOBODY)
		turn_skip(t, "the server takes whatever comes, and keeps its replies");
	return TAKES_ALL;
}

static struct peer *open_narrow(struct turn *t)
{
	struct peer *p = peer_try(t, turn_wait_ns(t), true);

	return p ? p : peer_open(t);
}

/* For a client beside the one that does not read: not where clients harm each other, or places are few, or time is. */
static bool has_place_for_another(struct turn *t)
{
	return !t->subject->alone && t->subject->dialect.limit == 0 && !turn_crawls(t);
}

/*
 * Two clients that have ended, and read later. The end of one stands behind what the server cannot read yet; the
 * other's it sees, for all that is owed has gone into its kernel: a close that is impatient loses it there.
 */
static int end_unread(struct turn *t, struct peer **ended)
{
	int n = has_place_for_another(t) ? 2 : 0;

	for (int i = 0; i < n; i++) {
		ended[i] = i == 0 ? open_narrow(t) : peer_open(t);
		peer_stick(ended[i], turn_bytes(t, i == 0 ? UNREAD_SLOW : UNREAD_SOME, TS_S));
		peer_end_unread(ended[i]);
	}
	return n;
}

#define GLANCE_NS (2 * TS_MS)
#define BESIDE_NS (600 * TS_MS) /* all at most: a server that is stuck with one of them is not after that */

/* A server that sends to one client at a time waits for whichever is not read: all are read side by side. */
static void read_beside(struct turn *t, struct peer *p, struct peer **others, int n)
{
	const int64_t until_ns = ts_clock_mono_ns() + BESIDE_NS;

	for (bool all = false; !all && t->blame == NOBODY && ts_clock_mono_ns() < until_ns;) {
		all = peer_answered_within(p, GLANCE_NS) || p->ended;
		for (int i = 0; i < n; i++) {
			while (others[i] && !others[i]->ended && ts_clock_mono_ns() < until_ns &&
			       peer_listen(others[i], GLANCE_NS))
				;
			all &= !others[i] || others[i]->ended;
		}
	}
}

/*
 * Until the server cannot send, and then for more than a second: a time-out of its sends is one of the conversation. So
 * there are several whose replies are left in the middle.
 */
void case_stream_kept_unread(struct turn *t)
{
	if (turn_slow(t)) {
		turn_skip(t, "the server is slow");
		return;
	}
	struct peer *p = open_narrow(t), *ended[2];
	int64_t deaf_ns = 0;
	enum stuck stuck = p ? stick_long(t, p, &deaf_ns) : CRAWLS;
	int n_ended = stuck != CRAWLS ? end_unread(t, ended) : 0;
	if (stuck == STUCK || n_ended > 0) {
		turn_pause(deaf_ns + UNREAD_NS - ts_clock_mono_ns());
		p->progress_ns = ts_clock_mono_ns();
	}
	peer_widen(p);
	for (int i = 0; i < n_ended; i++)
		peer_widen(ended[i]);
	if (n_ended > 0)
		read_beside(t, p, ended, n_ended);
	if (!peer_await(p) && stuck == STUCK)
		turn_precede(t, "a client that read nothing for %.1f s: ", (double)UNREAD_NS / 1e9);
	peer_finish(p);
	for (int i = 0; i < n_ended && ended[i] && t->blame == NOBODY; i++) {
		ended[i]->progress_ns = ts_clock_mono_ns();
		if (!peer_finish(ended[i]))
			turn_precede(t, "a client that had ended, and read its replies only then: ");
	}
}

/* A limit that is set once, for the whole conversation, is taken by its author for one on its rests. */
static bool talk_for(struct peer *p, int64_t begin_ns, int64_t ns)
{
	struct turn *t = p->turn;
	int64_t left_ns;

	while (peer_say_letters(p, 8) && (left_ns = begin_ns + ns - ts_clock_mono_ns()) > 0)
		turn_pause(left_ns < TALKS_EACH_NS ? left_ns : TALKS_EACH_NS);
	if (t->blame == BYTES && t->sort == EARLY_END)
		snprintf(t->message, sizeof(t->message),
		         "the server ended a conversation %.1f s after its begin, though its client never "
		         "rested for 2 s",
		         (double)(p->progress_ns - begin_ns) / 1e9);
	return t->blame == NOBODY;
}

void case_stream_kept_talking(struct turn *t)
{
	const bool grows_old = t->patience <= 1 && may_grow_old(t);
	struct peer *p = peer_open(t);
	const int64_t begin_ns = ts_clock_mono_ns();

	if (p && talk_for(p, begin_ns, t->subject->launch ? TALKS_LONG_NS : TALKS_NS) &&
	    !(grows_old && elder_keep(p, begin_ns)))
		peer_finish(p);
}

/* The one that has grown old. What went wrong with it in another way than by an end is what others have done to the
 * server: there, and where a busy machine has let it rest, it is one of this turn's own. NULL: nobody waits for that.
 */
static struct peer *old_one(struct turn *t, int64_t *begin_ns)
{
	struct peer *p = t->patience <= 1 ? elder_take(t, begin_ns) : NULL;

	if (p && (t->blame == NOBODY || (t->blame == BYTES && (t->sort == EARLY_END || t->sort == IDLE_END))))
		return p;
	turn_forgive(t);
	*begin_ns = ts_clock_mono_ns();
	return t->patience < 1 ? NULL : peer_open(t);
}

void case_stream_kept_long(struct turn *t)
{
	int64_t begin_ns = ts_clock_mono_ns();

	if (!may_grow_old(t) && !t->subject->few) {
		turn_skip(t, "the server has no place for a conversation beside the others");
		return;
	}
	struct peer *p = old_one(t, &begin_ns);
	if (p && talk_for(p, begin_ns, LONG_NS))
		peer_finish(p);
	if (!p)
		turn_skip(t, "other clients have harmed the conversation that was kept beside them");
	else
		turn_report(t, "it went on for %.1f s", (double)(ts_clock_mono_ns() - begin_ns) / 1e9);
}

/* The one that has slept since stream.kept-many; or another, that sleeps as long now, and more than 3 s. */
static struct peer *one_that_slept(struct turn *t)
{
	struct seen *seen = &t->subject->seen;
	int64_t slept_ns = 0;
	struct peer *p = t->patience <= 1 ? elder_wake(t, &slept_ns) : NULL;

	if (!p && t->patience <= 1 && !t->subject->few)
		return NULL;
	if (!p)
		peer_say_letters(p = peer_open(t), 8);
	seen->slept_ns = slept_ns > seen->slept_ns ? slept_ns : seen->slept_ns;
	seen->slept_ns = seen->slept_ns > SLEEPS_NS ? seen->slept_ns : SLEEPS_NS;
	peer_rest(p, seen->slept_ns - slept_ns);
	return p;
}

/* A server may have a limit of more than 2 s on rests. */
static bool may_be_over(const struct turn *t, const struct peer *p)
{
	return t->blame == NOBODY ? p->ended : t->blame == BYTES && (t->sort == IDLE_END || t->sort == EARLY_END);
}

void case_stream_rests_long(struct turn *t)
{
	struct peer *p = one_that_slept(t);
	const double slept_s = (double)t->subject->seen.slept_ns / 1e9;

	if (!p && t->blame == NOBODY)
		turn_skip(t, "there was no conversation that could rest beside the others");
	if (!p)
		return;
	while (t->blame == NOBODY && !p->ended && peer_listen(p, ARRIVED_NS))
		;
	bool goes_on = !p->ended && peer_say_letters(p, 8) && peer_say_letters(p, 9);
	if (!goes_on && may_be_over(t, p)) {
		turn_forgive(t);
		turn_report(t, "after a rest of %.1f s the server has ended it, which it may", slept_s);
		return;
	}
	if (t->blame != NOBODY)
		turn_precede(t, "after a rest of %.1f s: ", slept_s);
	else
		turn_report(t, "after a rest of %.1f s it goes on", slept_s);
	if (goes_on)
		peer_finish(p);
}

/* For an iterative server with all that stream.no-unasked, time.advances and stream.kept-talking want to see. */
static struct peer *idle(struct turn *t)
{
	struct seen *seen = &t->subject->seen;
	bool shares = turn_shares_waits(t), alone = t->subject->dialect.capacity == 1 && !turn_slow(t);
	const int64_t talks_ns = !alone ? 0 : t->subject->launch ? TALKS_NS : TALKS_LONG_NS;
	struct peer *caller = NULL;
	struct ts_stamp stamp;
	char full[4096 + 2];
	size_t n_full;

	t->talk = peer_open(t);
	const int64_t begin_ns = ts_clock_mono_ns();
	for (int i = 0; i == 0 || (i < CASE_STREAM_UNASKED && shares); i++)
		if (!peer_say_letters(t->talk, 8))
			return NULL;
	/* It fills a usual buffer: to some servers nothing behind a full one is the end. */
	n_full = turn_slow(t) ? 0 : turn_framed_letters(t, turn_takes_lines(t) ? 4000 : 4096, full);
	if (n_full > 0 && !peer_say(t->talk, full, n_full))
		return NULL;
	bool shown = turn_last_stamp(t, &stamp, seen->before, sizeof(seen->before));
	const int64_t rest_ends_ns = ts_clock_mono_ns() + KEPT_NS, ends_ns = begin_ns + talks_ns;
	const int64_t more_ns = ends_ns > rest_ends_ns ? ends_ns - rest_ends_ns : 0;
	if (!rest_beside(t->talk, KEPT_NS, WAITS_NS - more_ns, &caller) || !peer_say_letters(t->talk, 8))
		return caller;
	peer_send_letters(caller, 8);
	shown &= turn_last_stamp(t, &stamp, seen->after, sizeof(seen->after));
	if (n_full > 0 && !peer_say(t->talk, full, n_full)) /* the reply to the same may have been remembered */
		return caller;
	if (alone && !talk_for(t->talk, begin_ns, talks_ns))
		return caller;
	for (int i = 0; i < IN_A_ROW && caller; i++)
		if (!peer_say_letters(t->talk, 8))
			return caller;
	seen->rested = peer_finish(t->talk) && shares && shown;
	return caller;
}

void case_stream_kept_idle(struct turn *t)
{
	serve_beside(t, idle(t));
}

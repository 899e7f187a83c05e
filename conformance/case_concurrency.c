/* Several clients at a time. No case here waits for two conversations that an iterative server holds one after the
 * other. */
#include "cases.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY  200
#define GROUP 10 /* so many callers come at once, if each takes long: more would overflow a short queue */

static int n_at_once(const struct turn *t)
{
	return t->subject->dialect.least_rtt_ns > 5 * TS_MS || turn_leisurely(t) ? GROUP : 1;
}

/* A server that serves a few at a time is filled but for one place, so that of two more callers the second has to
 * queue. */
static bool fill(struct turn *t)
{
	int n = t->subject->dialect.limit - 1;
	struct peer *p[GROUP];

	if (t->subject->dialect.one_shot || n >= MANY)
		return true;
	for (int i = 0, n_more; i < n && t->blame == NOBODY; i += n_more) {
		n_more = n - i < n_at_once(t) ? n - i : n_at_once(t);
		for (int k = 0; k < n_more; k++)
			p[k] = peer_open(t);
		peers_say(p, n_more);
	}
	return t->blame == NOBODY;
}

#define CALLERS      24 /* as many wait in turn, if the queue holds so many: a pool has one of its own, perhaps a ring */
#define CALLERS_SLOW 6
#define CALLERS_MANY 10 /* who serves many at a time may close on more than that: see many-open */

#define DEAR_NS (150 * TS_MS) /* if a conversation takes so long */

static int n_callers(const struct turn *t)
{
	if (n_at_once(t) > 1 || t->subject->seen.each_ns > DEAR_NS)
		return CALLERS_SLOW;
	return t->subject->dialect.limit == 0 ? CALLERS_MANY : CALLERS;
}

/* Not more than there is room for, and one at least. Returns how many. */
static int call(struct turn *t, struct peer **caller)
{
	int n = 0, most = n_callers(t);

	caller[n++] = peer_open(t);
	while (n < most && t->blame == NOBODY && !turn_slow(t) && (caller[n] = peer_call(t, false)))
		n++;
	if (caller[0])
		peer_listen(caller[0], 40 * TS_MS + turn_busy_ns()); /* time to turn callers away, or to lose them */
	return n;
}

/* Is one of them answered? It goes then, and makes room for the next: not each server takes them in their order.
 * Returns which, or -1. */
static int serve_one(struct turn *t, struct peer **caller, int n)
{
	for (int i = 0; i < n && t->blame == NOBODY; i++) {
		if (!caller[i] || (!peer_answered_within(caller[i], 5 * TS_MS) && !caller[i]->ended))
			continue;
		if (peer_await(caller[i]))
			peer_finish(caller[i]);
		caller[i] = NULL;
		return i;
	}
	return -1;
}

#define IN_ORDER 6 /* callers: that so many are taken backwards is no chance */

/* Servers with several queues, or with threads that wait for one another, take callers in some order; a stack does not.
 */
static void serve_all(struct turn *t, struct peer **caller, int n)
{
	int64_t until_ns = ts_clock_mono_ns() + turn_wait_ns(t);
	int left = n, last = n;
	bool backwards = n >= IN_ORDER;

	while (left > 0 && t->blame == NOBODY && ts_clock_mono_ns() < until_ns) {
		int i = serve_one(t, caller, n);
		if (i < 0)
			continue;
		until_ns = ts_clock_mono_ns() + turn_wait_ns(t);
		backwards &= i < last;
		last = i;
		left--;
	}
	if (left > 0 && t->blame == NOBODY)
		turn_fail(t, SILENCE,
		          "%d of %d callers that came while others were served were not, when those had gone: nothing "
		          "came for %.1f s",
		          left, n, (double)turn_wait_ns(t) / 1e9);
	else if (backwards && t->blame == NOBODY)
		turn_fail(t, BYTES, "%d callers waited, and who came last was served first", n);
}

/* Queued callers, with or without words before their turn. The client that is served goes on beside them. */
static void queue(struct turn *t, bool early)
{
	bool one_shot = t->subject->dialect.one_shot;
	struct peer *caller[CALLERS];

	if (!fill(t))
		return;
	struct peer *first = peer_open(t);

	if (!one_shot && !peer_say_letters(first, 8))
		return;
	int n = call(t, caller);
	if (t->blame != NOBODY) {
		turn_precede(t, "one of %d callers that came while others were served: ", n);
		return;
	}
	for (int i = 0; early && i < n; i++)
		peer_send_letters(caller[i], 8);
	if (!one_shot && !peer_say_letters(first, 9)) {
		turn_precede(t, "the client that was served, while %d more waited: ", n);
		return;
	}
	if ((one_shot && !peer_say_letters(first, 8)) || !peer_finish(first)) {
		turn_precede(t, "the client that was served, when %d more had come: ", n);
		return;
	}
	for (int i = 0; !early && i < n; i++)
		peer_send_letters(caller[i], 8);
	serve_all(t, caller, n);
	if (t->blame == BYTES && t->sort == EARLY_END)
		turn_precede(t, "one of %d callers that had come while others were served: ", n);
}

void case_concurrency_queue(struct turn *t)
{
	queue(t, false);
}

void case_concurrency_queue_early(struct turn *t)
{
	queue(t, true);
}

#define ALIKE 1 /* the round in which all say the same */

/* Everybody sends before anybody reads, in changing order. */
static void round_of_words(struct turn *t, struct peer **p, int n, int round)
{
	char word[24], framed[26];

	for (int i = 0; i < n; i++) {
		memset(word, 'a' + (round == ALIKE ? round : i * 5 + round) % 26, sizeof(word));
		peer_send(p[(i + round) % n], framed, turn_frame(t, word, sizeof(word), framed));
	}
	for (int i = 0; i < n; i++)
		if (!peer_await(p[i]))
			return;
}

#define TALKERS 6
#define ROUNDS  1000 /* as many as fit: two threads meet in a buffer by chance */

void case_concurrency_no_cross_talk(struct turn *t)
{
	struct peer *p[TALKERS];
	int n = t->subject->dialect.capacity < TALKERS ? t->subject->dialect.capacity : TALKERS;

	t->of_probe = t->subject->dialect.misstated;
	if (t->of_probe)
		turn_fail(t, BYTES,
		          "it was stated to be concurrent, and answers a client only when the one before has gone");
	for (int round = 0; turn_goes_on(t, round, ROUNDS, 3, TS_S / 4); round++) {
		bool fresh = round == 0 || t->subject->dialect.one_shot;
		for (int i = 0; fresh && i < n; i++)
			if (!(p[i] = peer_open(t)))
				return;
		round_of_words(t, p, n, round);
		if (round == ALIKE && t->blame != NOBODY)
			turn_precede(t, "clients that send the same at once: ");
		if (round == 0 && t->sort == EARLY_END)
			t->sort = ANY; /* after one message each, it is the others who end it */
		for (int i = 0; i < n && t->subject->dialect.one_shot; i++)
			peer_leave(p[i]);
	}
}

#define GOERS 4

/* Who came first goes first, and the others are still there. */
static void go_in_order(struct turn *t, int n)
{
	struct peer *p[GOERS];

	for (int i = 0; i < n; i++)
		peer_say_letters(p[i] = peer_open(t), 10);
	for (int i = 0; i < n && t->blame == NOBODY; i++) {
		peer_leave(p[i]);
		for (int j = i + 1; j < n; j++)
			peer_say_letters(p[j], 10);
	}
}

void case_concurrency_churn(struct turn *t)
{
	struct peer *earlier = peer_open(t);
	peer_say_letters(earlier, 10);
	struct peer *lasting = peer_open(t);
	peer_say_letters(lasting, 10);
	peer_finish(earlier);                /* those who come now have a lower descriptor than the one who stays */
	int n = turn_busy_ns() > 0 ? 40 : 5; /* a busy machine may let the server see one leaver at a time */
	int n_goers = t->subject->dialect.capacity - 1 < GOERS ? t->subject->dialect.capacity - 1 : GOERS;

	for (int i = 0; turn_goes_on(t, i, n, 1, TS_S); i++) {
		peer_say_letters(lasting, 10);
		peers_go_together(t, n_goers);
	}
	for (int i = 0; turn_goes_on(t, i, 15, 3, 1500 * TS_MS); i++) {
		peer_say_letters(lasting, 10);
		turn_plain(t);
	}
	peer_say_letters(lasting, 10);
	peer_finish(lasting);
	if (!turn_slow(t))
		go_in_order(t, n_goers);
}

#define LEAVERS 2

/* Many clients: who of the last to come is not answered, in their order, and two of the first, who can go. */
struct crowd {
	struct peer *waiting[GROUP], *leaver[LEAVERS];
	int n_waiting;
	int64_t wait_ns; /* who is not answered until then is waiting */
};

/* Some clients more, p[0] to p[n - 1]. False: something went wrong. */
static bool come(struct turn *t, struct crowd *c, struct peer **p, int n)
{
	int64_t until_ns = ts_clock_mono_ns() + c->wait_ns;

	for (int i = 0; i < n; i++)
		p[i] = peer_open(t);
	if (t->subject->dialect.one_shot) {
		turn_pause(n * 3 * TS_MS);
		return t->blame == NOBODY;
	}
	for (int i = 0; i < n; i++)
		peer_send_letters(p[i], 8);
	c->n_waiting = 0;
	for (int i = 0; i < n && t->blame == NOBODY; i++)
		if (!peer_answered_within(p[i], until_ns - ts_clock_mono_ns()))
			c->waiting[c->n_waiting++] = p[i];
	return t->blame == NOBODY;
}

/*
 * Is a client not answered because others are served, as many as there is room for? Then it is as soon as one of them
 * has gone, and the next is not. Twice: once may be chance on a busy machine.
 */
static bool waits_for_place(struct turn *t, struct crowd *c)
{
	for (int i = 0; i < LEAVERS; i++) {
		if (!peer_finish(c->leaver[i]) || !peer_answered_within(c->waiting[i], c->wait_ns))
			return false;
		if (i + 1 == c->n_waiting) {
			c->waiting[c->n_waiting++] = peer_open(t);
			peer_send_letters(c->waiting[i + 1], 8);
		}
		if (peer_answered_within(c->waiting[i + 1], c->wait_ns))
			return false;
	}
	return t->blame == NOBODY;
}

/* n are served, some wait: for a place, or for no reason that can be told. */
static void judge_waiting(struct turn *t, struct crowd *c, int n)
{
	if (c->n_waiting > 0 && waits_for_place(t, c)) {
		t->subject->dialect.limit = n;
		t->sort = KEPT_WAITING;
		turn_fail(t, BYTES, "%d clients are served at a time; one more is not, until one of them has gone", n);
	}
	for (int i = 0; i < c->n_waiting && peer_await(c->waiting[i]); i++)
		;
}

void case_concurrency_many_open(struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;
	struct crowd c = {.wait_ns = peers_unserved_ns(t)};
	struct peer *p[MANY];
	int n = turn_sparing(t) ? GROUP : turn_slow(t) ? 2 * GROUP : MANY, n_each = n_at_once(t);

	if ((d->capacity < LEAVERS || d->one_shot) && peers_said_few(t))
		return;
	for (int i = 0; i < LEAVERS && !d->one_shot; i++)
		if (!peer_say_letters(c.leaver[i] = peer_open(t), 8))
			return;
	int n_open = 0;
	for (int i = 0; n_open < n && turn_goes_on(t, i, n, 2, 4 * TS_S); i++, n_open += n_each)
		if (come(t, &c, p + n_open, n_each))
			judge_waiting(t, &c, LEAVERS + n_open + n_each - c.n_waiting);
	for (int i = 0; i < n_open && t->blame == NOBODY; i += turn_slow(t) ? n_open : n_each)
		peers_say(p + i, turn_slow(t) ? n_open : n_each);
	if ((t->blame == BYTES || t->blame == SILENCE) && t->sort != KEPT_WAITING)
		turn_precede(t, "with %d clients open: ", t->n_peers);
	if (n_open < n)
		turn_report(t, "%d clients were open in the time there is, not %d", n_open, n);
}

/* Several clients at a time. No case here waits for two conversations that an iterative server holds one after the
 * other. */
#include "cases.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASIDE_PATIENCE 0.3 /* of the wait for one who only has to be served beside another */

/* A queued caller, with or without words before its turn. */
static void queue(struct turn *t, bool early)
{
	bool one_shot = t->subject->dialect.one_shot;
	int capacity = t->subject->dialect.capacity;

	/* A server that serves a few at a time is filled, so that the second caller has to queue. */
	for (int i = 1; i < capacity && capacity < DIALECT_CAPACITY_MAX && !one_shot; i++)
		if (!peer_say_letters(peer_open(t), 8))
			return;
	struct peer *first = peer_open(t);

	if (!one_shot && !peer_say_letters(first, 8))
		return;
	struct peer *second = peer_open(t);
	if (second)
		peer_listen(second, 40 * TS_MS); /* a server that turns callers away has time to do it */
	if (early)
		peer_send_letters(second, 8);
	if (one_shot && !peer_say_letters(first, 8))
		return;
	if (!peer_finish(first))
		return;
	if (!early)
		peer_send_letters(second, 8);
	peer_await(second);
	peer_finish(second);
}

void case_concurrency_queue(struct turn *t)
{
	queue(t, false);
}

void case_concurrency_queue_early(struct turn *t)
{
	queue(t, true);
}

/* Everybody sends before anybody reads, in changing order. */
static void round_of_words(struct turn *t, struct peer **p, int n, int round)
{
	char word[24], framed[26];

	for (int i = 0; i < n; i++) {
		memset(word, 'a' + (i * 5 + round) % 26, sizeof(word));
		peer_send(p[(i + round) % n], framed, turn_frame(t, word, sizeof(word), framed));
	}
	for (int i = 0; i < n; i++)
		if (!peer_await(p[i]))
			return;
}

void case_concurrency_no_cross_talk(struct turn *t)
{
	struct peer *p[2];

	for (int round = 0; turn_goes_on(t, round, 20, 3, TS_S); round++) {
		bool fresh = round == 0 || t->subject->dialect.one_shot;
		for (int i = 0; fresh && i < 2; i++)
			if (!(p[i] = peer_open(t)))
				return;
		round_of_words(t, p, 2, round);
		for (int i = 0; i < 2 && t->subject->dialect.one_shot; i++)
			if (peer_finish(p[i]))
				peer_free(p[i], 0);
	}
}

void case_concurrency_churn(struct turn *t)
{
	struct peer *lasting = peer_open(t);

	for (int i = 0; turn_goes_on(t, i, 15, 3, 1500 * TS_MS); i++) {
		peer_say_letters(lasting, 10);
		turn_plain(t);
	}
	peer_say_letters(lasting, 10);
	peer_finish(lasting);
}

void case_concurrency_half_line(struct turn *t)
{
	struct peer *slow = peer_open(t);

	/* Some times over: on a busy machine the server may take longer to begin with the line. */
	for (int i = 0; i < 3; i++) {
		if (!peer_send(slow, "abc", 3))
			return;
		turn_pause(10 * TS_MS + turn_busy_ns());
		turn_plain(t);
	}
	peer_say(slow, "def\r\n", 5);
}

/* Everybody sends, then everybody is answered. */
static void all_say(struct peer **p, int n)
{
	for (int i = 0; i < n; i++)
		peer_send_letters(p[i], 8);
	for (int i = 0; i < n && peer_await(p[i]); i++)
		;
}

/*
 * Some clients more, whom the server has taken from its queue, as far as that can be told: all at once would overflow a
 * short queue. A slow server, which the probe has asked with as many, gets ten at a time.
 */
static bool open_settled(struct turn *t, struct peer **p, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = peer_open(t);
	if (t->subject->dialect.one_shot)
		turn_pause(n * 3 * TS_MS);
	else
		all_say(p, n);
	return t->blame == NOBODY;
}

void case_concurrency_many_open(struct turn *t)
{
	struct peer *p[200];
	int n = t->subject->dialect.capacity < DIALECT_CAPACITY_MAX ? 0 : turn_slow(t) ? 20 : 200;
	int n_each = t->subject->dialect.least_rtt_ns > 5 * TS_MS ? 10 : 1;

	if (n == 0) {
		turn_report(t, "not tried: the server serves %d at a time", t->subject->dialect.capacity);
		return;
	}
	for (int i = 0; i < n; i += n_each)
		if (!open_settled(t, p + i, n_each))
			return;
	for (int i = 0; i < n; i += turn_slow(t) ? n : n_each)
		all_say(p + i, turn_slow(t) ? n : n_each);
}

/* Another client asks while the server is stuck: was it stuck all the time? Then nothing of what waits has gone. */
static bool ask_meanwhile(struct turn *t, struct peer *stuck, size_t most)
{
	bool is_stuck = peer_stick(stuck, most);
	size_t taken = stuck ? peer_taken(stuck) : 0;

	t->patience *= ASIDE_PATIENCE;
	turn_plain(t);
	t->patience /= ASIDE_PATIENCE;
	return !is_stuck || taken == peer_taken(stuck);
}

void case_concurrency_stuck_reader(struct turn *t)
{
	size_t most = turn_bytes_unread(t);
	struct peer *stuck = peer_try(t, turn_wait_ns(t), true);

	for (int i = 0; stuck && i < 5 && t->blame == NOBODY && !ask_meanwhile(t, stuck, most); i++)
		;
	peer_widen(stuck);
	if (peer_await(stuck))
		peer_finish(stuck);
}

void case_robust_half_open(struct turn *t)
{
	int n = t->subject->dialect.capacity < DIALECT_CAPACITY_MAX ? t->subject->dialect.capacity - 1 : 12;

	for (int i = 0; i < n; i++) {
		if (!peer_open(t))
			return;
		turn_pause(3 * TS_MS);
	}
	turn_plain(t);
}

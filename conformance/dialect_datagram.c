/* Probing with datagrams: one that learns the rule, and what an empty one does. */
#include "dgram.h"
#include "dialect.h"
#include "dialect_inside.h"
#include "met.h"
#include "suite.h"
#include "ts_clock.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TRIES       3 /* datagrams until one is answered */
#define TOGETHER_NS (30 * TS_MS)

/* Is a further word answered? On a busy machine one round trip says little about the server. */
static bool goes_on(struct turn *t, struct dgram *g)
{
	char word[N_WORD];
	int64_t sent_ns = ts_clock_mono_ns();

	turn_letters(t, word, N_WORD);
	if (!dgram_send(g, word, N_WORD) || dgram_receive(g, t->subject->options->timeout_ns / 2) != 1)
		return false;
	dialect_widen_rtt(&t->subject->dialect, ts_clock_mono_ns() - sent_ns);
	met_hear(t->subject, word, N_WORD, g->bytes, g->n);
	return true;
}

/* Three at once: a server that takes one after the other needs three times as long. */
static bool answers_in_turn(struct turn *t, struct dgram *g)
{
	struct dialect *d = &t->subject->dialect;
	int64_t begin_ns = ts_clock_mono_ns();
	char word[N_WORD];

	turn_letters(t, word, N_WORD);
	for (int i = 0; i < 3; i++)
		dgram_send(g, word, N_WORD);
	for (int i = 0; i < 3; i++)
		if (dgram_receive(g, 4 * d->rtt_ns) != 1)
			return true;
	return ts_clock_mono_ns() - begin_ns > 2 * d->least_rtt_ns;
}

/* A reply that is none by itself: does its other half come in a datagram of its own? */
static void look_for_rest(struct turn *t, struct dgram *g, const char *word)
{
	struct dialect *d = &t->subject->dialect;
	char first[60], second[60];

	if (d->known || memmem(g->bytes, g->n, word, N_WORD) || dgram_receive(g, 60 * TS_MS + 2 * d->rtt_ns) != 1 ||
	    !memmem(g->bytes, g->n, word, N_WORD))
		return;
	d->split = true;
	snprintf(d->stranger, sizeof(d->stranger), "a message is answered in two datagrams: %s and %s",
	         trace_quote(d->sample, d->n_sample, first, sizeof(first)),
	         trace_quote(g->bytes, g->n, second, sizeof(second)));
}

/*
 * Ask until an answer comes, with another word each time: is it to the first, which took so long, or was that one lost?
 * 1: the rule is learnt, or what it is instead is said. Else as dgram_receive. -EIO: the turn says why. *n_taken: so
 * many were sent before the last, and nobody said that there is none to take them.
 */
static int first_words(struct turn *t, struct dgram *g, int *n_taken)
{
	struct dialect *d = &t->subject->dialect;
	char words[TRIES][N_WORD];
	int64_t sent_ns[TRIES];
	int n_sent = 0, got = 0;

	while (n_sent < TRIES && got == 0) {
		*n_taken = n_sent;
		turn_letters(t, words[n_sent], N_WORD);
		sent_ns[n_sent] = ts_clock_mono_ns();
		if (!dgram_send(g, words[n_sent++], N_WORD))
			return *n_taken > 0 && t->blame == GONE && t->sort != ENDED ? -ECONNREFUSED : -EIO;
		got = dgram_receive(g, t->subject->options->timeout_ns / 2);
	}
	if (got != 1)
		return got;
	int which = 0;
	while (which < n_sent - 1 && !memmem(g->bytes, g->n, words[which], N_WORD))
		which++;
	/* That the answer to an earlier one comes together with the last is no matter of time. */
	const int64_t since_last_ns = ts_clock_mono_ns() - sent_ns[n_sent - 1];
	d->held_back = which < n_sent - 1 && since_last_ns < TOGETHER_NS;
	dialect_widen_rtt(d, d->held_back ? since_last_ns : ts_clock_mono_ns() - sent_ns[which]);
	dialect_learn(t, words[which], N_WORD, g->bytes, g->n);
	if (g->n == 0)
		dialect_stranger(d, "it answers with an empty datagram");
	look_for_rest(t, g, words[which]);
	d->first_lost = d->known && which > 0;
	return 1;
}

#define LETS_GO_NS (50 * TS_MS) /* one that is still with the first refuses the second, for a moment */

/* A second client is not answered, and then the first one is, still. */
static bool answers_first_only(struct turn *t, struct dgram *first)
{
	struct dgram *second = dgram_open(t);
	bool answered = false;

	for (int i = 0; second && i < TRIES && !answered; i++) {
		answered = goes_on(t, second);
		turn_forgive(t);
		if (!answered)
			turn_pause(LETS_GO_NS);
	}
	dgram_free(second);
	if (answered)
		return false;
	t->subject->gone = false;
	for (int i = 0; i < TRIES && dgram_receive(first, 0) == 1; i++) /* what was the other's */
		;
	turn_forgive(t);
	return goes_on(t, first);
}

bool dialect_probe_datagram(struct turn *t)
{
	struct dialect *d = &t->subject->dialect;
	struct dgram *g = dgram_open(t);

	d->capacity = d->abreast = DIALECT_CAPACITY_MAX;
	d->ends = true;
	int n_taken = 0, got = first_words(t, g, &n_taken);
	if (got == -EIO) {
		dgram_free(g);
		return false;
	}
	if (got == -ESRCH) {
		dialect_stranger(d, "it does not answer");
		got = 0;
	} else if (got < 0 && n_taken > 0) {
		snprintf(d->stranger, sizeof(d->stranger),
		         "it does not answer: the first datagram was taken, and then nobody was there any more (%s)",
		         strerror(-got));
		got = 0;
	} else if (got < 0) {
		turn_fail(t, GONE, "nobody receives the datagrams (%s)", strerror(-got));
		t->subject->gone = true;
	} else if (got == 0) {
		dialect_stranger(d, "it does not answer");
	}
	d->goes_on = d->known && goes_on(t, g);
	if (d->goes_on)
		dialect_settle_zeros(t);
	if (d->goes_on && d->empty == EMPTY_UNKNOWN) {
		dgram_send(g, "", 0);
		got = dgram_receive(g, 60 * TS_MS + 2 * d->rtt_ns);
		d->empty = got == 1 && g->n > 0 ? EMPTY_STAMP : EMPTY_NOTHING;
		turn_forgive(t); /* the server was reached, whatever an empty datagram did to it */
		d->empty_kills = !goes_on(t, g);
	}
	d->first_only = d->goes_on && !d->empty_kills && answers_first_only(t, g);
	if (d->goes_on && !d->empty_kills && dialect_is_slow(d) && answers_in_turn(t, g))
		d->abreast = 1;
	dgram_free(g);
	met_judge(t);
	return got >= 0 || d->known;
}

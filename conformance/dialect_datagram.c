/* Probing with datagrams: one that learns the rule, and what an empty one does. */
#include "dgram.h"
#include "dialect.h"
#include "dialect_inside.h"
#include "suite.h"
#include "ts_clock.h"
#include <string.h>

/* Is a further word answered? */
static bool goes_on(struct turn *t, struct dgram *g)
{
	char word[N_WORD];

	turn_letters(t, word, N_WORD);
	return dgram_send(g, word, N_WORD) && dgram_receive(g, t->subject->options->timeout_ns / 2) == 1;
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

bool dialect_probe_datagram(struct turn *t)
{
	struct dialect *d = &t->subject->dialect;
	struct dgram *g = dgram_open(t);
	char word[N_WORD];
	int got = 0;

	d->capacity = d->abreast = DIALECT_CAPACITY_MAX;
	d->ends = true;
	turn_letters(t, word, N_WORD);
	for (int i = 0; i < 3 && got == 0; i++) {
		int64_t sent_ns = ts_clock_mono_ns();
		if (!dgram_send(g, word, N_WORD)) {
			dgram_free(g);
			return false;
		}
		got = dgram_receive(g, t->subject->options->timeout_ns / 2);
		dialect_widen_rtt(d, ts_clock_mono_ns() - sent_ns);
	}
	if (got < 0) {
		turn_fail(t, GONE, "nobody receives the datagrams (%s)", strerror(-got));
		t->subject->gone = true;
	} else if (got == 0) {
		dialect_stranger(d, "it does not answer");
	} else {
		dialect_learn(t, word, N_WORD, g->bytes, g->n);
	}
	d->goes_on = d->known && goes_on(t, g);
	if (d->goes_on && d->empty == EMPTY_UNKNOWN) {
		dgram_send(g, "", 0);
		got = dgram_receive(g, 60 * TS_MS + 2 * d->rtt_ns);
		d->empty = got == 1 ? EMPTY_STAMP : EMPTY_NOTHING;
		t->blame = NOBODY; /* the server was reached, whatever an empty datagram did to it */
		d->empty_kills = !goes_on(t, g);
	}
	if (d->goes_on && !d->empty_kills && dialect_is_slow(d) && answers_in_turn(t, g))
		d->abreast = 1;
	dgram_free(g);
	return got >= 0 || d->known;
}

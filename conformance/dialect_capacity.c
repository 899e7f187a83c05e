/* Probing a stream: how many clients are served at a time? */
#include "dialect_inside.h"
#include "peer.h"
#include "suite.h"
#include "ts_clock.h"

#define ABREAST_FEW 3
#define QUEUE_LOOKS 20
#define SPARE       4 /* more than the suite has open at a time are served, or there is one place less */

static bool is_answered(struct peer *p, int64_t wait_ns)
{
	peer_send_letters(p, N_WORD);
	return peer_answered_within(p, wait_ns);
}

/* n more clients ask at once: how many are answered? */
static int n_answered(struct turn *t, struct peer **p, int n, int64_t wait_ns)
{
	int64_t until_ns = ts_clock_mono_ns() + wait_ns;
	int n_open = 0, n_good = 0;

	for (; n_open < n && (p[n_open] = peer_try(t, wait_ns, false)) != NULL; n_open++)
		peer_send_letters(p[n_open], N_WORD);
	for (int i = 0; i < n_open; i++)
		n_good += peer_answered_within(p[i], until_ns - ts_clock_mono_ns());
	return n_good;
}

/*
 * Is who comes served when somebody has gone? Workers that each have a queue of their own let a client wait behind one
 * conversation while others end.
 */
static bool has_one_queue(struct turn *t, struct peer **served, int n, int64_t wait_ns)
{
	for (int i = 0; i < QUEUE_LOOKS; i++) {
		struct peer **place = &served[i % n];
		if (!peer_finish(*place))
			return true; /* a case will say it */
		peer_free(*place, 0);
		if (!(*place = peer_try(t, wait_ns, false)))
			return true;
		if (!is_answered(*place, wait_ns) && !peer_answered_within(*place, wait_ns) && !(*place)->ended)
			return false; /* and was not turned away either */
	}
	return true;
}

/*
 * Was one more closed on, for there was no place? Who has gone has one until the server knows: so half of them are
 * used, and nobody is closed on who is to be judged for something else.
 */
static void mind_places(struct dialect *d, const struct peer *one_more)
{
	d->turns_away = one_more && one_more->ended && d->limit > 0;
	if (d->turns_away && d->limit > 1)
		d->abreast = d->limit / 2;
}

/* "Many" may be just as many: then the suite must know. */
static void find_spare(struct turn *t, int64_t wait_ns)
{
	struct dialect *d = &t->subject->dialect;
	struct peer *p[SPARE] = {NULL};
	int more = n_answered(t, p, SPARE, wait_ns);

	if (more < SPARE) {
		d->limit = d->capacity + more;
		mind_places(d, p[more]);
	}
	for (int i = 0; i < SPARE && p[i]; i++)
		peer_free(p[i], 0);
}

/* What the probe has seen of how long it takes until one more client is answered. */
struct pace {
	bool slow;       /* so long that few are tried, and several at once */
	bool waits;      /* three together take longer than one: they wait for one another */
	int n_begun;     /* one by one */
	int64_t each_ns; /* for one */
};

/*
 * A server that comes to accept only now and then begins one conversation late after the other, however early the
 * probe's first happened to be.
 */
static void mind_begin(struct dialect *d, struct pace *pace, int64_t took_ns)
{
	if (pace->n_begun++ == 0 || took_ns < d->begin_ns)
		d->begin_ns = took_ns;
	if (pace->n_begun < 2 || d->begin_ns <= DIALECT_LATE_BEGIN_NS + turn_busy_ns())
		return;
	d->begins_late = pace->slow = true;
	d->rtt_ns = took_ns > d->rtt_ns ? took_ns : d->rtt_ns;
	pace->each_ns = d->begin_ns;
}

/* After n more, all answered: how many next? */
static int n_next(const struct dialect *d, const struct pace *pace, int n)
{
	if (!pace->slow)
		return 1;
	if (n == 1)
		return 3;
	return (pace->waits ? DIALECT_CAPACITY_MAX : DIALECT_CAPACITY_SLOW) - d->capacity;
}

/* Each of them is at its own place in p, and who was not answered at the one behind them. */
static void fill_places(struct turn *t, struct peer **p, struct pace *pace, int64_t wait_ns)
{
	struct dialect *d = &t->subject->dialect;
	int n = 1;

	while (n > 0 && d->capacity + n <= (pace->slow ? DIALECT_CAPACITY_SLOW : DIALECT_CAPACITY_MAX)) {
		int64_t begin_ns = ts_clock_mono_ns();
		int more = n_answered(t, p + d->capacity, n, wait_ns);
		int64_t took_ns = ts_clock_mono_ns() - begin_ns;
		d->capacity += more;
		d->limit = more < n ? d->capacity : 0;
		if (more < n)
			break;
		if (n == 1)
			mind_begin(d, pace, took_ns);
		pace->waits |= pace->each_ns > 0 && n == 3 && took_ns > 2 * pace->each_ns;
		n = n_next(d, pace, n);
	}
}

/* Who waits behind the only one that is served has its turn when that has ended: how long does it take until then? */
static void time_next(struct turn *t, struct peer *served, struct peer *next, int64_t wait_ns)
{
	struct dialect *d = &t->subject->dialect;
	int64_t begin_ns = ts_clock_mono_ns();

	if (d->one_shot || !d->ends || !next || next->ended || !peer_finish(served))
		return;
	if (peer_answered_within(next, wait_ns))
		d->begin_ns = ts_clock_mono_ns() - begin_ns;
}

void dialect_find_capacity(struct turn *t)
{
	struct dialect *d = &t->subject->dialect;
	int64_t wait_ns = 400 * TS_MS + 2 * turn_busy_ns() + (dialect_is_slow(d) ? 2 : 4) * d->rtt_ns;
	bool slow_to_answer = d->least_rtt_ns > 2 * DIALECT_LEISURELY_NS;
	struct pace pace = {.slow = slow_to_answer || d->begins_late || turn_slow(t),
	                    .each_ns = slow_to_answer ? d->least_rtt_ns : 0};
	struct peer *p[1 + DIALECT_CAPACITY_SLOW] = {NULL}, *first;

	d->capacity = d->abreast = d->limit = 1;
	if (t->subject->options->concurrency == SAID_ITERATIVE || !(p[0] = first = peer_try(t, turn_wait_ns(t), false)))
		return;
	/* A server that did not end the first conversation may still be in it. */
	if (!d->ends && !is_answered(first, wait_ns))
		return;
	if (d->ends && !d->one_shot && !peer_say_letters(first, N_WORD))
		return;
	fill_places(t, p, &pace, wait_ns);
	d->abreast = slow_to_answer && pace.waits && d->capacity > ABREAST_FEW ? ABREAST_FEW : d->capacity;
	mind_places(d, p[d->capacity]);
	if (d->capacity == 1)
		time_next(t, first, p[1], wait_ns);
	/* Whoever holds one conversation may be in the way of another: as with a server that has one worker. */
	if (!pace.slow && !d->one_shot && d->limit > 1) {
		if (p[d->capacity])
			peer_free(p[d->capacity], 0);
		if (!has_one_queue(t, p, d->capacity, wait_ns))
			d->capacity = d->abreast = d->limit = 1;
	}
	if (!pace.slow && d->limit == 0)
		find_spare(t, wait_ns);
}

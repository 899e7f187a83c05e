/* More clients at once than a table may have room for: what those get who are answered, and when the rest are. */
#include "cases.h"

#define CROWD      100
#define CROWD_SLOW 24 /* where a reply takes some milliseconds */

#define BEHIND_NS  (10 * TS_S) /* who waits behind those that wait, and are gone when their turn comes */
#define IN_TURN_NS (5 * TS_S)  /* the kernel sends again at 3 s what it had no room for in the queue */

/* What has come already is seen, too, when the time is over. */
static int64_t left_ns(int64_t until_ns)
{
	int64_t ns = until_ns - ts_clock_mono_ns();

	return ns > TS_MS ? ns : TS_MS;
}

static void leave(struct peer **p)
{
	peer_free(*p, 0);
	*p = NULL;
}

/* Those who were answered go, and make room: then those who were not are, in their turn, each soon after another. */
static bool waiting_are_served(struct turn *t, struct peer **p, int n)
{
	int64_t until_ns = ts_clock_mono_ns() + IN_TURN_NS;
	int n_answered = 0, n_waiting = 0;

	for (int i = 0; i < n; i++) {
		bool answered = peer_answered(p[i]);
		n_answered += answered;
		n_waiting += !answered && !p[i]->ended;
		if (answered)
			leave(&p[i]);
	}
	for (int i = 0; n_answered > 0 && n_waiting > 0; i = (i + 1) % n) {
		if (!p[i] || p[i]->ended)
			continue;
		if (peer_answered_within(p[i], TS_MS)) {
			leave(&p[i]);
			n_waiting--;
			until_ns = ts_clock_mono_ns() + IN_TURN_NS;
		} else if (t->blame != NOBODY) {
			return false;
		} else if (p[i]->ended) {
			n_waiting--;
		} else if (ts_clock_mono_ns() > until_ns) {
			return turn_fail(t, SILENCE,
			                 "%d clients were there at once, %d of them were answered, and went; the one "
			                 "that came as number %d was not answered even then",
			                 n, n_answered, i + 1);
		}
	}
	return true;
}

/*
 * Not all were answered. They go, and then somebody else is, unless their places are lost. One that has ended is judged
 * by many-open.
 */
static void next_after(struct turn *t, struct peer **p, int n, int n_answered)
{
	bool all_wait = n_answered == 0;

	for (int i = 0; i < n; i++)
		all_wait &= p[i] && !p[i]->ended;
	turn_leave(t);
	struct peer *next = peer_open(t);
	bool sent = peer_send_letters(next, 9);

	if (sent && !peer_answered_within(next, BEHIND_NS) && t->blame == NOBODY && !next->ended) {
		turn_fail(t, SILENCE,
		          "%d clients were there at once, %d of them were answered; all have gone, and the "
		          "next is not served",
		          n, n_answered);
		return;
	}
	turn_forgive(t);
	if (all_wait)
		turn_warn(t, "of %d clients that spoke at once none was answered in time", n);
	else
		turn_report(t, "%d of %d clients were answered", n_answered, n);
}

#define ACCEPTS_NS (TS_MS / 4)

/* Callers who come faster than a server accepts fill its queue, and the kernel leaves the next one unanswered: another,
 * a little later, finds room. */
static struct peer *try_patiently(struct turn *t, int64_t wait_ns)
{
	struct peer *p = peer_try(t, wait_ns, false);

	p = p || t->blame != NOBODY ? p : peer_try(t, wait_ns, false);
	turn_pause(ACCEPTS_NS);
	return p;
}

/* The beginning of each one's line: the server has to keep them apart until the rest comes. */
static void send_halves(struct turn *t, struct peer **p, int n)
{
	char half[8];

	for (int i = 0; i < n; i++) {
		turn_letters(t, half, sizeof(half));
		peer_send(p[i], half, sizeof(half));
	}
	turn_pause(10 * TS_MS + turn_busy_ns());
}

/* Whom a table of 8 or of 64 clients has no room for. How many are answered is not judged here, only what they get. */
void case_concurrency_own_data(struct turn *t)
{
	int64_t wait_ns = 300 * TS_MS + 2 * turn_busy_ns() + 4 * t->subject->dialect.rtt_ns;
	const int limit = t->subject->dialect.limit;
	int n = 0, n_answered = 0, most = turn_sparing(t) ? CROWD_SLOW / 2 : turn_leisurely(t) ? CROWD_SLOW : CROWD;
	struct peer *p[CROWD];

	if (peers_said_few(t))
		return;
	most = limit > 0 && 2 * limit < most ? 2 * limit : most;
	while (n < most && (p[n] = try_patiently(t, wait_ns)) != NULL)
		n++;
	for (int round = 0; turn_goes_on(t, round, 4, 2, TS_S); round++) {
		n_answered = 0;
		if (turn_takes_lines(t))
			send_halves(t, p, n);
		for (int i = 0; i < n; i++)
			peer_send_letters(p[i], 24);
		int64_t until_ns = ts_clock_mono_ns() + wait_ns;
		for (int i = 0; i < n && t->blame == NOBODY; i++)
			n_answered += peer_answered_within(p[i], left_ns(until_ns));
	}
	if (n_answered < n && t->blame == NOBODY && !waiting_are_served(t, p, n))
		return;
	for (int i = 0; i < n; i++)
		if (p[i])
			p[i]->dumb = true;
	if (n_answered < n && t->blame == NOBODY)
		next_after(t, p, n, n_answered);
}

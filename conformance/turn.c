#include "dgram.h"
#include "peer.h"
#include "suite.h"
#include "ts_clock.h"
#include "ts_host.h"
#include "ts_signal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define RUDE_MANY   12 /* in one case */
#define POLITE_NS   (2 * TS_S)
#define IMPOLITE_NS (20 * TS_MS)  /* to a server that is known not to end conversations, or to take long */
#define DEAR_END_NS (300 * TS_MS) /* so late an end is dear, if each is waited for */
#define BUSY_NS     (300 * TS_MS) /* no machine is taken for busier than this */
#define SLICE_NS    (40 * TS_MS)  /* more than one who has the processor keeps it, while others wait for it */

/* A server that serves one client at a time ends all conversations that rude clients have begun before it comes to the
 * next. */
static int64_t ends_of_others_ns(const struct subject *s)
{
	const struct dialect *d = &s->dialect;

	if (d->capacity == 1 && s->slow_end)
		return d->one_shot && d->ends ? d->end_ns : 0; /* nobody waits for it before the next */
	return d->capacity == 1 ? RUDE_MANY * d->end_ns : 0;
}

/* 20 round trips; of a slow server, for which that would be long, 5 s of them, or 6. */
int64_t turn_wait_ns(const struct turn *t)
{
	int64_t rtt_ns = t->subject->dialect.rtt_ns;
	int64_t most_ns = 6 * rtt_ns > 5 * TS_S ? 6 * rtt_ns : 5 * TS_S;
	int64_t more_ns = 20 * rtt_ns < most_ns ? 20 * rtt_ns : most_ns;

	if (t->subject->loses)
		return 300 * TS_MS + more_ns;
	return (int64_t)(t->patience *
	                 (double)(t->subject->options->timeout_ns + more_ns + ends_of_others_ns(t->subject)));
}

/* So slow that every round trip is worth saving. */
bool turn_slow(const struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;

	return dialect_is_slow(d) || d->end_ns > DEAR_END_NS || (d->begins_late && d->rtt_ns > 150 * TS_MS);
}

/* At the second look each case waits for itself. */
bool turn_shares_waits(const struct turn *t)
{
	bool one_by_one = t->subject->dialect.capacity == 1 || t->subject->alone;

	return one_by_one && !turn_slow(t) && t->patience <= 1;
}

bool turn_leisurely(const struct turn *t)
{
	return dialect_is_leisurely(&t->subject->dialect);
}

bool turn_sparing(const struct turn *t)
{
	return dialect_is_sparing(&t->subject->dialect);
}

#define OVERDUE_NS      (8 * TS_S)  /* so long after the moment for hurry */
#define OVERDUE_BUSY_NS (32 * TS_S) /* the same on a busy machine */

/* Nothing goes on beside the turns of an iterative server, and each conversation of a leisurely one counts. Another is
 * not done in time because it stalls now and then; or because the machine is busy, but then not so late. */
static int64_t part_of(const struct turn *t, int64_t budget_ns)
{
	const struct subject *s = t->subject;
	const int64_t late_ns = s->hurry_ns > 0 ? ts_clock_mono_ns() - s->hurry_ns : 0;
	const bool stalls = late_ns > OVERDUE_BUSY_NS || (late_ns > OVERDUE_NS && turn_busy_ns() == 0);
	const int parts = turn_leisurely(t) ? (late_ns > 0 ? 6 : 2) : stalls ? 6 : 1;

	return budget_ns / (s->dialect.capacity == 1 ? 2 : 1) / parts;
}

bool turn_goes_on(const struct turn *t, int i, int wanted, int least, int64_t budget_ns)
{
	budget_ns = part_of(t, budget_ns);
	if (turn_slow(t) && least > 2)
		least = 2;
	if (turn_sparing(t)) {
		least = 1;
		budget_ns = 0;
	}
	return t->blame == NOBODY && i < wanted && (i < least || ts_clock_mono_ns() - t->begin_ns < budget_ns);
}

bool turn_takes_lines(const struct turn *t)
{
	return t->subject->dialect.line && ts_transport_is_stream(t->subject->endpoint.transport);
}

void turn_pause(int64_t ns)
{
	int64_t until_ns = ts_clock_mono_ns() + ns, left;

	while ((left = until_ns - ts_clock_mono_ns()) > 0 && !ts_signal_stop())
		ts_clock_sleep_until(left > 100 * TS_MS ? until_ns - left + 100 * TS_MS : until_ns);
}

int64_t turn_busy_ns(void)
{
	double n_waiting = ts_host_load() - 1; /* but ourselves */
	int n_cpus = ts_host_cores();
	double ns = n_waiting > 0 && n_cpus > 0 ? (double)SLICE_NS * n_waiting / n_cpus : 0;

	return ns < (double)BUSY_NS ? (int64_t)ns : BUSY_NS;
}

void turn_letters(struct turn *t, char *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = TURN_LETTERS[ts_random_below(t->random, sizeof(TURN_LETTERS) - 1)];
}

/* The bytes of a line with its end. */
static size_t end_line(const struct turn *t, char *out, size_t n)
{
	if (t->subject->dialect.crlf)
		out[n++] = '\r';
	out[n++] = '\n';
	return n;
}

size_t turn_frame(const struct turn *t, const void *bytes, size_t n, char *out)
{
	const char *b = bytes;
	size_t n_out = 0;

	if (!turn_takes_lines(t)) {
		memcpy(out, bytes, n);
		return n;
	}
	for (size_t i = 0; i < n; i++)
		if (b[i] != '\n' && b[i] != '\r')
			out[n_out++] = b[i];
	return end_line(t, out, n_out);
}

size_t turn_framed_letters(struct turn *t, size_t n, char *out)
{
	turn_letters(t, out, n);
	return turn_takes_lines(t) ? end_line(t, out, n) : n;
}

/*
 * A server that serves one client at a time and takes long to end a conversation would cost its end in each case:
 * there, one conversation of turn_ask goes on from turn to turn, until a case needs a client of its own.
 */
static bool shares(const struct subject *s)
{
	return s->dialect.capacity == 1 && !s->dialect.one_shot && s->dialect.end_ns > DEAR_END_NS && !s->slow_end;
}

static bool take_over(struct turn *t)
{
	struct peer *p = t->subject->shared;

	if (!p || t->n_peers > 0)
		return false;
	t->subject->shared = NULL;
	p->turn = t;
	t->peers[t->n_peers++] = t->talk = p;
	return true;
}

static bool hand_over(struct turn *t)
{
	struct peer *p = t->talk;

	if (!p || !shares(t->subject) || t->subject->shared || t->blame != NOBODY || p->half_closed || p->ended ||
	    t->n_peers != 1)
		return false;
	t->subject->shared = p;
	t->n_peers = 0;
	t->talk = NULL;
	return true;
}

void turn_share_end(struct turn *t)
{
	struct peer *p = t->subject->shared;

	if (!p || t->n_peers == TURN_PEERS)
		return;
	t->subject->shared = NULL;
	p->turn = t;
	t->peers[t->n_peers++] = p;
	peer_free(p, 3 * TS_S);
}

static bool ask_stream(struct turn *t, const void *bytes, size_t n)
{
	if (!t->talk && !take_over(t))
		t->talk = peer_open(t);
	if (!peer_say(t->talk, bytes, n))
		return false;
	t->n_stamps = t->talk->n_fence == 0 ? t->talk->reply.n_stamps : 0;
	return t->subject->dialect.one_shot ? turn_ask_end(t) : true;
}

bool turn_ask(struct turn *t, const void *bytes, size_t n)
{
	char *framed = malloc(n + 2);
	bool ok;

	if (!framed)
		return turn_fail(t, OURSELVES, "out of memory for a message");
	size_t n_framed = turn_frame(t, bytes, n, framed);
	if (ts_transport_is_stream(t->subject->endpoint.transport)) {
		ok = ask_stream(t, framed, n_framed);
	} else {
		if (!t->dgram)
			t->dgram = dgram_open(t);
		ok = dgram_say(t->dgram, framed, n_framed);
	}
	free(framed);
	return ok;
}

bool turn_ask_text(struct turn *t, const char *text)
{
	return turn_ask(t, text, strlen(text));
}

bool turn_ask_letters(struct turn *t, size_t n)
{
	char letters[4096];

	turn_letters(t, letters, n);
	return turn_ask(t, letters, n);
}

/* A conversation that has ended keeps its first bytes for turn_last_stamp. */
bool turn_ask_end(struct turn *t)
{
	struct peer *p = t->talk;

	if (!p)
		return t->blame == NOBODY;
	t->n_last = p->n_first < sizeof(t->last) ? p->n_first : sizeof(t->last);
	memcpy(t->last, p->first, t->n_last);
	if (hand_over(t))
		return true;
	if (!peer_finish(p))
		return false;
	peer_free(p, 0);
	t->talk = NULL;
	return true;
}

bool turn_last_stamp(const struct turn *t, struct ts_stamp *stamp, char *text, size_t size)
{
	const char *bytes = t->last;
	size_t n = t->n_last;

	if (t->dgram) {
		bytes = t->dgram->bytes;
		n = t->dgram->n;
	} else if (t->talk) {
		bytes = t->talk->first;
		n = t->talk->n_first;
	}
	const char *close = n > 1 && bytes[0] == '[' ? memchr(bytes, ']', n) : NULL;
	if (!close || (size_t)(close - bytes) > size)
		return false;
	snprintf(text, size, "%.*s", (int)(close - bytes - 1), bytes + 1);
	return ts_reply_read_time(&t->subject->dialect.rule, stamp, bytes + 1, (size_t)(close - bytes - 1)) == 0;
}

/* A server of many that takes its time to end has its end judged elsewhere; who is owed nothing needs not wait for it.
 */
static bool may_go(const struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;
	bool may = d->ends && d->ends_late && !d->one_shot && d->capacity > 1 && d->limit == 0;

	for (int i = 0; may && i < t->n_peers; i++)
		may = peer_owed(t->peers[i]) == 0;
	return may;
}

bool turn_plain(struct turn *t)
{
	if (ts_transport_is_stream(t->subject->endpoint.transport)) {
		struct peer *p = peer_open(t);
		bool ok = peer_say_letters(p, 9), hastens = ok && may_go(t);
		ok = ok && (hastens || peer_finish(p));
		if (ok)
			peer_free(p, hastens ? IMPOLITE_NS : 0);
		return ok;
	}
	struct dgram *d = dgram_open(t);
	bool ok = dgram_say_letters(d, 9);
	dgram_free(d);
	return ok;
}

void turn_leave(struct turn *t)
{
	bool hastens = t->subject->slow_end || may_go(t);
	int64_t deadline = ts_clock_mono_ns() + (hastens ? IMPOLITE_NS : POLITE_NS);

	for (int i = 0; i < t->n_peers; i++)
		if (!t->peers[i]->half_closed)
			shutdown(t->peers[i]->fd, SHUT_WR);
	while (t->n_peers > 0)
		peer_free(t->peers[t->n_peers - 1], deadline - ts_clock_mono_ns());
}

void turn_release(struct turn *t)
{
	hand_over(t);
	turn_leave(t);
	dgram_free(t->dgram);
	t->dgram = NULL;
	ts_random_free(t->random);
	t->random = NULL;
}

/* How a conversation is over, and that the next one follows. */
#include "cases.h"
#include "ts_clock.h"
#include <string.h>

#define FLOOD_BYTES 200 /* fewer are a stamp or a word, and no flood */

/* A slow server whose buffer is small needs a round trip for each piece: how many bytes does it return in a second? */
static bool say_measured(struct peer *p, size_t n)
{
	if (!peer_say_letters(p, n))
		return false;
	struct subject *s = p->turn->subject;
	if (p->reply.n_stamps > 1)
		s->bytes_per_s = (int64_t)((double)n * 1e9 / (double)s->dialect.least_rtt_ns / p->reply.n_stamps);
	return true;
}

#define CRAWL_BYTES 300

/* A server that sends in small pieces, with rests between them, needs long for little: all that are to send much have
 * to know. */
static bool say_crawling(struct peer *p)
{
	struct subject *s = p->turn->subject;
	const int64_t begin_ns = ts_clock_mono_ns();
	bool said = peer_say_letters(p, CRAWL_BYTES);
	const int64_t took_ns = ts_clock_mono_ns() - begin_ns;

	if (said && took_ns > 2 * s->dialect.least_rtt_ns + turn_busy_ns())
		s->bytes_per_s = CRAWL_BYTES * TS_S / took_ns;
	return said;
}

static bool say_first(struct turn *t, struct peer *p)
{
	if (turn_slow(t))
		return say_measured(p, 96);
	return peer_say_letters(p, 8) && (t->subject->dialect.least_rtt_ns < DIALECT_WAITING_NS || say_crawling(p));
}

#define NEXT_NS (500 * TS_MS)

/* How long after its client a conversation ends when no other client comes; 0: not within that time. */
static int64_t ends_alone(struct turn *t, int64_t within_ns)
{
	struct peer *p = peer_open(t);
	int64_t begin_ns;

	if (!say_first(t, p) || !peer_half_close(p))
		return 0;
	begin_ns = ts_clock_mono_ns();
	peer_listen(p, within_ns);
	return p->ended ? ts_clock_mono_ns() - begin_ns : 0;
}

/*
 * It has not ended in time: does it when the next client has come? A variable that is bound anew lets go of the old
 * one. That it ended just then may be chance: then the next one ends without a next client, as late (late_ns; else 0).
 */
static bool ends_with_next(struct turn *t, struct peer *p, int64_t *late_ns)
{
	const int64_t begin_ns = ts_clock_mono_ns();
	struct peer *next;

	*late_ns = 0;
	if (t->subject->dialect.ends || peer_listen(p, PEER_END_WITHIN_NS) || p->ended)
		return false;
	next = peer_open(t);
	if (!peer_send_letters(next, 8) || !peer_answered_within(next, NEXT_NS))
		return false;
	peer_listen(p, NEXT_NS);
	if (!p->ended || t->blame != NOBODY)
		return false;
	peer_half_close(next);
	*late_ns = ends_alone(t, ts_clock_mono_ns() - begin_ns + NEXT_NS);
	return *late_ns == 0 && t->blame == NOBODY;
}

void case_end_half_close(struct turn *t)
{
	struct dialect *d = &t->subject->dialect;
	struct peer *p = peer_open(t);

	t->subject->slow_end = false;
	bool said = say_first(t, p);
	int64_t begin_ns = ts_clock_mono_ns(), late_ns = 0;
	t->subject->ends_with_next = said && peer_half_close(p) && ends_with_next(t, p, &late_ns);
	if (t->subject->ends_with_next)
		turn_fail(t, SILENCE, "the server ends a conversation only when the next client comes");
	else if (late_ns > 0 && t->blame == NOBODY)
		turn_fail(t, SILENCE, "the server ended a conversation %.1f s after its client, and 2 s are allowed",
		          (double)late_ns / TS_S);
	bool ends = said && peer_finish(p);
	t->subject->slow_end = t->blame == SILENCE || (t->blame != NOBODY && !d->ends);
	if (ends && !d->ends) { /* in time, and later than the probe waits */
		d->ends = d->ends_late = true;
		d->end_ns = ts_clock_mono_ns() - begin_ns;
	}
}

/* A one-shot server may answer an empty conversation with a bare stamp: that is worth a warning. */
static bool bare_stamp_allowed(const struct turn *t, const struct peer *p)
{
	const struct dialect *d = &t->subject->dialect;
	size_t n = p->n_first;

	while (n > 0 && (p->first[n - 1] == '\n' || p->first[n - 1] == '\r')) /* it writes whole lines */
		n--;
	return d->one_shot && p->n_read == (int64_t)p->n_first &&
	       dialect_judge_bare(d, p->first, n, p->sent_ns, NULL) == TS_REPLY_LEGAL;
}

void case_end_silent_client(struct turn *t)
{
	if (peers_visit(t))
		turn_plain(t);
}

/* Until the end, quiet, so many bytes, or so long that no end is to be hoped for. */
static void listen_to_end(struct peer *p, int64_t n_most, int64_t quiet_ns)
{
	int64_t rtt_ns = 2 * p->turn->subject->dialect.rtt_ns, deadline_ns = ts_clock_mono_ns() + 3 * TS_S + rtt_ns;

	quiet_ns += rtt_ns;
	while (!p->ended && p->n_read < n_most && ts_clock_mono_ns() < deadline_ns && peer_listen(p, quiet_ns))
		;
}

/* Half-close behind a message that is answered: how many bytes come then, unasked? They are in `actual`. */
static int64_t n_after_end(struct turn *t, int64_t quiet_ns)
{
	struct peer *p = peer_open(t);

	if (!peer_say_letters(p, 8) || !peer_half_close(p))
		return 0;
	int64_t before = p->n_read;
	p->dumb = true;
	listen_to_end(p, before + 65536, quiet_ns);
	if (p->n_read > before)
		trace_quote(p->first, p->n_first, t->actual, sizeof(t->actual));
	return p->n_read - before;
}

/* A client of a line server that has been answered, and has sent an empty line; NULL: there are no such, or something
 * went wrong. */
static struct peer *ends_by_line(struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;
	struct peer *p = d->line && !d->one_shot ? peer_open(t) : NULL;

	if (!p || !peer_say_letters(p, 8))
		return NULL;
	p->dumb = true;
	peer_send(p, dialect_line_end(d), strlen(dialect_line_end(d)));
	return p;
}

/* To a line server an empty line is the empty string. (One that answers it like any other, and goes on, is warned of
 * that elsewhere.) */
static void end_by_empty_line(struct turn *t)
{
	struct peer *p = turn_slow(t) ? NULL : ends_by_line(t);

	if (!p)
		return;
	listen_to_end(p, p->n_read + 65536, 300 * TS_MS);
	const bool is_stamp = p->n_first > 0 && p->first[0] == '[';
	if (p->n_first > 0 && (!is_stamp || p->ended)) {
		trace_quote(p->first, p->n_first, t->actual, sizeof(t->actual));
		turn_fail(t, BYTES, "an empty line was answered, %s",
		          is_stamp ? "and then taken for the end" : "and not with a stamp");
	}
	peer_free(p, 0);
}

/* Where the end of file is a reading like any other, it may be answered like one: but not always before a message. */
void case_end_no_empty_reply(struct turn *t)
{
	int64_t quiet_ns = t->subject->slow_end ? 300 * TS_MS : TS_S;
	struct peer *p = peer_open(t);

	if (!p)
		return;
	p->dumb = true;
	peer_half_close(p);
	listen_to_end(p, 65536, quiet_ns);
	if (p->n_read == 0) {
		if (!t->subject->dialect.one_shot && !turn_slow(t) && n_after_end(t, quiet_ns) > 0)
			turn_fail(t, BYTES, "the end of a client that had been answered was answered, too");
		end_by_empty_line(t);
		return;
	}
	trace_quote(p->first, p->n_first, t->actual, sizeof(t->actual));
	t->warned = bare_stamp_allowed(t, p);
	if (t->warned)
		turn_report(t, "a client that said nothing gets a bare stamp");
	else
		turn_fail(t, BYTES, "a client that said nothing was answered");
}

/* With and without data before the end: the server's end comes, and nothing before it that is not owed. */
void case_end_no_flood(struct turn *t)
{
	int64_t n = n_after_end(t, 300 * TS_MS);

	if (n == 0)
		return;
	turn_fail(t, BYTES, "%lld bytes came after the client's end that nobody had asked for", (long long)n);
	t->sort = t->sort == ANY && n < FLOOD_BYTES ? AFTER_END : t->sort; /* that is said twice already */
}

void case_end_clean_fin(struct turn *t)
{
	for (int i = 0; turn_goes_on(t, i, 3, 1, TS_S); i++) {
		struct peer *p = peer_open(t);
		if (peer_say_letters(p, 8) && peer_finish(p))
			peer_free(p, 0);
	}
	if (t->unclean)
		turn_fail(t, BYTES, "all that was owed arrived, and then the server ended by RST instead of FIN");
}

/* The server's end comes without ours, in one conversation as in the other. */
static void see_it_end(struct turn *t)
{
	struct peer *p = peer_open(t);

	if (!peer_say_letters(p, 8))
		return;
	listen_to_end(p, p->n_read + 1000, PEER_END_WITHIN_NS + 2 * turn_busy_ns());
	if (!p->ended && t->blame == NOBODY)
		turn_fail(t, BYTES, "this conversation was not ended after its first message, as others were");
	peer_free(p, 0);
}

/* And more than it takes at once does no harm: how much of it comes back is not judged, that some does and that the
 * server goes on is. */
void case_end_one_shot_whole(struct turn *t)
{
	char much[20000];

	for (int i = 0; turn_goes_on(t, i, 10, 3, 2 * TS_S); i++)
		turn_ask_letters(t, 20 + (size_t)i * 30);
	for (int i = 0; turn_goes_on(t, i, 3, 2, TS_S); i++)
		see_it_end(t);
	memset(much, 'm', sizeof(much));
	much[sizeof(much) - 1] = '\n';
	struct peer *p = peer_open(t);
	if (!p)
		return;
	p->dumb = true;
	peer_send(p, much, sizeof(much));
	listen_to_end(p, p->n_read + 10 * (int64_t)sizeof(much), TS_S);
	/* A line server may refuse a long line by closing; any other has read some bytes, and owes a reply to those. */
	if (!t->subject->dialect.line && t->blame == NOBODY && (p->n_first == 0 || p->first[0] != '[')) {
		trace_quote(p->first, p->n_first, t->actual, sizeof(t->actual));
		turn_fail(t, BYTES, "no byte of a message of %zu bytes was answered", sizeof(much));
	}
	peer_free(p, TS_S);
	turn_plain(t);
}

/* Whoever ends by an empty line ends a conversation, and not the server. */
static void goes_by_empty_line(struct turn *t)
{
	struct peer *p = ends_by_line(t);

	if (!p)
		return;
	peer_listen(p, 20 * TS_MS + turn_busy_ns());
	peer_free(p, 0);
	if (!turn_plain(t))
		turn_precede(t, "after a client that ended by an empty line: ");
}

void case_end_next_client(struct turn *t)
{
	for (int i = 0; turn_goes_on(t, i, turn_slow(t) ? 1 : 3, 1, TS_S); i++)
		turn_plain(t);
	goes_by_empty_line(t);
}

/* More than the 1,024 descriptors that a process may have by default, where that takes no time: one a client is left.
 */
#define MOST_IN_A_ROW 1100
#define SILENT_MOST   200
#define SILENT_LEAST  60 /* more places than most servers have */

/* Who says nothing leaves a server's code by another way, and may leave his place behind. */
static void end_many_silent(struct turn *t)
{
	const int64_t until_ns = ts_clock_mono_ns() + TS_S / 2;
	int i = 0;

	while (i < SILENT_MOST && (i < SILENT_LEAST || ts_clock_mono_ns() < until_ns) && peers_visit(t))
		i++;
	turn_plain(t);
	if (t->blame != NOBODY)
		turn_precede(t, "after %d clients that ended without a message: ", i);
}

void case_end_many(struct turn *t)
{
	const int64_t busy_ns = turn_busy_ns() > 0 && !turn_leisurely(t) ? 8 * TS_S : 4 * TS_S;
	int i = 0;

	for (; turn_goes_on(t, i, 200, 3, t->subject->slow_end ? TS_S : busy_ns); i++)
		turn_plain(t);
	for (; i >= 200 && turn_goes_on(t, i, MOST_IN_A_ROW, 3, TS_S); i++)
		turn_plain(t);
	t->subject->seen.each_ns = i > 0 ? (ts_clock_mono_ns() - t->begin_ns) / i : 0;
	if (i >= 200 && t->blame == NOBODY)
		end_many_silent(t);
	if (i < 200)
		turn_report(t, "%d conversations were held in the time there is, not 200", i);
}

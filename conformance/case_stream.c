/* The law of replies in every tempo, and conversations that are kept. */
#include "cases.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Just below the 2 s for which an idle client must be kept. */
#define KEPT_NS (1900 * TS_MS)

#define TALKS_NS      (2200 * TS_MS) /* to more than 2 s: about as long as other cases take side by side with it */
#define TALKS_EXEC_NS (3300 * TS_MS) /* with --exec there is more time */
#define TALKS_EACH_NS (350 * TS_MS)

#define UNREAD_NS   (1100 * TS_MS)    /* and as long as it takes to see that the server is stuck */
#define UNREAD_MOST ((size_t)8 << 20) /* the buffers hold less: who takes so much keeps it */
#define UNREAD_SLOW ((size_t)2 << 20) /* they seldom hold more, and it can be read in the end */
#define SLOW_NS     (40 * TS_MS)      /* for LONG bytes */
#define CRAWLS_NS   (300 * TS_MS)     /* for as many: what the buffers hold would take seconds */

#define LONG        (32 << 10) /* bytes: a message so long tells what a server does with longer ones */
#define LITTLE_PART 32         /* so small a part of it shows whether a server crawls */

#define N_UNASKED 9 /* messages, in case one in so many is answered with more than it asked for */

/* Filler for streams of any length; a line server gets whole lines. Owned; NULL after turn_fail. */
static char *letters(struct turn *t, size_t n)
{
	char *bytes = malloc(n + 1);

	if (!bytes) {
		turn_fail(t, OURSELVES, "out of memory for a message of %zu bytes", n);
		return NULL;
	}
	turn_filler(t, bytes, n, 0);
	if (t->subject->dialect.line && n > 1) {
		bytes[n - 1] = '\n';
		bytes[n - 2] = t->subject->dialect.crlf ? '\r' : 'z';
	}
	return bytes;
}

/*
 * Say it, and note how fast such a message comes back: the best of the longest, for the machine may be busy, and a
 * server that stops now and then is quick with short ones.
 */
static bool say_timed(struct turn *t, struct peer *p, const char *bytes, size_t n)
{
	struct subject *s = t->subject;
	int64_t begin_ns = ts_clock_mono_ns();

	if (!peer_say(p, bytes, n))
		return false;
	int64_t per_s = (int64_t)((double)n * 1e9 / (double)(ts_clock_mono_ns() - begin_ns + 1));
	bool longer = n > 2 * s->bytes_timed;
	if (longer || (n >= s->bytes_timed / 2 && per_s > s->bytes_per_s))
		s->bytes_per_s = per_s;
	if (longer)
		s->bytes_timed = n;
	return true;
}

void case_stream_lockstep(struct turn *t)
{
	struct peer *p = peer_open(t);

	for (int i = 0; turn_goes_on(t, i, 30, 6, TS_S); i++)
		peer_say_letters(p, 1 + (size_t)(i * 13 % 200));
	peer_finish(p);
}

void case_stream_kept_many(struct turn *t)
{
	struct peer *p = peer_open(t);
	int n_answered = 0;

	for (int i = 0; i < 2 || turn_goes_on(t, i, 1100, 12, i < 300 ? 2 * TS_S : TS_S); i++)
		n_answered += peer_say_letters(p, 6);
	if (t->blame != NOBODY && n_answered > 0)
		turn_precede(t, "after %d messages that were answered: ", n_answered);
	peer_finish(p);
}

/*
 * A busy machine may let the server run only when all has come, and then it takes it in one: that is no pipeline. The
 * stamps tell, and then it is done again.
 */
void case_stream_pipelined(struct turn *t)
{
	struct peer *p = peer_open(t);
	int n = (int)turn_bytes(t, 1000, 3 * TS_S) / 20;
	bool in_pieces = false;

	for (int round = 0; p && !in_pieces && turn_goes_on(t, round, 10, 1, TS_S); round++) {
		for (int i = 0; i < (n > 4 ? n : 4); i++)
			peer_send_letters(p, 20);
		if (!peer_await(p))
			return;
		in_pieces = p->reply.n_stamps > 2;
	}
	peer_finish(p);
}

/* Between CR and LF: some servers take the two for one. */
static void chop_line_end(struct turn *t, struct peer *p)
{
	if (t->subject->dialect.line || !peer_send(p, "abcde\r", 6))
		return;
	peer_answered_within(p, 15 * TS_MS + t->subject->dialect.rtt_ns);
	peer_send(p, "\nfghij", 6);
	peer_await(p);
}

/*
 * At every place, with a pause long enough for the server to take the first half alone. On a busy machine a pause is as
 * long as it happens to be: there it is done more often, and then without.
 */
void case_stream_chopped(struct turn *t)
{
	struct peer *p = peer_open(t);
	const int n_places = 11, n_cuts = turn_busy_ns() > 0 ? 6 * n_places : n_places;
	char framed[14];

	for (int i = 0; turn_goes_on(t, i, n_cuts, 3, 2 * TS_S); i++) {
		size_t n = turn_framed_letters(t, 12, framed), at = 1 + (size_t)(i % n_places);
		peer_send(p, framed, at);
		if (at % 3 == 0)
			peer_answered_within(p, 15 * TS_MS + t->subject->dialect.rtt_ns);
		else if (i < n_places)
			turn_pause((int64_t)(at % 3) * TS_MS);
		peer_send(p, framed + at, n - at);
		peer_await(p);
	}
	chop_line_end(t, p);
	peer_finish(p);
}

void case_stream_dribbled(struct turn *t)
{
	struct peer *p = peer_open(t);
	char framed[42];
	size_t n = turn_framed_letters(t, 40, framed);

	for (size_t i = 0; p && i < n; i++) {
		peer_send(p, framed + i, 1);
		peer_answered_within(p, 3 * TS_MS);
		turn_pause(i % 8 ? 0 : 5 * TS_MS);
	}
	peer_await(p);
	peer_finish(p);
}

/* Each fills a buffer of a usual size, has a byte less, or one more. */
void case_stream_sizes(struct turn *t)
{
	static const size_t buffers[] = {1024,  1200,  1400,  1448,  1460,  1500,  2000,  2048,
	                                 3000,  4000,  4096,  5000,  8000,  8192,  9000,  10000,
	                                 16384, 20000, 30000, 32768, 40000, 50000, 60000, 65536};
	const int n_each = 3, n_sizes = n_each * (int)(sizeof(buffers) / sizeof(buffers[0]));
	struct peer *p = peer_open(t);
	bool ok = p != NULL;

	for (int i = 0; ok && turn_goes_on(t, i, n_sizes, 2, 2 * TS_S); i++) {
		size_t size = buffers[i / n_each] + (size_t)(i % n_each) - 1, n = turn_bytes(t, size, 4 * TS_S);
		n = n > 100 ? n : 100;
		char *bytes = letters(t, n);
		ok = bytes && say_timed(t, p, bytes, n);
		free(bytes);
	}
	peer_finish(p);
}

/*
 * A MiB at a time, so that no more is sent to a server that stops for a while now and then; and less at first, if it
 * has not been seen yet what becomes of long messages. Whole lines, where there are lines; 0: it would take too long.
 */
static size_t next_piece(const struct turn *t, size_t at, size_t wanted)
{
	size_t fit = turn_bytes(t, wanted, 1500 * TS_MS), left = wanted - at;
	size_t n = t->subject->bytes_timed < LONG / 2 ? LONG : 1 << 20;

	n = fit <= at ? 0 : fit - at < n ? fit - at : n;
	if (t->subject->dialect.line && n % FILLER_LINE)
		n += FILLER_LINE - n % FILLER_LINE;
	return n < left ? n : left;
}

static void much(struct turn *t, size_t wanted)
{
	size_t at = 0, n;
	char *bytes = letters(t, wanted);
	struct peer *p = peer_open(t);

	while (bytes && p && at < wanted && turn_goes_on(t, (int)(at >> 20), (int)(wanted >> 20) + 1, 1, 6 * TS_S) &&
	       (n = next_piece(t, at, wanted)) > 0 && say_timed(t, p, bytes + at, n))
		at += n;
	if (at < wanted)
		turn_report(t, "the server is slow: %zu KiB were sent, not %zu", at / 1024, wanted / 1024);
	peer_finish(p);
	free(bytes);
}

void case_stream_large(struct turn *t)
{
	much(t, 1 << 20);
}

void case_stream_huge(struct turn *t)
{
	much(t, 16 << 20);
}

#define REST_NS (8 * TS_S)

/* All that is owed; of a server that takes whatever comes, and returns it ever more slowly, as much as comes in the
 * time. */
static bool rest_comes(struct turn *t, struct peer *p)
{
	const int64_t until_ns = ts_clock_mono_ns() + REST_NS;

	while (!peer_answered(p) && ts_clock_mono_ns() < until_ns && peer_listen(p, turn_wait_ns(t)))
		;
	if (peer_answered(p) || ts_clock_mono_ns() < until_ns)
		return peer_await(p);
	turn_report(t, "the server is slow: %lld bytes were read, and %zu were still to come", (long long)p->n_read,
	            peer_owed(p));
	peer_reset(p);
	return false;
}

/* Send without reading until the server takes no more; then read in small pieces with pauses; then the rest. */
void case_stream_slow_reader(struct turn *t)
{
	if (turn_crawls(t))
		return;
	struct peer *p = peer_try(t, turn_wait_ns(t), true);

	if (!p)
		p = peer_open(t);
	peer_stick(p, turn_bytes_unread(t));
	for (int i = 0; p && i < 40 && !p->ended && t->blame == NOBODY; i++) {
		p->read_max = 700;
		peer_listen(p, 20 * TS_MS);
		turn_pause(5 * TS_MS);
	}
	if (!p || t->blame != NOBODY)
		return;
	p->read_max = 0;
	peer_widen(p);
	if (rest_comes(t, p) && peer_say_letters(p, 8)) /* it has been held back, and is heard again */
		peer_finish(p);
}

/*
 * Nothing came, on a machine that may be busy. A stamp that stands before the probe's first reply may be a greeting all
 * the same: then it comes, too, when the client ends without a word.
 */
static void greet_at_end(struct turn *t, struct peer *p)
{
	const struct dialect *d = &t->subject->dialect;
	const char *close = d->n_sample > 0 && d->sample[0] == '[' ? memchr(d->sample, ']', d->n_sample) : NULL;

	if (!close || close + 1 == d->sample + d->n_sample || close[1] != '[' || !peer_half_close(p))
		return;
	while (!p->ended && p->n_first == 0 && peer_listen(p, turn_wait_ns(t)))
		;
}

void case_stream_no_greeting(struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;
	static const char finding[] = "the server speaks before its client has";

	if (d->greeting) {
		snprintf(t->expected, sizeof(t->expected), "nothing until the client has spoken");
		snprintf(t->actual, sizeof(t->actual), "%s", d->greeted);
		if (d->known)
			turn_fail(t, BYTES, "%s: %s",
			          d->greets_late ? "the server greets late, when its client may have spoken" : finding,
			          d->greeted);
		else
			turn_fail(t, BYTES, "%s", d->stranger);
		return;
	}
	struct peer *p = peer_open(t);
	if (!p)
		return;
	if (d->known) {
		if (peer_rest(p, 300 * TS_MS)) /* and does not leave without a word: end.silent-client is about that */
			peer_say_letters(p, 8);
		return;
	}
	p->dumb = true; /* whatever it says, it says it too early */
	if (!peer_listen(p, 300 * TS_MS))
		greet_at_end(t, p);
	if (p->n_first > 0)
		turn_fail(t, BYTES, "%s", finding);
}

void case_stream_no_unasked(struct turn *t)
{
	if (t->subject->seen.rested && turn_shares_waits(t)) {
		turn_report(t, "nothing came in the conversation of stream.kept-idle");
		return;
	}
	struct peer *p = peer_open(t);

	for (int i = 0; i == 0 || (i < N_UNASKED && !turn_slow(t)); i++)
		if (!peer_say_letters(p, 8))
			return;
	if (!peer_rest(p, 1200 * TS_MS))
		return;
	peer_say_letters(p, 8);
	peer_finish(p);
}

void case_stream_kept_silent(struct turn *t)
{
	struct peer *p = peer_open(t);

	if (peer_rest(p, KEPT_NS) && peer_say_letters(p, 8))
		peer_finish(p);
}

/* How long does so much take to come back? Negative: it went wrong. */
static int64_t time_of(struct turn *t, struct peer *p, size_t n)
{
	const int64_t begin_ns = ts_clock_mono_ns();
	char *bytes = letters(t, n);
	bool ok = bytes && peer_say(p, bytes, n);

	free(bytes);
	return ok ? ts_clock_mono_ns() - begin_ns : -1;
}

/* How much the buffers hold is not known. A server that reads slowly gets no more than it gets through. */
static bool stick_long(struct turn *t, struct peer *p)
{
	int64_t took_ns = time_of(t, p, LONG / LITTLE_PART);

	if (took_ns >= 0 && took_ns < CRAWLS_NS)
		took_ns = time_of(t, p, LONG);
	if (took_ns > CRAWLS_NS)
		turn_report(t, "not tried: the server is slow");
	else if (took_ns >= 0 && peer_stick(p, took_ns > SLOW_NS ? UNREAD_SLOW : UNREAD_MOST))
		return true;
	else if (t->blame == NOBODY)
		turn_report(t, "not tried: the server takes whatever comes, and keeps its replies");
	return false;
}

/* Until the server cannot send, and then for a second more: a time-out of its sends is one of the conversation. */
void case_stream_kept_unread(struct turn *t)
{
	if (turn_slow(t)) {
		turn_report(t, "not tried: the server is slow");
		return;
	}
	struct peer *p = peer_try(t, turn_wait_ns(t), true);
	if (!p)
		p = peer_open(t);
	if (p && stick_long(t, p)) {
		turn_pause(UNREAD_NS);
		p->progress_ns = ts_clock_mono_ns();
	}
	peer_widen(p);
	if (peer_await(p))
		peer_finish(p);
}

/* A limit that is set once, for the whole conversation, is taken by its author for one on its rests. */
void case_stream_kept_talking(struct turn *t)
{
	struct peer *p = peer_open(t);
	const int64_t begin_ns = ts_clock_mono_ns(),
	              until_ns = begin_ns + (t->subject->launch ? TALKS_EXEC_NS : TALKS_NS);

	while (p && ts_clock_mono_ns() < until_ns && peer_say_letters(p, 8))
		turn_pause(TALKS_EACH_NS);
	const double after_s = (double)(ts_clock_mono_ns() - begin_ns) / 1e9;
	if (t->blame == BYTES && t->sort == EARLY_END)
		snprintf(t->message, sizeof(t->message),
		         "the server ended a conversation %.1f s after its begin, though the client spoke every third "
		         "of a second",
		         after_s);
	peer_finish(p);
}

/* For an iterative server with all that stream.no-unasked and time.advances want to see. */
void case_stream_kept_idle(struct turn *t)
{
	struct seen *seen = &t->subject->seen;
	bool shares = turn_shares_waits(t);
	struct ts_stamp stamp;

	t->talk = peer_open(t);
	for (int i = 0; i == 0 || (i < N_UNASKED && shares); i++)
		if (!peer_say_letters(t->talk, 8))
			return;
	bool shown = turn_last_stamp(t, &stamp, seen->before, sizeof(seen->before));
	if (!peer_rest(t->talk, KEPT_NS) || !peer_say_letters(t->talk, 8))
		return;
	shown &= turn_last_stamp(t, &stamp, seen->after, sizeof(seen->after));
	seen->rested = peer_finish(t->talk) && shares && shown;
}

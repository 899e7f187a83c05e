/* The law of replies in every tempo. */
#include "case_stream.h"
#include "cases.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *case_stream_filler(struct turn *t, size_t n)
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
		char *bytes = case_stream_filler(t, n);
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
	size_t n = t->subject->bytes_timed < CASE_STREAM_LONG / 2 ? CASE_STREAM_LONG : 1 << 20;

	n = fit <= at ? 0 : fit - at < n ? fit - at : n;
	if (t->subject->dialect.line && n % FILLER_LINE)
		n += FILLER_LINE - n % FILLER_LINE;
	return n < left ? n : left;
}

static void much(struct turn *t, size_t wanted)
{
	size_t at = 0, n;
	char *bytes = case_stream_filler(t, wanted);
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
	const int64_t until_ns = ts_clock_mono_ns() + REST_NS, before = p->n_read;

	while (!peer_answered(p) && ts_clock_mono_ns() < until_ns && peer_listen(p, turn_wait_ns(t)))
		;
	if (peer_answered(p) || ts_clock_mono_ns() < until_ns)
		return peer_await(p);
	turn_report(t, "the server is slow: %lld bytes were read, and %zu were still to come", (long long)p->n_read,
	            peer_owed(p));
	t->subject->bytes_per_s = (p->n_read - before) / (REST_NS / TS_S) + 1; /* once it was stuck */
	peer_reset(p);
	return false;
}

#define STUCK_ALONE_NS (1100 * TS_MS) /* twice half a second: a send that has moved some bytes returns those first */

/* A time-out of the server's sends is seen by stream.kept-unread, or where there is one client at a time, here: whether
 * our side is stuck, too, or the buffers have taken all. */
static void stay_stuck(struct turn *t, struct peer *p)
{
	if (!p || t->blame != NOBODY || t->subject->dialect.capacity > 1)
		return;
	turn_pause(STUCK_ALONE_NS);
	p->progress_ns = ts_clock_mono_ns();
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
	stay_stuck(t, p);
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
		t->of_probe = true;
		turn_contrast(t, "nothing until the client has spoken", d->greeted);
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

	for (int i = 0; i == 0 || (i < CASE_STREAM_UNASKED && !turn_slow(t)); i++)
		if (!peer_say_letters(p, 8))
			return;
	if (!peer_rest(p, 1200 * TS_MS))
		return;
	peer_say_letters(p, 8);
	peer_finish(p);
}

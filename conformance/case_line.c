/* Lines: what readline servers answer. */
#include "cases.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REST_NS (1600 * TS_MS)

/* From its second half on: when the rest is over, the second after this one is over, too, and a whole second that is
 * written then is another, whatever way it is rounded. */
static void await_half_of_second(void)
{
	const int64_t since_ns = ts_clock_wall_ns() % TS_S;

	if (since_ns < TS_S / 2)
		turn_pause(TS_S / 2 - since_ns);
}

/*
 * Half a line rests for more than a second: where others wait beside it, that costs nothing. The reply is made when the
 * end has come, and its time is of then; a one-shot server may look at its clock before it reads.
 */
void case_line_whole(struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;
	const bool rests_long = d->capacity > 1 || !d->counted;
	const int64_t rest_ns = rests_long ? REST_NS : 250 * TS_MS;
	struct peer *p = peer_open(t);
	char framed[14];
	size_t n = turn_framed_letters(t, 12, framed);

	if (rests_long)
		await_half_of_second();
	if (!peer_send(p, framed, 6))
		return;
	if (peer_listen(p, rest_ns)) {
		peer_contrast(p, "nothing before the line's end");
		turn_fail(t, BYTES, "half a line was answered before its end had come");
	}
	if (rests_long && !d->one_shot)
		p->sent_ns = ts_clock_wall_ns();
	peer_say(p, framed + 6, n - 6);
	if (t->sort == WRONG_TIME && rests_long) {
		turn_forgive(t);
		peer_contrast(p, "a time at which the line's end had come");
		turn_fail(t, BYTES,
		          "the time of a line's reply is older than the line's end, which came %.1f s after its begin",
		          (double)rest_ns / TS_S);
	}
	peer_finish(p);
}

void case_line_each(struct turn *t)
{
	struct peer *p = peer_open(t);
	char all[12 * 8];
	size_t n = 0;

	for (int i = 0; i < 8; i++)
		n += turn_framed_letters(t, 10, all + n);
	peer_say(p, all, n);
	peer_finish(p);
}

/*
 * A line comes with half of the next one behind it: that is no reason to wait. A writer that is flushed only where
 * nothing is left to be read waits, and answers both in the end: the law is kept, and a client that waits for the first
 * stands.
 */
static void begin_the_next(struct turn *t)
{
	static const char half[] = "abc";
	const size_t n_half = sizeof(half) - 1;
	struct peer *p = t->subject->dialect.one_shot ? NULL : peer_open(t);
	char framed[14];
	size_t n = turn_framed_letters(t, 8, framed);

	if (!p)
		return;
	memcpy(framed + n, half, n_half);
	if (!peer_send(p, framed, n + n_half))
		return;
	bool held = !peer_answered_but(p, n_half);
	if (held)
		peer_contrast(p, "a reply to the first line at once");
	if (held && p->ended)
		turn_fail(t, BYTES, "a line was not answered that came with half of the next one behind it");
	n = turn_framed_letters(t, 8, framed);
	if (peer_say(p, framed, n) && peer_finish(p) && held)
		turn_warn(t, "a line is not answered while half of the next one stands behind it; with the rest of "
		             "that, both are");
}

void case_line_chopped(struct turn *t)
{
	struct peer *p = peer_open(t);
	char framed[14];
	size_t n = turn_framed_letters(t, 12, framed);

	for (size_t i = 0; p && i < n; i += 3) {
		peer_send(p, framed + i, n - i < 3 ? n - i : 3);
		turn_pause(20 * TS_MS);
	}
	peer_await(p);
	peer_finish(p);
	begin_the_next(t);
}

void case_line_crlf(struct turn *t)
{
	struct peer *p = peer_open(t);
	char longer[602];

	turn_letters(t, longer, sizeof(longer));
	longer[sizeof(longer) - 2] = '\r';
	longer[sizeof(longer) - 1] = '\n';
	bool goes_on = peer_say(p, "abcdef\r\n", 8) && !t->subject->dialect.one_shot;
	if (goes_on && !t->subject->dialect.crlf)
		goes_on = peer_say(p, "mnopqr\n", 7); /* one ending does not rule the next */
	if (goes_on && !turn_slow(t))
		peer_say(p, longer, sizeof(longer));
	peer_finish(p);
	p = peer_open(t);
	peer_send(p, "ghijkl\r", 7);
	turn_pause(20 * TS_MS);
	peer_say(p, "\n", 1);
	peer_finish(p);
}

/* CRs that end nothing: in the middle of a line, before it, and before its ending. */
static void say_crs(struct turn *t)
{
	static const char *const lines[] = {"abc\rdef", "\rghijkl", "mnopqr\r"};
	struct peer *p = NULL;
	char line[12];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && t->blame == NOBODY; i++) {
		snprintf(line, sizeof(line), "%s%s", lines[i],
		         i == 2 ? "\r\n" : dialect_line_end(&t->subject->dialect));
		p = p && !t->subject->dialect.one_shot ? p : peer_open(t);
		if (peer_say(p, line, strlen(line)) && (t->subject->dialect.one_shot || i == 2))
			peer_finish(p);
	}
}

/* Many that see to both endings take all CRs off before they look whether a line is empty. */
static void say_cr_alone(struct turn *t)
{
	struct peer *p = peer_open(t);

	if (!peer_say_letters(p, 8) || !peer_send(p, "\r\r\n", 3) || peer_answered_within(p, turn_wait_ns(t)))
		return;
	if (p->ended)
		turn_warn(t, "a line of one CR is taken for an empty one");
	else
		peer_await(p);
	p->dumb = p->ended;
}

void case_line_cr(struct turn *t)
{
	say_crs(t);
	if (!t->subject->dialect.one_shot && t->blame == NOBODY)
		say_cr_alone(t);
}

/*
 * Above 4 KiB a server may refuse a line by closing, and may answer it in pieces, as fgets(3) reads it: but what it
 * answers is what was sent.
 */
static void exceed(struct turn *t, size_t n)
{
	struct peer *p = peer_open(t);
	char *framed = malloc(n + 2);

	bool sent = framed && peer_send(p, framed, turn_framed_letters(t, n, framed));
	free(framed);
	if (!sent)
		return;
	p->pieces = true;
	if (!peer_answered_within(p, turn_wait_ns(t)) && !p->ended)
		peer_await(p);
	p->dumb = p->ended;
	peer_leave(p);
}

/* What has come of a line waits for its end in another buffer than what comes at once. */
static void come_in_pieces(struct turn *t, size_t n)
{
	struct peer *p = peer_open(t);
	char framed[4096];

	n = turn_framed_letters(t, n, framed);
	if (!peer_send(p, framed, n - 1000))
		return;
	turn_pause(20 * TS_MS + turn_busy_ns());
	if (peer_say(p, framed + n - 1000, 1000) && peer_finish(p))
		peer_free(p, 0);
}

#define LONGER 70000

/* With its end each fills a buffer of a usual size, or has one byte more. */
void case_line_long(struct turn *t)
{
	static const size_t sizes[] = {4090, 1024, 1025, 2048, 2049, 3072};
	size_t n_end = t->subject->dialect.crlf ? 2 : 1;

	for (size_t i = 0; turn_goes_on(t, (int)i, sizeof(sizes) / sizeof(sizes[0]), 1, TS_S); i++)
		turn_ask_letters(t, sizes[i] - n_end);
	turn_ask_end(t);
	come_in_pieces(t, sizes[0] - n_end);
	exceed(t, 5000);
	if (turn_bytes(t, LONGER, 4 * TS_S) == LONGER)
		exceed(t, LONGER);
}

/* `text` begins with an empty line, sent in a conversation. What follows that is not answered; the end comes without
 * the client's. */
static void end_by_line(struct turn *t, const char *text, const char *answered)
{
	struct peer *p = peer_open(t);

	if (!peer_say_letters(p, 8))
		return;
	int64_t before = p->n_read;
	p->dumb = true;
	peer_send(p, text, strlen(text));
	peer_listen(p, 700 * TS_MS + 2 * t->subject->dialect.rtt_ns);
	if (p->n_read > before || !p->ended) {
		peer_contrast(p, "the server's FIN, and nothing before it");
		turn_fail(t, BYTES, "%s", p->n_read > before ? answered : "an empty line did not end the conversation");
	}
	peer_free(p, 0);
}

void case_line_empty_ends(struct turn *t)
{
	bool crlf = t->subject->dialect.crlf;

	end_by_line(t, dialect_line_end(&t->subject->dialect), "an empty line was answered");
	end_by_line(t, crlf ? "\r\nbehind\r\n" : "\nbehind\n", "a line behind the empty one was answered");
	if (!crlf)
		end_by_line(t, "\r\n", "an empty line that ends in CR LF was answered");
}

/* Many languages strip a line before they look whether it is empty. */
void case_line_blank(struct turn *t)
{
	static const char *const blanks[] = {" ", "\t", "   \t "};

	for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++)
		turn_ask_text(t, blanks[i]);
}

void case_line_unfinished(struct turn *t)
{
	struct peer *p = peer_open(t);

	if (t->subject->dialect.one_shot || peer_say_letters(p, 8))
		if (peer_send(p, "abcdef", 6))
			peer_finish(p);
}

/* Others are served while half a line waits for its end. */
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

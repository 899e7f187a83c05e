/* Replies that are owed when the client ends: with data and FIN at once, and with more than the buffers hold. */
#include "cases.h"
#include "ts_clock.h"
#include <stdlib.h>

/*
 * A line that came together with an unfinished one is owed, whatever becomes of that: nothing behind its reply is read.
 */
static void end_in_line(struct turn *t)
{
	static const char rest[] = "abcdef";
	const size_t n_rest = sizeof(rest) - 1;
	struct peer *p = peer_open(t);

	if (!p)
		return;
	p->read_max = 1;
	peer_cork(p);
	if (!peer_send_letters(p, 20) || !peer_send(p, rest, n_rest) || !peer_half_close(p))
		return;
	if (!peer_answered_but(p, n_rest))
		turn_fail(t, p->ended ? BYTES : SILENCE,
		          "a line was not answered that came together with an unfinished one and the client's end");
	peer_free(p, TS_S);
}

/* Data and FIN arrive together, or one right behind the other: the reply is still owed. Some of it fills a usual
 * buffer, behind which the end is the next that is seen. */
void case_end_half_close_owed(struct turn *t)
{
	static const size_t sizes[] = {20, 1024, 20, 2048, 1024, 4096};
	const size_t n_end = turn_takes_lines(t);

	for (int i = 0; turn_goes_on(t, i, 6, 2, TS_S); i++) {
		struct peer *p = peer_open(t);
		if (i % 2 && !peer_say_letters(p, 8))
			return;
		if (i % 3 < 2)
			peer_cork(p);
		peer_send_letters(p, turn_slow(t) ? 20 : sizes[i] - n_end);
		peer_leave(p);
	}
	if (t->subject->dialect.line && t->blame == NOBODY)
		end_in_line(t);
}

/*
 * So slowly that at its close the server's kernel still has some of the reply to send. A close throws that away when
 * the server asks for it (SO_LINGER of 0 s), or has left something unread. For half a second at most.
 */
static void read_slowly(struct peer *p)
{
	int64_t until_ns = ts_clock_mono_ns() + TS_S / 2;

	p->read_max = 2048;
	while (!p->ended && p->turn->blame == NOBODY && ts_clock_mono_ns() < until_ns && peer_owed(p) > 0) {
		peer_listen(p, 20 * TS_MS);
		turn_pause(TS_MS);
	}
	p->read_max = 0;
}

/*
 * The server cannot send, because we do not read, and behind what it has not read yet stands the FIN: when it goes on,
 * it sees the client's end before it has answered, however quick it is.
 */
static void end_behind_stuck(struct turn *t)
{
	size_t most = turn_bytes_unread(t);
	struct peer *p = turn_slow(t) ? NULL : peer_try(t, turn_wait_ns(t), true);

	if (!p)
		return;
	if (t->subject->endpoint.transport == TS_TCP)
		peer_stick_short(p, most);
	else
		peer_stick(p, most);
	peer_end_unread(p);
	read_slowly(p);
	peer_widen(p);
	peer_leave(p);
}

#define DEAR_NS (4 * TS_S)

/* More than one receive call's worth, sent at once with the FIN right behind it: a quick server has not answered all of
 * it by then. */
void case_end_half_close_large(struct turn *t)
{
	size_t least = turn_slow(t) && (t->subject->bytes_per_s || t->subject->dialect.line) ? 4 : 20;
	size_t n_lines = turn_bytes(t, 100000, TS_S) / 100, n = 0;
	struct peer *p = peer_open(t);
	n_lines = n_lines > least ? n_lines : least;
	char *lines = malloc(n_lines * 100);

	for (size_t i = 0; p && lines && i < n_lines; i++)
		n += turn_framed_letters(t, 98, lines + n);
	if (p && lines)
		peer_send(p, lines, n);
	free(lines);
	peer_finish(p);
	/* What is lost depends on how full the kernel's buffers are: so once is seldom enough. */
	for (int i = 0, rounds = 2; !turn_crawls(t) && turn_goes_on(t, i, 3, rounds, TS_S); i++) {
		end_behind_stuck(t);
		rounds = ts_clock_mono_ns() - t->begin_ns > DEAR_NS ? 1 : 2;
	}
}

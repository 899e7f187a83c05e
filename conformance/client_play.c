#include "client_play.h"
#include "ts_clock.h"
#include "ts_signal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_NS (20 * TS_MS)  /* for the line's end, which some clients send by itself */
#define PART_NS   (200 * TS_MS) /* no more of a line comes */
#define GRACE_NS  (300 * TS_MS) /* for a client to end by itself, before the server closes */

void play_add(struct play_bytes *b, const void *bytes, size_t n)
{
	if (n == 0)
		return;
	if (b->n + n > b->room) {
		size_t room = 2 * (b->n + n) + 256;
		char *more = realloc(b->at, room);
		if (!more)
			return;
		b->at = more;
		b->room = room;
	}
	memcpy(b->at + b->n, bytes, n);
	b->n += n;
}

void play_pause(struct play *p, int64_t ns)
{
	int64_t until_ns = ts_clock_mono_ns() + ns;

	while (ts_clock_mono_ns() < until_ns && !ts_signal_stop())
		play_pump(p);
}

static size_t letters_of(const struct play_bytes *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->at[i] != '\r' && b->at[i] != '\n';
	return n;
}

static void note_ending(const struct play *p)
{
	struct client_style *style = p->t->subject->client;
	size_t n = p->got.n;
	const char *b = p->got.at;

	if (n == 0)
		return;
	style->known = true;
	style->ending = b[n - 1] != '\n' ? "none" : n > 1 && b[n - 2] == '\r' ? "CR LF" : "LF";
}

/* Does it wait for the end of its input before it sends? */
static bool sends_at_end(struct play *p, size_t n_letters)
{
	const int64_t until_ns = ts_clock_mono_ns() + GRACE_NS + turn_busy_ns();

	play_end_input(p);
	while (letters_of(&p->got) < n_letters && !play_gone(p) && ts_clock_mono_ns() < until_ns)
		play_pump(p);
	return letters_of(&p->got) >= n_letters;
}

static bool blame_untaken(struct play *p, size_t n_letters)
{
	const size_t n_got = letters_of(&p->got);
	char said[260], what[80] = "ended before it sent what was typed";

	snprintf(p->t->expected, sizeof(p->t->expected), "%zu bytes of what was typed", n_letters);
	trace_quote(p->got.at, p->got.n, p->t->actual, sizeof(p->t->actual));
	if (!p->pid)
		return turn_fail(p->t, BYTES, "the client %s; it printed %s", what, play_said(p, said, sizeof(said)));
	if (n_got > 0)
		snprintf(what, sizeof(what), "sends %zu of %zu bytes that were typed", n_got, n_letters);
	else if (sends_at_end(p, n_letters))
		snprintf(what, sizeof(what), "sends what was typed only when its input has ended");
	else
		snprintf(what, sizeof(what), "does not send what was typed");
	return turn_fail(p->t, SILENCE, "the client %s; it printed %s", what, play_said(p, said, sizeof(said)));
}

/* A client that has sent a part of a line may wait for its reply: a stream server gives it. */
bool play_take(struct play *p, size_t n_letters)
{
	int64_t deadline_ns = ts_clock_mono_ns() + turn_wait_ns(p->t), came_ns = ts_clock_mono_ns();
	size_t n_got = p->got.n;

	while (letters_of(&p->got) < n_letters) {
		if (play_gone(p) || ts_clock_mono_ns() > deadline_ns || p->flooded || ts_signal_stop())
			return blame_untaken(p, n_letters);
		play_pump(p);
		if (p->got.n > n_got)
			came_ns = ts_clock_mono_ns();
		n_got = p->got.n;
		if (play_on_stream(p) && ts_clock_mono_ns() - came_ns > PART_NS)
			play_answer(p, 0, 0);
	}
	if (play_on_stream(p) && p->got.at[p->got.n - 1] != '\n')
		play_pause(p, LINGER_NS);
	note_ending(p);
	return true;
}

bool play_type(struct play *p, size_t n)
{
	char *line = malloc(n + 1);
	size_t done = 0;
	int64_t deadline_ns = ts_clock_mono_ns() + turn_wait_ns(p->t);

	if (!line || p->n_lines == PLAY_LINES) {
		free(line);
		return turn_fail(p->t, OURSELVES, "out of memory");
	}
	turn_letters(p->t, line, n);
	line[n] = '\n';
	p->lines[p->n_lines++] = (struct play_line){p->typed.n, n};
	play_add(&p->typed, line, n);
	TRACED(p, "typed", line, n + 1);
	while (done <= n && p->in_fd >= 0 && ts_clock_mono_ns() < deadline_ns) {
		ssize_t w = write(p->in_fd, line + done, n + 1 - done);
		if (w < 0 && errno != EAGAIN && errno != EINTR)
			break; /* it reads no more: the wire will show it */
		done += w > 0 ? (size_t)w : 0;
		if (w < 0)
			play_pump(p);
	}
	free(line);
	return true;
}

bool play_line(struct play *p, size_t n)
{
	return play_type(p, n) && play_take(p, p->typed.n);
}

void play_drop(struct play *p)
{
	p->n_answered = p->got.n;
	p->asked = false;
}

void play_drop_letters(struct play *p)
{
	p->n_answered = p->got.n;
	while (p->n_answered > 0 && strchr("\r\n", p->got.at[p->n_answered - 1]))
		p->n_answered--;
}

void play_fin(struct play *p)
{
	for (int i = 0; i < p->n_conns; i++)
		if (p->conns[i].fd >= 0)
			shutdown(p->conns[i].fd, SHUT_WR);
	TRACED(p, "gets FIN", NULL, 0);
}

void play_close(struct play *p)
{
	for (int i = 0; i < p->n_conns; i++)
		play_close_fd(&p->conns[i].fd);
	TRACED(p, "gets FIN", NULL, 0);
}

void play_reset(struct play *p)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	for (int i = 0; i < p->n_conns; i++) {
		setsockopt(p->conns[i].fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		play_close_fd(&p->conns[i].fd);
	}
	TRACED(p, "gets RST", NULL, 0);
}

void play_empty_line(struct play *p)
{
	TRACED(p, "typed", "\n", 1);
	if (p->in_fd >= 0 && write(p->in_fd, "\n", 1) < 0)
		play_close_fd(&p->in_fd);
}

void play_end_input(struct play *p)
{
	TRACED(p, "end input", NULL, 0);
	play_close_fd(&p->in_fd);
}

bool play_ended(struct play *p, int64_t wait_ns)
{
	int64_t deadline_ns = ts_clock_mono_ns() + wait_ns;

	while (!play_gone(p) && !p->flooded && !ts_signal_stop()) {
		if (ts_clock_mono_ns() > deadline_ns)
			return false;
		play_pump(p);
		play_answer(p, 0, 0);
		for (int i = 0; i < p->n_conns; i++)
			if (p->conns[i].at_end)
				play_close_fd(&p->conns[i].fd);
	}
	return p->pid == 0;
}

bool play_finish(struct play *p)
{
	play_empty_line(p);
	play_end_input(p);
	if (play_ended(p, GRACE_NS))
		return true;
	play_fin(p);
	if (play_ended(p, turn_wait_ns(p->t)))
		return true;
	return turn_fail(p->t, p->flooded ? BYTES : SILENCE, "the client %s",
	                 p->flooded ? "floods its output" : "does not end");
}

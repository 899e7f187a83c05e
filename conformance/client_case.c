/* The cases of --client: a row in client_cases.def each. */
#include "client_play.h"
#include "ts_clock.h"
#include <string.h>
#include <sys/wait.h>

#define LINE 18 /* letters of an ordinary line */

/* Lines of these sizes, one after the other, each answered before the next; then the end, and all must be shown. */
static bool converse(struct play *p, const size_t *sizes, int n)
{
	for (int i = 0; i < n; i++)
		if (!play_line(p, sizes[i]) || !play_answer(p, 0, 0))
			return false;
	return play_finish(p) && play_shown(p, 0);
}

static void one_line(struct turn *t, size_t size)
{
	struct play p;

	if (play_begin(&p, t))
		converse(&p, &size, 1);
	play_release(&p);
}

/* How often does it print a line whose reply holds nothing of it? How it takes such a reply is not judged here. */
static int times_by_itself(struct turn *t)
{
	struct play p;
	int n = 0;

	if (play_begin(&p, t) && play_line(&p, LINE)) {
		play_drop_letters(&p);
		if (play_answer(&p, 0, 0) && play_finish(&p))
			n = play_times_shown(&p, 0);
	}
	play_release(&p);
	turn_forgive(t);
	return n;
}

/* What is typed may be printed, too, and is no reply. */
void client_reply(struct turn *t)
{
	const size_t line = LINE;
	struct play p;
	int n = 0;

	if (play_begin(&p, t) && converse(&p, &line, 1))
		n = play_times_shown(&p, 0);
	play_release(&p);
	if (t->blame == NOBODY && n > 0 && times_by_itself(t) >= n)
		turn_fail(t, BYTES, "the client prints what was typed, and not what the server has answered");
}

static bool same_letters(const struct play_bytes *got, const struct play_bytes *typed)
{
	size_t n = 0;

	for (size_t i = 0; i < got->n; i++) {
		if (got->at[i] == '\r' || got->at[i] == '\n')
			continue;
		if (n == typed->n || got->at[i] != typed->at[n])
			return false;
		n++;
	}
	return n == typed->n;
}

void client_sends(struct turn *t)
{
	struct play p;

	if (play_begin(&p, t) && play_line(&p, LINE) && play_answer(&p, 0, 0) && play_line(&p, 1) &&
	    play_answer(&p, 0, 0)) {
		play_empty_line(&p);
		play_end_input(&p);
		play_ended(&p, 300 * TS_MS);
		if (!same_letters(&p.got, &p.typed)) {
			trace_quote(p.typed.at, p.typed.n, t->expected, sizeof(t->expected));
			trace_quote(p.got.at, p.got.n, t->actual, sizeof(t->actual));
			turn_fail(t, BYTES, "the client sends something else than what was typed");
		}
	}
	play_release(&p);
}

/* The signal that killed it, or 0. A shell that waits for its command says so by a status above 128. */
static int killer(const struct play *p)
{
	if (WIFSIGNALED(p->status))
		return WTERMSIG(p->status);
	return WIFEXITED(p->status) && WEXITSTATUS(p->status) > 128 ? WEXITSTATUS(p->status) - 128 : 0;
}

/* It has been told to end: it must, though the server keeps the connection. */
static bool must_end(struct play *p, const char *when)
{
	const int64_t wait_ns = turn_wait_ns(p->t);
	char said[260];

	if (play_ended(p, turn_busy_ns() > 0 ? 2 * wait_ns : wait_ns)) {
		if (killer(p) == 0)
			return true;
		return turn_fail(p->t, BYTES, "the client is killed by signal %d %s", killer(p), when);
	}
	snprintf(p->t->expected, sizeof(p->t->expected), "the client ends %s", when);
	snprintf(p->t->actual, sizeof(p->t->actual), "it runs on, and printed %s", play_said(p, said, sizeof(said)));
	return turn_fail(p->t, p->flooded ? BYTES : SILENCE, "the client %s %s",
	                 p->flooded ? "floods its output" : "does not end", when);
}

void client_end(struct turn *t)
{
	struct play p;

	if (play_begin(&p, t) && play_line(&p, LINE) && play_answer(&p, 0, 0)) {
		play_empty_line(&p);
		if (play_ended(&p, 200 * TS_MS + turn_busy_ns()))
			t->subject->client->end = "empty line";
		play_end_input(&p);
		if (must_end(&p, "after an empty line and the end of the input") && !t->subject->client->end)
			t->subject->client->end = "end of input";
	}
	play_release(&p);
}

void client_end_of_input(struct turn *t)
{
	struct play p;

	if (play_begin(&p, t) && play_type(&p, LINE)) {
		play_end_input(&p);
		if (play_take(&p, p.typed.n) && play_answer(&p, 0, 0) && must_end(&p, "at the end of its input"))
			play_shown(&p, 0);
	}
	play_release(&p);
}

void client_exit_status(struct turn *t)
{
	struct play p;

	if (play_begin(&p, t) && play_line(&p, LINE) && play_answer(&p, 0, 0) && play_finish(&p) &&
	    !(WIFEXITED(p.status) && WEXITSTATUS(p.status) == 0))
		turn_fail(t, BYTES, "its %s is %d", WIFEXITED(p.status) ? "exit status" : "signal",
		          WIFEXITED(p.status) ? WEXITSTATUS(p.status) : WTERMSIG(p.status));
	play_release(&p);
}

void client_fin(struct turn *t)
{
	struct play p;

	if (play_begin(&p, t) && play_line(&p, LINE) && play_answer(&p, 0, 0)) {
		play_empty_line(&p);
		play_end_input(&p);
		if (must_end(&p, "when it is told to")) {
			play_pause(&p, 10 * TS_MS);
			if (p.rst)
				turn_fail(t, BYTES, "the client ends its connection with RST");
		}
	}
	play_release(&p);
}

void client_lines(struct turn *t)
{
	struct play p;

	if (play_begin(&p, t))
		converse(&p, (const size_t[]){LINE, 5, 61, LINE, 7}, 5);
	play_release(&p);
}

/* A client in lock-step sends the second line when the first is answered; another sends all of them at once. */
void client_typed_ahead(struct turn *t)
{
	struct play p;
	bool ok = play_begin(&p, t);

	for (int i = 0; ok && i < 4; i++)
		ok = play_type(&p, LINE);
	for (int i = 0; ok && i < 4; i++)
		ok = play_take(&p, p.lines[i].from + p.lines[i].n) && play_answer(&p, 0, 0);
	if (ok && play_finish(&p))
		play_shown(&p, 0);
	play_release(&p);
}

void client_slow(struct turn *t)
{
	struct play p;

	if (play_begin(&p, t) && play_line(&p, LINE)) {
		play_pause(&p, 300 * TS_MS);
		if (play_answer(&p, 0, 0) && play_finish(&p))
			play_shown(&p, 0);
	}
	play_release(&p);
}

static void spoken(struct turn *t, const char *time, const char *separator)
{
	struct play p;

	if (play_begin(&p, t)) {
		p.time = time;
		p.separator = separator;
		if (!converse(&p, (const size_t[]){LINE, LINE}, 2)) {
			char why[300];
			snprintf(why, sizeof(why), "%.299s", t->message);
			snprintf(t->message, sizeof(t->message), "time text %s, separator \"%s\": %s", time, separator,
			         why);
		}
	}
	play_release(&p);
}

void client_time_texts(struct turn *t)
{
	static const char *const texts[] = {"rfc3339", "unix", "js", "time"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && t->blame == NOBODY; i++)
		spoken(t, texts[i], " ");
}

void client_separators(struct turn *t)
{
	static const char *const texts[] = {"", "    ", ": "};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && t->blame == NOBODY; i++)
		spoken(t, "ctime", texts[i]);
}

void client_stamp(struct turn *t)
{
	struct play p;

	if (play_begin(&p, t) && play_line(&p, LINE)) {
		p.time = "strftime:tick%Y";
		if (play_answer(&p, 0, 0) && play_finish(&p) &&
		    (p.out.n == 0 || !memmem(p.out.at, p.out.n, "tick2", 5))) {
			play_said(&p, t->actual, sizeof(t->actual));
			turn_fail(t, BYTES, "the time of the reply is not shown");
		}
	}
	play_release(&p);
}

void client_empty_reply(struct turn *t)
{
	struct play p;

	if (play_begin(&p, t) && play_line(&p, LINE)) {
		play_drop_letters(&p);
		if (play_answer(&p, 0, 0) && play_line(&p, LINE) && play_answer(&p, 0, 0) && play_finish(&p))
			play_shown(&p, 1);
	}
	play_release(&p);
}

void client_stamp_apart(struct turn *t)
{
	struct play p;

	if (play_begin(&p, t) && play_line(&p, LINE) && play_stamp_alone(&p)) {
		play_pause(&p, 30 * TS_MS);
		if (play_data_alone(&p)) {
			play_pause(&p, 30 * TS_MS);
			if (play_finish(&p))
				play_shown(&p, 0);
		}
	}
	play_release(&p);
}

void client_fragments(struct turn *t)
{
	struct play p;

	if (play_begin(&p, t) && play_line(&p, LINE) && play_answer(&p, 1, 2 * TS_MS) && play_finish(&p))
		play_shown(&p, 0);
	play_release(&p);
}

void client_long(struct turn *t)
{
	one_line(t, 1400);
}

void client_longer(struct turn *t)
{
	one_line(t, 5000);
}

/* A client that waits for its user sees the end with the next line; or with the one after it, if it only writes. One
 * that connects anew for each line, as one-shot servers have it, goes on. True: it had to end, and has. */
static bool ends_with_server(struct play *p, const char *when)
{
	const int n_conns = p->n_conns;
	bool ended = play_ended(p, 100 * TS_MS);

	for (int i = 0; i < 2 && !ended && !p->flooded && p->n_conns == n_conns; i++)
		ended = !play_type(p, LINE) || play_ended(p, 100 * TS_MS);
	if (p->n_conns > n_conns) {
		play_finish(p);
		return false;
	}
	play_drop(p);
	return must_end(p, when);
}

void client_server_closes(struct turn *t)
{
	struct play p;

	if (play_begin(&p, t) && play_line(&p, LINE) && play_answer(&p, 0, 0)) {
		play_close(&p);
		ends_with_server(&p, "when the server has closed");
	}
	play_release(&p);
}

void client_unanswered(struct turn *t)
{
	struct play p;

	if (play_begin(&p, t) && play_line(&p, LINE)) {
		play_drop(&p);
		play_close(&p);
		ends_with_server(&p, "when the server has closed in place of a reply");
	}
	play_release(&p);
}

void client_reset(struct turn *t)
{
	struct play p;

	if (play_begin(&p, t) && play_line(&p, LINE) && play_answer(&p, 0, 0)) {
		play_pause(&p, 20 * TS_MS);
		play_reset(&p);
		bool ended = ends_with_server(&p, "when the server has reset the connection");
		if (ended && p.err.n == 0 && WIFEXITED(p.status) && WEXITSTATUS(p.status) == 0)
			turn_fail(t, BYTES, "the client ends with status 0 and without a message, as if all were well");
	}
	play_release(&p);
}

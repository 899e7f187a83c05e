/* Starting and stopping. */
#include "exec.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define READY_WITHIN_NS (5 * TS_S)

void case_lifecycle_ready(struct turn *t)
{
	double ready_s = (double)launch_ready_ns(exec_server(t)) / 1e9;

	if (launch_ready_ns(exec_server(t)) > READY_WITHIN_NS)
		turn_fail(t, BYTES, "the server listened only %.1f s after its start", ready_s);
	turn_report(t, "ready after %.3f s", ready_s);
	turn_plain(t);
}

void case_lifecycle_sigterm(struct turn *t)
{
	struct stop_seen stop;

	exec_sees_stop(t, &stop);
}

#define CHILDREN_END_NS (3 * TS_S / 2) /* who still answers then was not told to stop */

static bool has_children(struct turn *t, int64_t until_ns)
{
	int n_left;

	while ((n_left = launch_count(exec_server(t), false)) > 0 && ts_clock_mono_ns() < until_ns)
		turn_pause(20 * TS_MS);
	return n_left > 0;
}

/* A server may leave its client to a child, which ends with that: no more than a warning, for most that fork do so. But
 * its socket is closed. */
static void see_children(struct turn *t, struct peer *p)
{
	int64_t now_ns = ts_clock_mono_ns();

	if (!has_children(t, now_ns + CHILDREN_END_NS) || !p || t->n_peers == 0)
		return;
	bool serves = !t->subject->dialect.one_shot && peer_send_letters(p, 8) && peer_answered_within(p, TS_S / 2);
	if (!serves && (!has_children(t, now_ns + STOP_WITHIN_NS) || p->ended))
		return;
	const int n_left = launch_count(exec_server(t), false);
	if (launch_listening(exec_server(t)))
		turn_fail(
		        t, BYTES,
		        "the server has ended, and what it left (%d) holds its socket as long as the client is there: "
		        "it cannot be started again meanwhile",
		        n_left);
	else
		turn_warn(t, "the server has ended, and the client that is there is still served by what it left (%d)",
		          n_left);
}

#define FAREWELL_NS (50 * TS_MS) /* to read what the server's end left on the way */

/* What is owed may still come, which is half a line; a farewell is no reply, and nor is a stamp without data. */
static bool hears_no_farewell(struct turn *t, struct peer *p)
{
	const int64_t before = p ? p->n_read : 0;

	while (p && peer_listen(p, FAREWELL_NS))
		;
	if (t->blame == NOBODY && p && p->n_read > before && !t->subject->dialect.line) {
		trace_quote(p->first, p->n_first, t->actual, sizeof(t->actual));
		turn_fail(t, BYTES, "%lld bytes came that no message had asked for", (long long)(p->n_read - before));
	}
	if (t->blame == BYTES)
		turn_precede(t, "told to stop, it speaks to the client that is there: ");
	return t->blame == NOBODY;
}

#define QUEUED 2

/* In the middle of a line, where there are lines; and with others who wait for their turn, where one is served, as far
 * as the queue has room. */
void case_lifecycle_sigterm_busy(struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;
	struct peer *p = peer_open(t);
	int status;

	if (d->one_shot || (peer_say_letters(p, 8) && (!d->line || peer_send(p, "abc", 3)))) {
		for (int i = 0; i < QUEUED && d->capacity == 1 && peer_call(t, false); i++)
			;
		if (p && d->line)
			turn_pause(5 * TS_MS + turn_busy_ns());
		if (exec_stops(t, SIGTERM, &status) && hears_no_farewell(t, p))
			see_children(t, p);
		if (t->blame == SILENCE) {
			t->subject->seen.stays_with_client = true;
			turn_precede(t, "while a client is there: ");
		}
	}
	exec_forget_clients(t);
}

/* Does it end with status 0 after SIGTERM? If no case has seen that, it is started once more. */
static bool ends_well(struct turn *t)
{
	struct stop_seen stop = t->subject->seen.stop;
	struct ts_err err = {.text = ""};

	if (!t->subject->seen.stopped) {
		launch_stop(exec_server(t));
		if (launch_start(exec_server(t), &err) < 0 || !exec_sees_stop(t, &stop))
			return false; /* another case is about that */
	}
	return stop.status != LAUNCH_UNKNOWN && WIFEXITED(stop.status) && WEXITSTATUS(stop.status) == 0;
}

void case_lifecycle_sigint(struct turn *t)
{
	int status;

	if (!turn_plain(t) || !exec_stops(t, SIGINT, &status) || status == 0 || status == LAUNCH_UNKNOWN ||
	    !ends_well(t))
		return;
	if (WIFSIGNALED(status))
		turn_fail(t, BYTES, "SIGTERM is handled, and SIGINT is not: it killed the server (%s)",
		          strsignal(WTERMSIG(status)));
	else
		turn_fail(t, BYTES, "after SIGTERM the server ended with status 0, after SIGINT with status %d",
		          WEXITSTATUS(status));
}

void case_lifecycle_exit_status(struct turn *t)
{
	struct stop_seen stop;

	if (!exec_sees_stop(t, &stop))
		return;
	if (stop.status == LAUNCH_UNKNOWN)
		turn_report(t, "not judged: the server runs in the background, and nobody is told its status");
	else if (WIFSIGNALED(stop.status))
		turn_fail(t, BYTES, "SIGTERM killed the server: it does not handle the signal (%s)",
		          strsignal(WTERMSIG(stop.status)));
	else if (exec_was_killed(stop.status))
		turn_fail(t, BYTES,
		          "after SIGTERM the server ended with status %d, which says that the signal killed it",
		          WEXITSTATUS(stop.status));
	else if (WEXITSTATUS(stop.status) != 0)
		turn_fail(t, BYTES, "after SIGTERM the server ended with status %d", WEXITSTATUS(stop.status));
}

void case_lifecycle_sockets_closed(struct turn *t)
{
	struct stop_seen stop;

	if (!exec_sees_stop(t, &stop))
		return;
	if (stop.listens)
		turn_fail(t, BYTES, "the server has ended, and its endpoint is still listened on");
	else if (stop.n_left > 0)
		turn_fail(t, BYTES, "the server has ended, and %d of its processes still run", stop.n_left);
}

/* With a client still there, it is the server that closes first: without SO_REUSEADDR its port is then taken for a
 * minute. Unless it waits for its clients, which is known then. */
void case_lifecycle_restart(struct turn *t)
{
	struct ts_err err = {.text = ""};
	struct peer *p = exec_streams(t) && !t->subject->seen.stays_with_client ? peer_open(t) : NULL;
	int status;

	if (t->blame != NOBODY || (p && !t->subject->dialect.one_shot && !peer_say_letters(p, 8)))
		return;
	if (!exec_stops(t, SIGTERM, &status)) { /* another case is about that */
		if (p && t->blame == SILENCE) {
			turn_forgive(t);
			turn_report(t, "not judged: the server was not stopped while a client was there");
			launch_stop(exec_server(t)); /* for the next case it is none: it may stop later */
		}
		return;
	}
	if (p)
		peer_close(p);
	launch_stop(exec_server(t));
	if (launch_start(exec_server(t), &err) < 0)
		turn_fail(t, BYTES, "it could not be started again at once: %.300s", err.text);
	else
		turn_plain(t);
}

void case_lifecycle_second_instance(struct turn *t)
{
	if (!turn_plain(t))
		return;
	int status = launch_second(exec_server(t), 4 * TS_S + launch_ready_ns(exec_server(t)));
	if (status == LAUNCH_UNKNOWN)
		turn_report(t, "not judged: how a second server ended is not known");
	else if (status == LAUNCH_RUNS_ON)
		turn_fail(t, BYTES, "a second server on the same endpoint runs on");
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		turn_fail(t, BYTES, "a second server on the same endpoint ended with status 0");
	turn_plain(t);
}

#define UNVISITED_NS (3300 * TS_MS)

/* Time-outs of accept(2) and recvfrom(2) end servers whose authors thought of clients only. */
void case_lifecycle_unvisited(struct turn *t)
{
	int64_t begin_ns, rested_ns = 0;

	if (!turn_plain(t))
		return;
	begin_ns = ts_clock_mono_ns();
	while (rested_ns < UNVISITED_NS && !launch_ended(exec_server(t), NULL, 0)) {
		turn_pause(UNVISITED_NS / 50);
		rested_ns = ts_clock_mono_ns() - begin_ns;
	}
	if (turn_sees_end(t, BYTES) || !turn_plain(t))
		turn_precede(t, "nobody called for %.1f s, and then: ", (double)rested_ns / 1e9);
}

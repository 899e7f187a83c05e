/* What some looks mean for the server as a whole: has it failed, is it lost? */
#include "look.h"
#include "result.h"
#include "root.h"
#include "ts_clock.h"
#include "ts_signal.h"
#include <stdio.h>
#include <string.h>

#define CONFIRMED    2
#define FLOOD        10000 /* bytes to a client that has ended */
#define SECOND_LOOKS 6     /* a server that fails more than this is not looked at twice for all of it */

/*
 * How likely is it to have killed the server? Whose conversation was cut off was in it at least; others find nobody to
 * connect to.
 */
static int suspicion(const struct result *r)
{
	return result_suspicion(r) + (r->blame == BYTES && result_suspicion(r) > 0 ? 4 : 0);
}

static bool lost(const struct result *r)
{
	return r->selected && !r->done && r->failed_ns > 0;
}

/* What was sent after that which it did not answer was answered: whatever became of the server, it came later. */
static bool outlived(const struct result *r)
{
	return r->blame == BYTES && (r->sort == LOST || r->sort == PASSED_OVER);
}

/* A refused connect is tried again for a second; that a datagram is not answered shows when the wait is over. */
static int64_t seen_within(const struct report *report)
{
	bool stream = ts_transport_is_stream(report->subject->endpoint.transport);

	return stream ? 1500 * TS_MS : report->subject->options->timeout_ns + 1500 * TS_MS;
}

/* The first to fail, or the most suspicious of those that noticed the death at the same time. */
static struct result *first_to_fail(struct report *report)
{
	struct result *first = NULL, *most = NULL;

	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (lost(r) && (!first || r->failed_ns < first->failed_ns))
			first = r;
	}
	for (size_t i = 0; first && i < report->n; i++) {
		struct result *r = &report->results[i];
		if (lost(r) && r->failed_ns < first->failed_ns + seen_within(report) &&
		    (!most || suspicion(r) > suspicion(most)))
			most = r;
	}
	return most;
}

/* That the probe was answered, and the first client after it is not, says more than that it is lost. */
static struct result *killer_behind(struct report *report, struct result *killer)
{
	const struct dialect *d = &report->subject->dialect;
	bool stream = ts_transport_is_stream(report->subject->endpoint.transport);
	bool second = strcmp(killer->row->id, "format.reply") == 0 && d->known && killer->blame != BYTES;
	const char *id = NULL;

	if (second && d->empty_kills)
		id = "datagram.empty";
	else if (second)
		id = !stream                  ? d->goes_on ? "datagram.clients" : "datagram.many"
		     : d->n_after_end > FLOOD ? "end.no-flood"
		                              : "end.next-client";
	else if (killer->blame == GONE && killer->row->stage != RUDE &&
	         strcmp(killer->row->id, "end.silent-client") != 0)
		id = stream ? "end.next-client" : "datagram.many";
	else if (!stream && killer->blame == SILENCE && killer->row->stage == ASIDE && result_suspicion(killer) == 0)
		id = "datagram.many";
	struct result *other = id ? result_of(report, id) : NULL;
	return other && other->selected && !other->done ? other : killer;
}

/* What was seen while the server lived is judged as ever: what went well, and what went wrong and did not end it. */
static void judge_outlived(struct report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		bool passed = r->duration_ns > 0 && r->failed_ns == 0 && r->blame == NOBODY;
		if (r->selected && !r->done && (passed || outlived(r)) && !look_leave_to_root(report, r))
			result_judge(report, r);
	}
}

/* To be said of a server that was there for some clients, and then gone; "" for datagrams. */
static const char *count_served(int n, char *buf, size_t size)
{
	snprintf(buf, size, n == 1 ? ", after it had answered one client" : ", after it had answered %d clients", n);
	return n > 0 ? buf : "";
}

/*
 * One finding: the case in which the server was lost. When that case could not even connect, the server went away with
 * the client before it, and the finding is about the next client.
 */
static void bury(struct report *report, struct result *killer)
{
	static const char flaky[] = "flaky: "; /* look_again */
	static const char lost_text[] = "the server is lost, it serves nobody any more; the first sign of it: ";
	char why[500], served[60];

	if (!killer)
		return;
	bool ended = killer->sort == ENDED;
	snprintf(why, sizeof(why), "%.499s", killer->message + (killer->flaky ? sizeof(flaky) - 1 : 0));
	killer->flaky = false; /* that it passed at the second look was its last */
	killer = killer_behind(report, killer);
	if (strcmp(killer->row->id, "end.no-flood") == 0 && killer->duration_ns == 0)
		snprintf(why, sizeof(why), "after its first client's end it sent %lld bytes that nobody had asked for",
		         (long long)report->subject->dialect.n_after_end);
	if (killer->blame == NOBODY || killer->blame == OURSELVES)
		killer->blame = GONE;
	snprintf(killer->message, sizeof(killer->message), "%s%s%s", ended ? "" : lost_text, why,
	         killer->blame == GONE ? count_served(report->subject->n_served, served, sizeof(served)) : "");
	result_judge(report, killer);
	result_not_run(report, "not run, for the server was lost before", killer->row->id);
}

void look_settle_first_only(struct report *report)
{
	struct result *clients = result_of(report, "datagram.clients");

	if (!report->subject->dialect.first_only || !clients->selected)
		return;
	clients->blame = SILENCE;
	snprintf(
	        clients->message, sizeof(clients->message),
	        "the server answers its first client, and nobody else: that one was answered before and after another");
	result_judge(report, clients);
	result_not_run(report, "not run, for the server answers its first client only", clients->row->id);
}

/* A server of ours ended while the case was on, or before: which case did it, only a second look can tell. */
static bool ended_beside(const struct report *report, const struct result *r)
{
	return report->subject->launch && r->sort == ENDED && r->failed_ns > 0 && r->row->stage != RUDE &&
	       !ts_signal_stop();
}

/*
 * A server whose failures have been confirmed is not conformant: to wait for more of them changes nothing. But a case
 * that found nobody there, for another had killed the server, has not been tried.
 */
static bool is_worth_a_look(const struct report *report, const struct result *r, bool untried)
{
	if (ended_beside(report, r))
		return true;
	return r->failed_ns > 0 && r->blame != OURSELVES && r->row->stage != RUDE && r->sort != KEPT_WAITING &&
	       (report->n_confirmed < CONFIRMED || untried) && !ts_signal_stop();
}

/* One that ends with its first client, or a moment later, would be started again for each case. */
static bool serves_again(struct report *report)
{
	if (!look_start_again(report->subject) || !look_whether_it_lives(report))
		return false;
	turn_pause(20 * TS_MS + turn_busy_ns());
	return look_whether_it_lives(report);
}

/* With --exec no case is held to what another has done to the server. */
static void revive(struct report *report)
{
	if (report->subject->launch && !look_whether_it_lives(report))
		report->subject->gone = !look_start_again(report->subject);
}

static void stand_up(struct report *report)
{
	if (launch_ended(report->subject->launch, NULL, 0))
		report->subject->gone = !look_start_again(report->subject);
}

/* Did some case meet the server's end, and not only its absence? */
static bool has_culprit(const struct report *report)
{
	for (size_t i = 0; i < report->n; i++)
		if (lost(&report->results[i]) && report->results[i].blame != GONE)
			return true;
	return false;
}

static void excuse(struct result *r)
{
	r->flaky = false;
	r->blame = NOBODY;
	r->sort = ANY;
	r->message[0] = r->expected[0] = r->actual[0] = '\0';
}

/* The case about a server that ends whatever it is asked, if it is not decided yet; or a MUST that has met its end. */
static struct result *case_of_end(struct report *report, struct result *met)
{
	bool stream = ts_transport_is_stream(report->subject->endpoint.transport);
	struct result *own = result_of(report, stream ? "end.next-client" : "datagram.many");

	return own->selected && !own->done ? own : met;
}

static bool spared(const struct result *r)
{
	return r->selected && !r->done && r->flaky && r->sort == ENDED;
}

/* No case brings its end again: it ends after some clients, or some time. */
static bool bury_ender(struct report *report, int n_served)
{
	struct result *met = NULL;
	char served[60];

	for (size_t i = 0; i < report->n; i++)
		if (spared(&report->results[i]) && (!met || report->results[i].requirement->level == MUST))
			met = &report->results[i];
	struct result *r = met ? case_of_end(report, met) : NULL;
	if (!r || r->requirement->level != MUST)
		return false;
	char *how = strstr(met->message, "the server ended by itself");
	char said[400];
	snprintf(said, sizeof(said), "%.399s", how ? how : met->message);
	snprintf(r->message, sizeof(r->message), "%s%s", said, count_served(n_served, served, sizeof(served)));
	r->blame = GONE;
	r->sort = ENDED;
	r->flaky = false;
	result_judge(report, r);
	report->ender = r;
	result_not_run(report, "not run, for the server ends by itself", r->row->id);
	return true;
}

/* Those beside which the server ended, and that passed at the second look: is another case to blame, or none? */
static void settle_spared(struct report *report, bool has_brought_end, int n_served)
{
	if (!has_brought_end && bury_ender(report, n_served))
		return;
	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (!spared(r))
			continue;
		if (has_brought_end)
			excuse(r);
		r->failed_ns = 0;
		result_judge(report, r);
	}
	stand_up(report);
}

/* What had failed before the stop came, by wrong bytes, stays; the rest was not judged. */
static void stopped(struct report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (r->done || r->duration_ns == 0)
			continue;
		if (r->blame == NOBODY || r->blame == BYTES) {
			result_judge(report, r);
			continue;
		}
		r->blame = NOBODY;
		result_set_aside(report, r, ERROR, "not run", "the suite was stopped");
	}
}

bool look_leave_to_root(struct report *report, struct result *r)
{
	const struct result *root = root_of(report, r);

	if (!root && r->blame != NOBODY && r->sort == ENDED)
		root = report->ender;
	if (!root)
		return false;
	r->blocked = true;
	result_set_aside(report, r, SKIP, "not judged, for it went wrong as another case did", root->row->id);
	return true;
}

/*
 * What cut off a client at the first look may have been the server's end: then at the second look there is nobody, or
 * the kernel, which ends a listening socket last, takes the client and resets it. What comes after must not be blamed.
 */
static bool died_meanwhile(struct report *report, const struct result *r)
{
	bool cut_off = r->blame == GONE || (r->blame == BYTES && (r->sort == EARLY_END || r->sort == IDLE_END));

	return !report->subject->launch && cut_off && !look_whether_it_lives(report);
}

void look_settle(struct report *report, bool wait)
{
	int n_looks = 0, n_served = report->subject->n_served;
	bool has_brought_end = false;
	struct result *killer = NULL;

	if (ts_signal_stop()) { /* what was cut short says nothing about the server */
		stopped(report);
		return;
	}
	bool trouble = report->subject->gone, died = false;
	int n_before = report->n_confirmed;

	for (size_t i = 0; i < report->n; i++)
		trouble |= report->results[i].failed_ns > 0 && !report->results[i].done &&
		           report->results[i].blame != BYTES;
	if (trouble && !look_whether_it_lives(report)) {
		if (!report->subject->launch || !serves_again(report)) {
			judge_outlived(report);
			bury(report, first_to_fail(report));
			return;
		}
		died = has_culprit(report);
	}

	for (size_t i = 0; report->n > 0 && i < 2 * report->n; i++) { /* the roots first */
		struct result *r = &report->results[i % report->n];
		if (r->done || r->duration_ns == 0 || (i < report->n && !root_is(r)))
			continue;
		if (wait && root_may_come(r))
			continue;
		if (spared(r) || look_leave_to_root(report, r))
			continue;
		if (!killer && is_worth_a_look(report, r, died) &&
		    (n_looks++ < SECOND_LOOKS || ended_beside(report, r))) {
			stand_up(report);
			look_again(report, r);
			has_brought_end |= r->sort == ENDED && !r->flaky;
			if (spared(r))
				continue;
			if (died_meanwhile(report, r)) {
				killer = r;
				continue;
			}
			if (!r->flaky)
				revive(report);
			else if (died && (r->blame == GONE || report->n_confirmed > n_before))
				excuse(r);
			report->n_confirmed += r->blame != NOBODY && !r->flaky && r->requirement->level == MUST;
		}
		r->failed_ns = 0;
		result_judge(report, r);
	}
	settle_spared(report, has_brought_end, n_served);
	bury(report, killer);
}

/* What some looks mean for the server as a whole: has it failed, is it lost? */
#include "look.h"
#include "result.h"
#include "root.h"
#include "ts_clock.h"
#include "ts_signal.h"
#include <stdio.h>
#include <string.h>

#define CONFIRMED    2
#define SECOND_LOOKS 6 /* a server that fails more than this is not looked at twice for all of it */

/* How likely is it to have killed the server? Some cases send odd data, and others do no more than wait or ask. */
static int suspicion(const struct result *r)
{
	static const char *const harmless[] = {"stream.kept-", "stream.no-", "time.", "format."};

	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (strncmp(r->row->id, harmless[i], strlen(harmless[i])) == 0)
			return 0;
	return strncmp(r->row->id, "data.", 5) == 0 ? 2 : 1;
}

static bool lost(const struct result *r)
{
	return r->selected && !r->done && r->failed_ns > 0;
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
		if (lost(r) && r->failed_ns < first->failed_ns + 100 * TS_MS &&
		    (!most || suspicion(r) > suspicion(most)))
			most = r;
	}
	return most;
}

/*
 * One finding: the case in which the server was lost. When that case could not even connect, the server went away with
 * the client before it, and the finding is about the next client.
 */
static void bury(struct report *report, struct result *killer)
{
	bool stream = ts_transport_is_stream(report->subject->endpoint.transport);
	struct result *next = result_of(report, stream ? "end.next-client" : "datagram.many");
	char why[500];

	if (!killer)
		return;
	snprintf(why, sizeof(why), "%.499s", killer->message);
	if (killer->blame == GONE && next->selected && !next->done && killer->row->stage != RUDE)
		killer = next;
	if (killer->blame == NOBODY || killer->blame == OURSELVES)
		killer->blame = GONE;
	snprintf(killer->message, sizeof(killer->message), "the server is lost, it serves nobody any more: %s", why);
	result_judge(report, killer);
	result_not_run(report, "not run, for the server was lost before", killer->row->id);
}

/* A server whose failures have been confirmed is not conformant: to wait for more of them changes nothing. */
static bool is_worth_a_look(const struct report *report, const struct result *r)
{
	return r->failed_ns > 0 && r->blame != OURSELVES && r->row->stage != RUDE && report->n_confirmed < CONFIRMED &&
	       !ts_signal_stop();
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

void look_settle(struct report *report, bool wait)
{
	int n_looks = 0;

	if (ts_signal_stop()) { /* what was cut short says nothing about the server */
		stopped(report);
		return;
	}
	bool trouble = report->subject->gone;

	for (size_t i = 0; i < report->n; i++)
		trouble |= report->results[i].failed_ns > 0 && !report->results[i].done &&
		           report->results[i].blame != BYTES;
	if (trouble && !look_whether_it_lives(report)) {
		if (!report->subject->launch || !look_start_again(report->subject)) {
			bury(report, first_to_fail(report));
			return;
		}
		report->subject->gone = false;
	}
	for (size_t i = 0; i < 2 * report->n; i++) { /* the roots first */
		struct result *r = &report->results[i % report->n];
		if (r->done || r->duration_ns == 0 || (i < report->n && !root_is(r)))
			continue;
		if (wait && root_may_come(r))
			continue;
		const struct result *root = root_of(report, r);
		if (root) {
			r->blocked = true;
			result_set_aside(report, r, SKIP, "not judged, for it went wrong as another case did",
			                 root->row->id);
			continue;
		}
		if (is_worth_a_look(report, r) && n_looks++ < SECOND_LOOKS) {
			look_again(report, r);
			report->n_confirmed += !r->flaky && r->requirement->level == MUST;
		}
		r->failed_ns = 0;
		result_judge(report, r);
	}
}

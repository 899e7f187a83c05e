#include "runner.h"
#include "aside.h"
#include "client.h"
#include "elder.h"
#include "launch.h"
#include "look.h"
#include "met.h"
#include "result.h"
#include "root.h"
#include "ts_clock.h"
#include "ts_signal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Datagrams, now and then or in some way of their own: it was said, and nobody waits long for one any more. */
static bool lost_some(struct report *report)
{
	const struct result *many = result_of(report, "datagram.many");
	int n = 0;

	for (size_t i = 0; i < report->n; i++)
		n += report->results[i].status == FAIL && report->results[i].sort == LOST;
	return n >= 2 || (many->status == FAIL && many->sort == LOST);
}

static void run_stage(struct report *report, enum stage stage)
{
	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (r->row->stage != stage || !result_ready(report, r))
			continue;
		if (stage == RUDE && report->subject->launch &&
		    (report->subject->gone || launch_ended(report->subject->launch, NULL, 0)))
			report->subject->gone = !look_start_again(report->subject);
		look_first(report, r);
		look_settle(report, stage == FIRST);
		report->subject->loses |= lost_some(report);
	}
}

/*
 * Do clients at the same time harm each other? Some cases say so, judged or not; the others are then run one by one.
 * What goes wrong in the same way with one client alone says nothing.
 */
static bool disturbed(struct report *report)
{
	bool found = false;

	for (size_t i = 0; i < report->n; i++) {
		const struct result *r = &report->results[i];
		found |= r->row->needs & TELLS_HARM && r->selected && (r->status == FAIL || r->failed_ns > 0) &&
		         !root_of(report, r);
	}
	return found;
}

/*
 * That it cannot be started again is a finding: it left something behind that keeps it from starting. That is a socket
 * on which somebody still listens; or it is less: a lock, or its port, which the kernel remembers for a minute.
 */
static void cannot_start(struct report *report, struct result *r, const char *why)
{
	const struct launch *launch = report->subject->launch;
	bool listens = !launch_remembered(launch) && launch_listening(launch);
	struct result *finding = result_of(report, listens ? "lifecycle.sockets-closed" : "lifecycle.restart");

	if (ts_signal_stop()) {
		result_set_aside(report, r, ERROR, "not run", "the suite was stopped");
		return;
	}
	if (finding->selected && !finding->done) {
		finding->blame = BYTES;
		snprintf(finding->message, sizeof(finding->message),
		         "the server was stopped, and could not be started again: %s", why);
		result_judge(report, finding);
	}
	if (r != finding)
		result_set_aside(report, r, ERROR, "not run", "the server could not be started again");
}

/* A server that takes long to start is not started again after a case that passed, and only looked at it or left a
 * fresh one. */
static bool rests_unharmed(struct report *report, const struct result *before)
{
	bool looked = before && before->status == PASS && before->row->needs & ONLY_LOOKS;

	return looked && launch_ready_ns(report->subject->launch) > TS_S && look_whether_it_lives(report);
}

/* Is it decided by what another case has seen? Then no server is needed. */
static bool is_seen(const struct report *report, const struct result *r)
{
	const struct seen *seen = &report->subject->seen;

	return (r->row->needs & SEEN_STOPPED && seen->stopped) ||
	       (r->row->needs & SEEN_TALKING && seen->n_conversations > 0);
}

/* A server just started for each; what becomes of it is no finding but the case's own. */
static void run_lives(struct report *report)
{
	const struct result *before = NULL;

	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (r->row->stage != LIFE || !result_ready(report, r))
			continue;
		if (!is_seen(report, r) && !rests_unharmed(report, before) && !look_start_again(report->subject)) {
			cannot_start(report, r, launch_why(report->subject->launch));
			continue;
		}
		report->subject->gone = false;
		look_first(report, r);
		if (r->blame != NOBODY && r->sort == ENDED && !look_starts_well(report)) {
			char how[300];
			snprintf(how, sizeof(how), "%.299s", r->message + r->end_at);
			result_excuse(r);
			cannot_start(report, r, how);
			continue;
		}
		if (look_leave_to_root(report, r))
			continue;
		if (r->blame != NOBODY && r->blame != OURSELVES && r->sort != KEPT_WAITING && !ts_signal_stop() &&
		    look_start_again(report->subject))
			look_again(report, r);
		result_judge(report, r);
		before = r;
	}
}

/* Each case starts the client anew. A command that the shell does not find is not reached: nothing is judged. */
static void run_client(struct report *report)
{
	const struct client_style *style = report->subject->client;

	report->reached = true;
	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (!report->reached && r->selected && !r->done)
			result_set_aside(report, r, ERROR, "not run, for the client could not be started",
			                 report->unreached);
		if (!result_ready(report, r))
			continue;
		look_at(report, r, 1);
		if (r->blame == SILENCE)
			look_again(report, r);
		if (ts_signal_stop() && r->blame != NOBODY) {
			r->blame = NOBODY;
			result_set_aside(report, r, ERROR, "not run", "the suite was stopped");
			continue;
		}
		if (style->absent) {
			report->reached = false;
			snprintf(report->unreached, sizeof(report->unreached), "%s", style->absent_why);
			r->blame = OURSELVES;
		}
		result_judge(report, r);
	}
}

#define UNHURRIED_NS (8 * TS_S)

/* A slow server has so many times --timeout, with 3 s of that 45 s; with --exec 27 s, and as much
 * again for its life. */
static void spend(struct report *report)
{
	struct subject *s = report->subject;

	s->hurry_ns = s->few ? 0 : ts_clock_mono_ns() + UNHURRIED_NS;
	if (dialect_is_sparing(&s->dialect) && !s->few)
		s->enough_ns = ts_clock_mono_ns() + (s->launch ? 9 : 15) * s->options->timeout_ns;
}

/* One that ends each conversation too late, and serves nobody until then, has been found out: 9 s for the rest do. */
static void spend_on_late_ends(struct report *report)
{
	struct subject *s = report->subject;
	const struct result *end = result_of(report, "end.half-close");
	bool late = end && end->selected && end->status == FAIL && end->blame == SILENCE && !end->flaky;

	s->each_ends_late = late && s->slow_end && !s->ends_with_next && s->dialect.capacity == 1;
	if (s->each_ends_late && s->enough_ns == 0)
		s->enough_ns = ts_clock_mono_ns() + 3 * s->options->timeout_ns;
}

/* Instead of an answer the server ended: is it so? */
static bool ends_of_probe(struct subject *s)
{
	size_t n = strnlen(s->dialect.stranger, sizeof(s->dialect.stranger) / 2);
	char how[300];

	if (!look_sees_end(s, how, sizeof(how)))
		return false;
	snprintf(s->dialect.stranger + n, sizeof(s->dialect.stranger) - n, "; %.140s", how);
	return true;
}

static void probe(struct report *report)
{
	struct turn *t = malloc(sizeof(*t));

	if (!t)
		return;
	look_begin(t, report->subject, NULL, 1);
	report->reached = dialect_probe(t);
	report->kept_out = t->blame == OURSELVES;
	if (!report->reached)
		memcpy(report->unreached, t->message, sizeof(t->message));
	met_see_ends(t);
	if (ts_signal_stop()) { /* what was cut short says nothing about the server */
		report->subject->dialect.known = false;
		report->subject->dialect.stranger[0] = '\0';
	}
	turn_release(t);
	report->probe_trace = trace_text(&t->trace);
	trace_release(&t->trace);
	free(t);
	bool ended = report->reached && !report->subject->dialect.known && ends_of_probe(report->subject);
	if (report->subject->launch && (report->subject->dialect.empty_kills || ended))
		report->subject->gone = !look_start_again(report->subject);
	report->subject->probed_ns = ts_clock_mono_ns();
}

/* What is cut has pieces no smaller than what is not. */
static void settle_chunks(struct subject *s)
{
	const size_t whole = s->whole_bytes, chunk = s->chunk_bytes;

	s->dialect.whole_bytes = whole;
	s->dialect.chunk_bytes = chunk > 0 && chunk < whole ? whole : chunk;
}

void report_run(struct report *report)
{
	if (!report->subject->client && report->unreached[0] == '\0')
		probe(report);
	if (report->subject->client && report->unreached[0] == '\0') {
		run_client(report);
	} else if (!report->reached) {
		for (size_t i = 0; i < report->n; i++)
			if (report->results[i].selected)
				result_set_aside(report, &report->results[i], ERROR,
				                 report->subject->client ? "not run"
				                                         : "not run, for the server was not reached",
				                 report->unreached);
	} else {
		spend(report);
		look_settle_first_only(report);
		look_settle_first_client(report);
		look_settle_one_message(report);
		report->subject->alone = dialect_closes_on_second(&report->subject->dialect);
		run_stage(report, FIRST);
		spend_on_late_ends(report);
		report->subject->alone |= disturbed(report);
		aside_run(report);
		elder_hush(report->subject);
		run_stage(report, QUIET);
		elder_go_on(report->subject);
		run_stage(report, ALONE);
		elder_end(report->subject);
		met_release(report->subject);
		run_stage(report, RUDE);
		spend(report);
		run_lives(report);
	}
	settle_chunks(report->subject);
	report->partial = ts_signal_stop() != 0;
	report->duration_ns = ts_clock_mono_ns() - report->begin_ns;
	report_count(report);
}

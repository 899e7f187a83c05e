/* What some looks mean for the server as a whole: has it failed, is it lost? */
#include "bury.h"
#include "look.h"
#include "result.h"
#include "root.h"
#include "ts_clock.h"
#include "ts_signal.h"
#include <stdio.h>
#include <string.h>

#define SECOND_LOOKS 6 /* a server that fails more than this is not looked at twice for all of it */

/* What was sent after that which it did not answer was answered: whatever became of the server, it came later. */
static bool outlived(const struct result *r)
{
	return r->blame == BYTES && (r->sort == LOST || r->sort == PASSED_OVER || r->sort == CUT);
}

/* Wrong bytes came, and the conversation was not cut off: they are wrong, whoever has brought the server's end. */
static bool was_answered_wrong(const struct result *r)
{
	return r->blame == BYTES && r->failed_ns > 0 && r->row->stage != RUDE && !bury_is_cut(r);
}

/* It went well, or what went wrong did not end the server. */
static bool was_over(const struct result *r)
{
	return (r->duration_ns > 0 && r->failed_ns == 0 && r->blame == NOBODY) || outlived(r);
}

static void judge_those(struct report *report, bool (*is_one)(const struct result *r), const struct result *but)
{
	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (r->selected && !r->done && r != but && is_one(r) && !look_leave_to_root(report, r))
			result_judge(report, r);
	}
}

/* What was seen while the server lived is judged as ever. The case to blame for its end; NULL: none failed. */
static struct result *judge_outlived(struct report *report)
{
	judge_those(report, was_over, NULL);
	struct result *killer = bury_first_to_fail(report);
	judge_those(report, was_answered_wrong, killer);
	return killer;
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

/*
 * The first client of the server's life was not answered, and the next one was. With --exec that can be seen again, and
 * each case that has the server started anew would meet it.
 */
void look_settle_first_client(struct report *report)
{
	struct result *lockstep = result_of(report, "stream.lockstep");

	if (!report->subject->dialect.first_client || !lockstep->selected)
		return;
	if (report->subject->launch) {
		report->subject->gone = !look_start_again(report->subject);
		look_at(report, lockstep, 2);
		if (lockstep->blame == NOBODY || lockstep->blame == OURSELVES)
			return;
	}
	lockstep->blame = SILENCE;
	snprintf(lockstep->message, sizeof(lockstep->message),
	         "the server answers every client but its first: its first client was not answered, and the next was");
	result_judge(report, lockstep);
	if (report->subject->launch)
		result_not_run(report, "not run, for the server does not answer its first client", lockstep->row->id);
}

/* Of the probe's two messages the second was not answered. */
void look_settle_one_message(struct report *report)
{
	struct result *lockstep = result_of(report, "stream.lockstep");

	if (!report->subject->dialect.one_message || !lockstep->selected || lockstep->done)
		return;
	const int n_before = report->subject->n_judged;

	look_at(report, lockstep, 2); /* a busy machine may have kept the probe from its answer */
	bool silent = lockstep->blame == SILENCE && lockstep->sort == NO_ANSWER;
	bool passed_over = lockstep->blame == BYTES && lockstep->sort == PASSED_OVER;
	if ((!silent && !passed_over) || report->subject->n_judged != n_before + 1)
		return;
	snprintf(lockstep->message, sizeof(lockstep->message), "%s",
	         silent ? "the server answers the first message of a conversation, and no other, and leaves it open"
	                : "the server does not answer the second message of a conversation, and answers a later one");
	result_judge(report, lockstep);
	result_not_run(report,
	               silent ? "not run, for the server answers one message of a conversation"
	                      : "not run, for the server passes over messages of a conversation",
	               lockstep->row->id);
}

/* A server of ours ended while the case was on, or before: which case did it, only a second look can tell. */
static bool ended_beside(const struct report *report, const struct result *r)
{
	return report->subject->launch && r->sort == ENDED && r->failed_ns > 0 && r->row->stage != RUDE &&
	       !ts_signal_stop();
}

/*
 * A server whose failures have been confirmed is not conformant: to wait for more of them changes nothing. But a case
 * that found nobody there, for another had killed the server, has not been tried; nor has one whose conversation ended,
 * perhaps because the client before left, where clients harm each other.
 */
static bool is_worth_a_look(const struct report *report, const struct result *r, bool untried)
{
	if (ended_beside(report, r))
		return true;
	untried |= report->subject->alone && r->sort == EARLY_END;
	return r->failed_ns > 0 && !r->flaky && r->blame != OURSELVES && r->row->stage != RUDE &&
	       r->sort != KEPT_WAITING && (!report_is_decided(report) || untried) && !ts_signal_stop();
}

/* One that ends with its first client, or a moment later, would be started again for each case. */
static bool serves_again(struct report *report)
{
	if (!look_starts_well(report))
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

static bool spared(const struct result *r)
{
	return r->selected && !r->done && r->flaky && r->sort == ENDED;
}

/* Which of them is to tell of the server's end? */
static struct result *find_spared(struct report *report)
{
	struct result *met = NULL;

	for (size_t i = 0; i < report->n; i++)
		if (spared(&report->results[i]) && (!met || report->results[i].requirement->level == MUST))
			met = &report->results[i];
	return met;
}

/* Those beside which the server ended, and that passed at the second look: is another case to blame, or none? */
static void settle_spared(struct report *report, bool has_brought_end, int n_served)
{
	struct result *met = find_spared(report);

	if (!has_brought_end && met && bury_ender(report, met, n_served))
		return;
	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (!spared(r))
			continue;
		if (has_brought_end)
			result_excuse(r);
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

/* Another case is about it, has failed, or may yet; see look_settle. */
static bool left_to_another(struct report *report, struct result *r, bool wait)
{
	return (wait && root_may_come(r)) || look_leave_to_root(report, r);
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
		           (report->results[i].blame != BYTES || report->results[i].sort == EARLY_END);
	if (trouble && !look_whether_it_lives(report)) {
		if (!report->subject->launch || !serves_again(report)) {
			killer = judge_outlived(report);
			if (killer)
				bury(report, killer);
			return;
		}
		died = bury_has_culprit(report);
	}

	root_gather(report);
	for (size_t i = 0; report->n > 0 && i < 2 * report->n; i++) { /* the roots first */
		struct result *r = &report->results[i % report->n];
		if (r->done || r->duration_ns == 0 || (i < report->n && !root_is(r)))
			continue;
		if (spared(r) || left_to_another(report, r, wait))
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
				result_excuse(r);
			report->n_confirmed += r->blame != NOBODY && !r->flaky && r->requirement->level == MUST;
			if (left_to_another(report, r, wait))
				continue;
		}
		r->failed_ns = 0;
		result_judge(report, r);
	}
	settle_spared(report, has_brought_end, n_served);
	if (killer)
		bury(report, killer);
}

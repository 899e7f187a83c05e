#include "look.h"
#include "dgram.h"
#include "elder.h"
#include "launch.h"
#include "ts_clock.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each case has letters of its own: a server that knows a message already would be right in one and
 * wrong in the next. */
static uint64_t own_seed(const struct subject *subject, const struct result *r)
{
	uint64_t seed = r ? r->seed : subject->seed;

	if (!r || strcmp(r->row->id, "stream.random") == 0)
		return seed;
	for (const char *c = r->row->id; *c; c++)
		seed = (seed ^ (unsigned char)*c) * 1099511628211u;
	return seed;
}

void look_begin(struct turn *t, struct subject *subject, const struct result *r, double patience)
{
	memset(t, 0, sizeof(*t));
	t->subject = subject;
	t->row = r ? r->row : NULL;
	t->patience = patience;
	t->begin_ns = ts_clock_mono_ns();
	t->random = ts_random_new(own_seed(subject, r));
	trace_begin(&t->trace, t->begin_ns);
}

#define ASKED      6  /* times: one that loses some datagrams lives */
#define MORE       12 /* one behind the other: one that is some datagrams behind lives */
#define SHORTLY_NS (5 * TS_MS)

/* Is one of some datagrams answered, in whatever way? */
static bool answers_some(struct turn *t, int64_t wait_ns)
{
	struct dgram *d = dgram_open(t);
	int got = 0;

	for (int i = 0; d && i < ASKED && got == 0; i++) {
		char word[9];
		turn_letters(t, word, sizeof(word));
		got = dgram_send(d, word, sizeof(word)) ? dgram_receive(d, wait_ns / ASKED) : -EIO;
	}
	dgram_free(d);
	return got == 1;
}

#define PER_SECOND_NS (1200 * TS_MS) /* who answers so many in a second does it again in the next */

/* Is one of many answered? */
static bool answers_many(struct turn *t)
{
	struct dgram *d = dgram_open(t);
	bool answered;
	char word[9];

	turn_letters(t, word, sizeof(word));
	for (int i = 0; d && i < MORE && dgram_send(d, word, sizeof(word)); i++)
		turn_pause(SHORTLY_NS);
	answered = d && dgram_receive(d, turn_wait_ns(t) / ASKED) == 1;
	dgram_free(d);
	return answered;
}

static bool answers_datagrams(struct turn *t)
{
	if (answers_some(t, turn_wait_ns(t)))
		return true;
	turn_pause(PER_SECOND_NS);
	return answers_many(t);
}

/* In a stream an answer with a fault that has its own case is an answer, too. */
static bool is_answer(enum sort sort)
{
	switch (sort) {
	case WRONG_TIME:
	case OTHER_TIME:
	case OTHER_SEPARATOR:
	case AFTER_END:
	case REPEATED:
	case LEFTOVER:
	case ALL_SO_FAR: return true;
	default: return false;
	}
}

/* Is a plain conversation answered? *cut: it was ended before that. */
static bool is_answered(struct report *report, struct turn *t, bool *cut)
{
	look_begin(t, report->subject, NULL, 2);
	bool stream = ts_transport_is_stream(report->subject->endpoint.transport);
	bool ok = stream ? turn_plain(t) || (t->blame == BYTES && is_answer(t->sort)) : answers_datagrams(t);
	*cut = !ok && t->blame == BYTES && t->sort == EARLY_END;
	turn_release(t);
	trace_release(&t->trace);
	return ok;
}

#define CALLERS  60 /* so many may have been left waiting, and come first */
#define ALONE_NS (300 * TS_MS)
#define NEXT_NS  (20 * TS_MS)

/* A caller alone is not answered, as was seen. Is he, when others call? */
static bool is_answered_with_next(struct report *report, struct turn *t)
{
	bool answered = false;

	look_begin(t, report->subject, NULL, 1);
	struct peer *caller = peer_open(t);
	bool alone = !caller || !peer_send_letters(caller, 9) || peer_answered_within(caller, ALONE_NS);
	for (int i = 0; i < CALLERS && !alone && !answered && t->blame == NOBODY; i++) {
		struct peer *next = peer_open(t);
		answered = peer_answered_within(caller, NEXT_NS);
		if (next)
			peer_close(next);
	}
	turn_release(t);
	trace_release(&t->trace);
	return answered;
}

/* A server that ends by itself lets go of its sockets before it has ended. */
#define LETS_GO_STEPS 20
#define LETS_GO_NS    (10 * TS_MS)

bool look_whether_it_lives(struct report *report)
{
	struct turn *t = malloc(sizeof(*t));
	bool cut = false, ok = false;

	if (report->needs_next || !t) { /* others have called since: it may be answered now, and is not well */
		free(t);
		return false;
	}
	report->subject->gone = false;
	ok = is_answered(report, t, &cut);
	if (cut) { /* perhaps by another client's leaving */
		turn_pause(20 * TS_MS + turn_busy_ns());
		ok = is_answered(report, t, &cut);
	}
	if (cut) { /* by a server that is about to end, or that closes on whoever comes? */
		turn_pause(LETS_GO_STEPS * LETS_GO_NS);
		ok = is_answered(report, t, &cut);
	}
	report->shuts_out = cut;
	report->subject->gone = !ok;
	bool is_silent = !ok && t->blame == SILENCE && ts_transport_is_stream(report->subject->endpoint.transport);
	for (int i = 0; i < 2 && is_silent; i++) /* once may be chance */
		is_silent = is_answered_with_next(report, t);
	report->needs_next = is_silent;
	free(t);
	return ok;
}

/*
 * After a rude case: does it still serve? A server that dies of it needs the processor for that, and may answer others
 * before, in other threads: on a busy machine it is asked several times.
 */
static void see_survival(struct report *report, struct turn *t, uint64_t seed)
{
	for (int i = 0; t->blame == NOBODY && (i == 0 || (i < 3 && turn_busy_ns() > 0)); i++) {
		t->random = ts_random_new(seed);
		turn_pause(20 * TS_MS + turn_busy_ns());
		turn_plain(t);
		turn_release(t);
	}
	if (t->blame == NOBODY)
		return;
	turn_precede(t, "the conversation after it fails: ");
	bool doubtful = t->blame == BYTES || t->blame == SILENCE; /* GONE has been tried for a second */
	if (doubtful && !look_whether_it_lives(report))
		t->blame = GONE;
}

static bool sees_end_within(const struct subject *subject, int n_steps, char *how, size_t size)
{
	for (int i = 0; subject->launch && i < n_steps; i++) {
		if (launch_ended(subject->launch, how, size))
			return true;
		ts_clock_sleep_until(ts_clock_mono_ns() + LETS_GO_NS);
	}
	return false;
}

bool look_sees_end(const struct subject *subject, char *how, size_t size)
{
	return sees_end_within(subject, LETS_GO_STEPS, how, size);
}

/* What cut off the turn's clients may be the end of a server of ours: then the message says so. */
static void look_for_end(struct turn *t)
{
	bool behind_end = t->sort == OWED_END || t->sort == ANY;
	bool cut_off = t->blame == BYTES && (t->sort == EARLY_END || t->sort == IDLE_END || behind_end);
	char how[300];

	if (!t->subject->launch || (t->blame != GONE && !cut_off))
		return;
	if (!sees_end_within(t->subject, 2, how, sizeof(how)) &&
	    ((behind_end && launch_listening(t->subject->launch)) || !look_sees_end(t->subject, how, sizeof(how))))
		return;
	size_t n = cut_off ? strnlen(t->message, sizeof(t->message) / 2) : 0;
	n += (size_t)snprintf(t->message + n, sizeof(t->message) - n, "%s", n ? "; " : "");
	snprintf(t->message + n, sizeof(t->message) - n, "%s", how);
	t->end_at = n;
	t->sort = ENDED;
}

/* The leaving of the client before may take the server some time. */
#define LEAVES_NS       (100 * TS_MS)
#define LEAVES_FIRST_NS (20 * TS_MS) /* a first look at a case, where clients harm each other */

void look_at(struct report *report, struct result *r, double patience)
{
	struct turn *t = malloc(sizeof(*t));

	if (report->subject->alone)
		turn_pause(LEAVES_FIRST_NS + turn_busy_ns());
	if (!t) {
		r->blame = OURSELVES;
		snprintf(r->message, sizeof(r->message), "out of memory");
		return;
	}
	r->seed = report->subject->seed;
	look_begin(t, report->subject, r, patience);
	r->row->run(t);
	r->failed_ns = ts_clock_mono_ns();
	turn_release(t);
	if (r->row->stage == RUDE && r->requirement->level != MUST && t->blame == NOBODY)
		see_survival(report, t, r->seed);
	look_for_end(t);
	r->failed_ns = t->blame == NOBODY ? 0 : r->failed_ns;
	r->blame = t->blame;
	r->sort = t->sort;
	r->warned = t->warned;
	r->skipped = t->skipped;
	r->end_at = t->end_at;
	r->duration_ns = ts_clock_mono_ns() - t->begin_ns;
	memcpy(r->message, t->message, sizeof(t->message));
	memcpy(r->expected, t->expected, sizeof(t->expected));
	memcpy(r->actual, t->actual, sizeof(t->actual));
	free(r->trace);
	r->trace = t->of_probe && report->probe_trace ? strdup(report->probe_trace) : trace_text(&t->trace);
	trace_release(&t->trace);
	free(t);
	if (report->on_look && patience <= 1)
		report->on_look(r, report->data);
}

void look_first(struct report *report, struct result *r)
{
	look_at(report, r, report_is_decided(report) && turn_busy_ns() == 0 ? 0.5 : 1);
}

bool look_start_again(struct subject *subject)
{
	elder_end(subject);
	subject->n_served = 0;
	bool ok = launch_again(subject->launch);

	subject->endpoint = *launch_endpoint(subject->launch);
	return ok;
}

bool look_starts_well(struct report *report)
{
	return look_start_again(report->subject) && look_whether_it_lives(report);
}

/* How much longer a second look waits: on a quiet machine not much, for there the first was no bad luck. */
#define LONGER      1.5
#define LONGER_BUSY 2

void look_again(struct report *report, struct result *r)
{
	struct result first = *r;

	if (r->sort == EARLY_END || r->sort == IDLE_END)
		turn_pause(LEAVES_NS + 2 * turn_busy_ns());
	r->trace = NULL;
	look_at(report, r, turn_busy_ns() > 0 ? LONGER_BUSY : LONGER);
	r->trace_before = first.trace;
	r->flaky = r->blame == NOBODY;
	if (!r->flaky)
		return;
	memcpy(r->message, first.message, sizeof(r->message));
	memcpy(r->expected, first.expected, sizeof(r->expected));
	memcpy(r->actual, first.actual, sizeof(r->actual));
	r->blame = first.blame;
	r->sort = first.sort;
	r->end_at = first.end_at;
}

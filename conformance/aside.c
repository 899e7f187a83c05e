/* The stage of cases that run side by side: each takes as many places as it has clients, of those the server serves. */
#include "aside.h"
#include "look.h"
#include "met.h"
#include "result.h"
#include "ts_clock.h"
#include <stdio.h>

#define SILENCES 8 /* so many cases without an answer, and the rest is not run */
#define DEATHS   6 /* the same, of a server that is started again each time */
#define CUTS     3 /* so many ended by the server, one after the other, and it is asked whether it serves anybody */

struct side_by_side {
	struct report *report;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	int n_places, n_running, n_risky, n_silent;
	int n_cut;       /* so many cases, one after the other, were ended by the server before they were answered */
	bool waited_for; /* the server; looked at once, for it depends on how busy the machine is */
	bool waits;      /* cases of one or two clients that run alone for the sake of the processor run here, too */
};

static int places(const struct side_by_side *s, const struct result *r)
{
	int capacity = s->report->subject->dialect.abreast;
	int jobs = (int)s->report->subject->options->n_jobs;
	int all = s->report->subject->alone ? 1 : capacity < jobs ? capacity : jobs;

	return r->row->n_clients < all ? r->row->n_clients : all;
}

static bool aside(const struct side_by_side *s, const struct case_row *row)
{
	return row->stage == ASIDE || (s->waits && row->stage == ALONE && row->n_clients <= 2);
}

/* A datagram server that has to wait a little loses what comes meanwhile if it is too much. */
static bool only_waits(const struct subject *s)
{
	bool stream = ts_transport_is_stream(s->endpoint.transport);

	return stream ? s->dialect.least_rtt_ns > DIALECT_WAITING_NS + turn_busy_ns() ||
	                        dialect_is_leisurely(&s->dialect)
	              : dialect_is_slow(&s->dialect);
}

/*
 * May it kill the server? Of those one at a time, so that the one is known that did. A server that is
 * waited for gets all at once: it would take too long.
 */
static bool risky(const struct side_by_side *s, const struct result *r)
{
	return result_suspicion(r) > 0 && !s->waited_for;
}

/* Decided by what others have been answered, if nothing went wrong: when those are done. */
static bool implied(const struct side_by_side *s, const struct result *r)
{
	return r->row->needs & IMPLIED && dialect_is_sparing(&s->report->subject->dialect) && !s->report->subject->few;
}

/* The case that it depends on is one of these, will run or runs, and is not over. */
static bool too_early(const struct side_by_side *s, const struct result *r)
{
	struct result *before = r->row->depends ? result_of(s->report, r->row->depends) : NULL;

	return before && aside(s, before->row) && result_ready(s->report, before) && !implied(s, before) &&
	       !before->over;
}

/* The first that may begin now, or NULL; *wait: one may later. */
static struct result *next(struct side_by_side *s, bool *wait)
{
	struct report *report = s->report;

	*wait = false;
	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (!aside(s, r->row) || r->started || !result_ready(report, r) || implied(s, r))
			continue;
		if (places(s, r) <= s->n_places && !(risky(s, r) && s->n_risky > 0) && !too_early(s, r))
			return r;
		*wait = true;
	}
	return NULL;
}

static struct result *take(struct side_by_side *s)
{
	bool wait = true;

	while (wait && !s->report->subject->gone && s->n_silent < SILENCES) {
		struct result *r = next(s, &wait);
		if (r) {
			r->started = true;
			s->n_running++;
			s->n_places -= places(s, r);
			s->n_risky += risky(s, r);
			return r;
		}
		if (wait && s->n_running == 0) /* nobody would ever wake it */
			return NULL;
		if (wait)
			pthread_cond_wait(&s->freed, &s->lock);
	}
	return NULL;
}

/* It may be stuck, or have closed its door: find out before the next cases wait, or are ended, in vain, too. */
static bool is_doubtful(struct side_by_side *s, const struct result *r)
{
	const bool alone = s->report->subject->dialect.capacity < 2 || s->report->subject->alone;

	if (r->blame == NOBODY)
		s->n_cut = 0;
	s->n_cut += r->blame == BYTES && r->sort == EARLY_END;
	return (alone && r->blame == SILENCE) || s->n_cut >= CUTS;
}

static void *work(void *arg)
{
	struct side_by_side *s = arg;
	struct result *r;

	pthread_mutex_lock(&s->lock);
	while ((r = take(s)) != NULL) {
		pthread_mutex_unlock(&s->lock);
		look_first(s->report, r);
		pthread_mutex_lock(&s->lock);
		r->over = true;
		s->n_running--;
		s->n_silent += r->blame == SILENCE && !s->report->subject->loses;
		s->n_places += places(s, r);
		s->n_risky -= risky(s, r);
		if (is_doubtful(s, r)) {
			s->n_cut = 0;
			s->report->subject->gone = !look_whether_it_lives(s->report);
		}
		pthread_cond_broadcast(&s->freed);
	}
	pthread_cond_broadcast(&s->freed);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* What the replies to the others imply; if one of those was wrong, it is asked all the same, to be named. */
static void imply(struct side_by_side *s)
{
	struct report *report = s->report;
	bool all_right = !report->subject->gone;

	for (size_t i = 0; i < report->n; i++)
		all_right &= report->results[i].failed_ns == 0;
	for (size_t i = 0; i < report->n && !report->subject->gone; i++) {
		struct result *r = &report->results[i];
		if (!aside(s, r->row) || r->started || !implied(s, r) || !result_ready(report, r))
			continue;
		if (!all_right) {
			look_first(report, r);
			continue;
		}
		snprintf(r->message, sizeof(r->message), "it holds in all %d replies to the other cases",
		         report->subject->n_judged);
		result_judge(report, r);
	}
}

/* All that may begin, until the server is gone. */
static void run_round(struct side_by_side *s)
{
	const struct subject *subject = s->report->subject;
	pthread_t threads[64];
	int n_threads = 0, n = (int)subject->options->n_jobs;

	s->n_places = subject->dialect.abreast < n ? subject->dialect.abreast : n;
	if (s->n_places < 1 || subject->alone)
		s->n_places = 1;
	for (int i = s->n_places; n_threads < i; n_threads++)
		if (pthread_create(&threads[n_threads], NULL, work, s) != 0)
			break;
	if (n_threads == 0)
		work(s);
	for (int i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	met_settle(s->report);
	imply(s);
	look_settle(s->report, false);
}

/* The server was lost, and has been started again: those that had not begun are still to be run. */
static bool some_left(const struct side_by_side *s)
{
	bool left = false;

	for (size_t i = 0; i < s->report->n; i++) {
		struct result *r = &s->report->results[i];
		left |= aside(s, r->row) && !r->started && result_ready(s->report, r);
	}
	return left && s->n_silent < SILENCES;
}

void aside_run(struct report *report)
{
	struct side_by_side s = {.report = report};
	int n_deaths = 0;

	s.waited_for = only_waits(report->subject);
	s.waits = s.waited_for && report->subject->dialect.abreast >= DIALECT_CAPACITY_MAX;
	pthread_mutex_init(&s.lock, NULL);
	pthread_cond_init(&s.freed, NULL);
	do
		run_round(&s);
	while (some_left(&s) && ++n_deaths < DEATHS);
	pthread_cond_destroy(&s.freed);
	pthread_mutex_destroy(&s.lock);
	if (n_deaths >= DEATHS)
		result_not_run(report, "not run", "the server was lost too often");
	if (s.n_silent >= SILENCES)
		result_not_run(report, "not run", "the server has left too many cases without an answer");
}

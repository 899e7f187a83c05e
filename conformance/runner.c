#include "runner.h"
#include "client.h"
#include "dgram.h"
#include "launch.h"
#include "peer.h"
#include "ts_clock.h"
#include "ts_signal.h"
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_LOOKS 6 /* a server that fails more than this is not looked at twice for all of it */
#define SILENCES     8 /* so many cases without an answer, and the rest is not run */
#define FEW          3 /* a selection so small that the probe is kept short */

/* --- which cases ----------------------------------------------------------------------------------------- */

static bool fits(const struct ts_opt_list *patterns, const char *id)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (fnmatch(patterns->items[i], id, 0) == 0)
			return true;
	return false;
}

static bool selected(const struct options *o, const char *id)
{
	if (o->trace)
		return strcmp(o->trace, id) == 0;
	return (o->only.n == 0 || fits(&o->only, id)) && !fits(&o->skip, id);
}

/* The patterns as the user gave them. */
static const char *selection(const struct options *o, char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < o->only.n && at < size - 1; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s--only=%.80s", at ? " " : "", o->only.items[i]);
	for (size_t i = 0; i < o->skip.n && at < size - 1; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s--skip=%.80s", at ? " " : "", o->skip.items[i]);
	return buf;
}

int report_init(struct report *report, struct subject *subject, struct ts_err *err)
{
	char text[300];
	unsigned transport = 1u << subject->endpoint.transport;
	size_t n_selected = 0, n_apply = 0;

	const struct case_row *rows = subject->client ? client_cases : cases;

	report->subject = subject;
	report->n = subject->client ? n_client_cases : n_cases;
	report->requirements = subject->client ? client_requirements : requirements;
	report->n_requirements = subject->client ? n_client_cases : n_requirements;
	report->results = calloc(report->n, sizeof(*report->results));
	if (!report->results)
		return ts_err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		r->row = &rows[i];
		r->requirement = requirement_of(rows[i].id);
		r->selected = selected(subject->options, rows[i].id);
		n_selected += r->selected;
		n_apply += r->selected && (r->requirement->transports & transport);
		subject->needs_capacity |= r->selected && (rows[i].n_clients > 1 || rows[i].needs & NEEDS_CONCURRENT);
	}
	subject->few = n_apply <= FEW;
	subject->needs_capacity |= !subject->few;
	if (subject->options->trace && n_selected == 0)
		return ts_err_usage(err, "--trace=%s: there is no such case; --list prints them",
		                    subject->options->trace);
	if (n_selected == 0)
		return ts_err_usage(err, "%s: no case is selected; --list prints them all",
		                    selection(subject->options, text, sizeof(text)));
	if (n_apply == 0)
		return ts_err_usage(err, "%s: no case for %s is selected; --list prints them all",
		                    selection(subject->options, text, sizeof(text)),
		                    ts_transport_name(subject->endpoint.transport));
	return 0;
}

void report_release(struct report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		free(report->results[i].trace);
		free(report->results[i].trace_before);
	}
	free(report->results);
	report->results = NULL;
}

static struct result *result_of(struct report *report, const char *id)
{
	for (size_t i = 0; i < report->n; i++)
		if (strcmp(report->results[i].row->id, id) == 0)
			return &report->results[i];
	return NULL;
}

/* --- one result ------------------------------------------------------------------------------------------ */

static enum status status_of(const struct report *report, const struct result *r)
{
	bool strict = report->subject->options->strict;

	if (r->blame == NOBODY)
		return r->warned ? WARN : PASS;
	if (r->blame == OURSELVES)
		return ERROR;
	if (r->requirement->level == MUST || (r->requirement->level == SHOULD && strict))
		return FAIL;
	return WARN;
}

static void finish(struct report *report, struct result *r)
{
	r->done = true;
	if (report->on_result)
		report->on_result(r, report->data);
}

static void set_aside(struct report *report, struct result *r, enum status status, const char *why, const char *what)
{
	r->status = status;
	snprintf(r->message, sizeof(r->message), "%s: %.500s", why, what);
	finish(report, r);
}

static const char *missing(const struct subject *s, const struct result *r)
{
	const struct dialect *d = &s->dialect;
	unsigned needs = r->row->needs;
	bool stream = ts_transport_is_stream(s->endpoint.transport);

	if (!(r->requirement->transports & (1u << s->endpoint.transport)))
		return "it is not about this transport";
	if (needs & NEEDS_EXEC && !s->launch)
		return "it starts and stops the server: give --exec";
	if (needs & NEEDS_WORDS && !s->options->words)
		return "it sends words that some servers obey: give --words";
	if (needs & NEEDS_BINARY && s->options->text)
		return "--text: only valid UTF-8 is sent";
	if (!stream || !d->known)
		return NULL;
	if (needs & NEEDS_LASTING && d->one_shot)
		return "the server is one-shot";
	if (needs & NEEDS_ONE_SHOT && !d->one_shot)
		return "the server holds lasting conversations";
	if (needs & NEEDS_LINES && !d->line)
		return "the server's framing is stream";
	if (needs & NEEDS_RAW && d->line)
		return "the server's framing is line";
	if (needs & NEEDS_CONCURRENT && d->capacity < 2)
		return "the server is iterative: one client at a time";
	return NULL;
}

/* Is it to be run? What is not is set aside with the reason. */
static bool ready(struct report *report, struct result *r)
{
	const char *why = missing(report->subject, r);
	const struct result *before = r->row->depends ? result_of(report, r->row->depends) : NULL;

	if (!r->selected || r->done)
		return false;
	if (why)
		set_aside(report, r, SKIP, "not applicable", why);
	else if (before && before->done && (before->blocked || before->status == FAIL || before->status == ERROR)) {
		r->blocked = true;
		set_aside(report, r, SKIP, "not run, for it depends on a case that failed", before->row->id);
	} else if (ts_signal_stop())
		set_aside(report, r, ERROR, "not run", "the suite was stopped");
	return !r->done;
}

static void turn_begin(struct turn *t, struct subject *subject, const struct result *r, double patience)
{
	memset(t, 0, sizeof(*t));
	t->subject = subject;
	t->row = r ? r->row : NULL;
	t->patience = patience;
	t->begin_ns = ts_clock_mono_ns();
	t->random = ts_random_new(r ? r->seed : subject->seed);
	trace_begin(&t->trace, t->begin_ns);
}

/* Does the server hold a plain conversation? Asked with twice the patience. */
static bool lives(struct report *report)
{
	struct turn *t = malloc(sizeof(*t));
	bool ok = false;

	if (!t)
		return false;
	report->subject->gone = false;
	turn_begin(t, report->subject, NULL, 2);
	ok = turn_plain(t);
	report->subject->gone = !ok;
	turn_release(t);
	trace_release(&t->trace);
	free(t);
	return ok;
}

/* Run the case once and note what came of it, without judging. */
static void look(struct report *report, struct result *r, double patience)
{
	struct turn *t = malloc(sizeof(*t));

	if (!t) {
		r->blame = OURSELVES;
		snprintf(r->message, sizeof(r->message), "out of memory");
		return;
	}
	r->seed = report->subject->seed;
	turn_begin(t, report->subject, r, patience);
	r->row->run(t);
	r->failed_ns = ts_clock_mono_ns();
	turn_release(t);
	if (r->row->stage == RUDE && t->blame == NOBODY) {
		t->random = ts_random_new(r->seed);
		if (!turn_plain(t)) {
			char why[300];
			snprintf(why, sizeof(why), "%.299s", t->message);
			snprintf(t->message, sizeof(t->message), "the conversation after it fails: %s", why);
		}
		turn_release(t);
		if (t->blame != NOBODY && t->blame != OURSELVES && !lives(report))
			t->blame = GONE;
	}
	r->failed_ns = t->blame == NOBODY ? 0 : r->failed_ns;
	r->blame = t->blame;
	r->warned = t->warned;
	r->duration_ns = ts_clock_mono_ns() - t->begin_ns;
	memcpy(r->message, t->message, sizeof(t->message));
	memcpy(r->expected, t->expected, sizeof(t->expected));
	memcpy(r->actual, t->actual, sizeof(t->actual));
	free(r->trace);
	r->trace = trace_text(&t->trace);
	trace_release(&t->trace);
	free(t);
}

static bool start_again(struct subject *subject)
{
	bool ok = launch_again(subject->launch);

	subject->endpoint = *launch_endpoint(subject->launch);
	return ok;
}

/* --- what failed is looked at again ---------------------------------------------------------------------- */

/*
 * The second look decides about silence: a deadline may have passed because of this machine. Wrong bytes stay wrong:
 * that they came only once makes the server flaky, not right.
 */
static void look_again(struct report *report, struct result *r)
{
	struct result first = *r;

	r->trace = NULL;
	look(report, r, 2);
	r->trace_before = first.trace;
	r->flaky = r->blame == NOBODY;
	if (!r->flaky)
		return;
	snprintf(r->message, sizeof(r->message), "flaky: at the first look, and not at the second, %.600s",
	         first.message);
	memcpy(r->expected, first.expected, sizeof(r->expected));
	memcpy(r->actual, first.actual, sizeof(r->actual));
	r->blame = first.blame;
}

static void judge(struct report *report, struct result *r)
{
	r->status = status_of(report, r);
	if (r->flaky && r->blame != BYTES && r->status == FAIL)
		r->status = WARN;
	finish(report, r);
}

/* --- death ----------------------------------------------------------------------------------------------- */

static void not_run(struct report *report, const char *why_not, const char *what)
{
	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (r->selected && !r->done && r->row->stage != LIFE) {
			const char *why = missing(report->subject, r);
			r->blame = NOBODY;
			if (why)
				set_aside(report, r, SKIP, "not applicable", why);
			else
				set_aside(report, r, ERROR, why_not, what);
		}
	}
}

static struct result *first_to_fail(struct report *report)
{
	struct result *first = NULL;

	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (r->selected && !r->done && r->failed_ns > 0 && (!first || r->failed_ns < first->failed_ns))
			first = r;
	}
	return first;
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
	judge(report, killer);
	not_run(report, "not run, for the server was lost before", killer->row->id);
}

/* After some cases: judge what passed, look again at what failed, and find out whether the server is lost. */
static void settle(struct report *report)
{
	int n_looks = 0;
	bool trouble = report->subject->gone;

	for (size_t i = 0; i < report->n; i++)
		trouble |= report->results[i].failed_ns > 0 && !report->results[i].done &&
		           report->results[i].blame != BYTES;
	if (trouble && !lives(report)) {
		if (!report->subject->launch || !start_again(report->subject)) {
			bury(report, first_to_fail(report));
			return;
		}
		report->subject->gone = false;
	}
	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (r->done || r->duration_ns == 0)
			continue;
		if (r->failed_ns > 0 && r->blame != OURSELVES && r->row->stage != RUDE && n_looks++ < SECOND_LOOKS &&
		    !ts_signal_stop())
			look_again(report, r);
		r->failed_ns = 0;
		judge(report, r);
	}
}

/* --- stages ---------------------------------------------------------------------------------------------- */

struct side_by_side {
	struct report *report;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	size_t next;
	int n_places, n_silent;
};

static int places(const struct side_by_side *s, const struct result *r)
{
	int capacity = s->report->subject->dialect.capacity;
	int jobs = (int)s->report->subject->options->n_jobs;
	int all = capacity < jobs ? capacity : jobs;

	return r->row->n_clients < all ? r->row->n_clients : all;
}

static struct result *take(struct side_by_side *s)
{
	struct report *report = s->report;

	while (s->next < report->n) {
		struct result *r = &report->results[s->next];
		if (r->row->stage != ASIDE || !ready(report, r)) {
			s->next++;
			continue;
		}
		if (s->report->subject->gone || s->n_silent >= SILENCES)
			return NULL;
		if (places(s, r) <= s->n_places) {
			s->next++;
			s->n_places -= places(s, r);
			return r;
		}
		pthread_cond_wait(&s->freed, &s->lock);
	}
	return NULL;
}

static void *work(void *arg)
{
	struct side_by_side *s = arg;
	struct result *r;

	pthread_mutex_lock(&s->lock);
	while ((r = take(s)) != NULL) {
		pthread_mutex_unlock(&s->lock);
		look(s->report, r, 1);
		pthread_mutex_lock(&s->lock);
		s->n_silent += r->blame == SILENCE;
		s->n_places += places(s, r);
		/* Alone on a server that may be stuck: find out before the next case waits in vain, too. */
		if (s->report->subject->dialect.capacity < 2 && r->blame == SILENCE && !lives(s->report))
			s->report->subject->gone = true;
		pthread_cond_broadcast(&s->freed);
	}
	pthread_cond_broadcast(&s->freed);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void run_aside(struct report *report)
{
	struct side_by_side s = {.report = report};
	pthread_t threads[64];
	int n_threads = 0, n = (int)report->subject->options->n_jobs;

	pthread_mutex_init(&s.lock, NULL);
	pthread_cond_init(&s.freed, NULL);
	s.n_places = report->subject->dialect.capacity < n ? report->subject->dialect.capacity : n;
	if (s.n_places < 1)
		s.n_places = 1;
	for (int i = s.n_places; n_threads < i; n_threads++)
		if (pthread_create(&threads[n_threads], NULL, work, &s) != 0)
			break;
	if (n_threads == 0)
		work(&s);
	for (int i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	pthread_cond_destroy(&s.freed);
	pthread_mutex_destroy(&s.lock);
	settle(report);
	if (s.n_silent >= SILENCES)
		not_run(report, "not run", "the server has left too many cases without an answer");
}

static void run_stage(struct report *report, enum stage stage)
{
	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (r->row->stage != stage || !ready(report, r))
			continue;
		if (stage == RUDE && report->subject->launch && report->subject->gone)
			report->subject->gone = !start_again(report->subject);
		look(report, r, 1);
		settle(report);
	}
}

/* A server just started for each; what becomes of it is no finding but the case's own. */
static void run_lives(struct report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (r->row->stage != LIFE || !ready(report, r))
			continue;
		if (!start_again(report->subject)) {
			set_aside(report, r, ERROR, "not run", "the server could not be started again");
			continue;
		}
		report->subject->gone = false;
		look(report, r, 1);
		if (r->blame != NOBODY && r->blame != OURSELVES && start_again(report->subject))
			look_again(report, r);
		judge(report, r);
	}
}

/* --- a client ---------------------------------------------------------------------------------------------- */

/* Each case starts the client anew. A command that the shell does not find is not reached: nothing is judged. */
static void run_client(struct report *report)
{
	const struct client_style *style = report->subject->client;

	report->reached = true;
	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (!report->reached && r->selected && !r->done)
			set_aside(report, r, ERROR, "not run, for the client could not be started", report->unreached);
		if (!ready(report, r))
			continue;
		look(report, r, 1);
		if (r->blame == SILENCE)
			look_again(report, r);
		if (ts_signal_stop() && r->blame != NOBODY) {
			r->blame = NOBODY;
			set_aside(report, r, ERROR, "not run", "the suite was stopped");
			continue;
		}
		if (style->absent) {
			report->reached = false;
			snprintf(report->unreached, sizeof(report->unreached), "%s", style->absent_why);
			r->blame = OURSELVES;
		}
		judge(report, r);
	}
}

/* --- all ------------------------------------------------------------------------------------------------- */

static void probe(struct report *report)
{
	struct turn *t = malloc(sizeof(*t));

	if (!t)
		return;
	turn_begin(t, report->subject, NULL, 1);
	report->reached = dialect_probe(t);
	if (!report->reached)
		memcpy(report->unreached, t->message, sizeof(t->message));
	turn_release(t);
	trace_release(&t->trace);
	free(t);
	report->subject->probed_ns = ts_clock_mono_ns();
}

static void count(struct report *report)
{
	for (size_t i = 0; i < report->n; i++)
		if (report->results[i].selected)
			report->counts[report->results[i].status]++;
}

void report_none(struct report *report)
{
	report->started_wall_ns = ts_clock_wall_ns();
	count(report);
}

void report_run(struct report *report)
{
	int64_t begin_ns = ts_clock_mono_ns();

	report->started_wall_ns = ts_clock_wall_ns();
	if (!report->subject->client && report->unreached[0] == '\0')
		probe(report);
	if (report->subject->client) {
		run_client(report);
	} else if (!report->reached) {
		for (size_t i = 0; i < report->n; i++)
			if (report->results[i].selected)
				set_aside(report, &report->results[i], ERROR, "not run, for the server was not reached",
				          report->unreached);
	} else {
		run_stage(report, FIRST);
		run_aside(report);
		run_stage(report, ALONE);
		run_stage(report, RUDE);
		run_lives(report);
	}
	report->partial = ts_signal_stop() != 0;
	report->duration_ns = ts_clock_mono_ns() - begin_ns;
	count(report);
}

const char *report_verdict(const struct report *report)
{
	if (report->counts[FAIL] > 0)
		return "nonconformant";
	return report->reached && !report->partial ? "conformant" : NULL;
}

enum ts_exit report_exit(const struct report *report)
{
	if (!report->reached)
		return TS_EXIT_ENVIRON;
	if (report->counts[FAIL] > 0)
		return TS_EXIT_SHORT;
	for (size_t i = 0; i < report->n; i++)
		if (report->results[i].status == ERROR && report->results[i].blame == OURSELVES)
			return TS_EXIT_ENVIRON;
	return TS_EXIT_OK;
}

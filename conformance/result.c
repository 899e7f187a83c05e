#include "result.h"
#include "ts_clock.h"
#include "ts_signal.h"
#include <stdio.h>
#include <string.h>

struct result *result_of(struct report *report, const char *id)
{
	for (size_t i = 0; i < report->n; i++)
		if (strcmp(report->results[i].row->id, id) == 0)
			return &report->results[i];
	return NULL;
}

static enum status status_of(const struct report *report, const struct result *r)
{
	bool strict = report->subject->options->strict;

	if (r->blame == NOBODY)
		return r->skipped ? SKIP : r->warned ? WARN : PASS;
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

void result_set_aside(struct report *report, struct result *r, enum status status, const char *why, const char *what)
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
	if (needs & NEEDS_LASTING && d->one_shot && !(needs & OR_SLOW_END && s->slow_end))
		return "the server is one-shot";
	if (needs & NEEDS_ONE_SHOT && !d->one_shot)
		return "the server holds lasting conversations";
	if (needs & NEEDS_LINES && !d->line)
		return "the server's framing is stream";
	if (needs & NEEDS_RAW && d->line)
		return "the server's framing is line";
	if (needs & NEEDS_CONCURRENT && d->capacity < 2 && !(needs & OR_MISSTATED && d->misstated))
		return d->counted ? "the server is iterative: one client at a time"
		                  : "how many clients the server serves at a time is not known";
	return NULL;
}

int result_suspicion(const struct result *r)
{
	static const char *const harmless[] = {"stream.kept-", "stream.no-", "time.", "format."};

	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (strncmp(r->row->id, harmless[i], strlen(harmless[i])) == 0)
			return 0;
	return r->row->needs & SENDS_MUCH ? 2 : 1;
}

#define DECIDED_NS (40 * TS_S) /* from the begin: so long cases are run whose outcome changes nothing */
#define FAILED_NS  (55 * TS_S) /* the same, where one failure is confirmed */

/* The time is spent: why, as it stands behind "not run, for"? NULL: it is not. `cause` gets the details. */
static const char *enough_why(const struct report *report, char *cause, size_t size)
{
	const struct subject *s = report->subject;

	if (s->enough_ns > 0 && ts_clock_mono_ns() > s->enough_ns) {
		if (s->each_ends_late)
			snprintf(cause, size,
			         "it ends a conversation late, and serves nobody else until then; a longer --timeout "
			         "runs all");
		else
			snprintf(cause, size, "a reply takes %.1f s; a longer --timeout runs all",
			         (double)s->dialect.least_rtt_ns / 1e9);
		return RESULT_SLOW;
	}
	const int64_t since_ns = ts_clock_mono_ns() - report->begin_ns;
	if (report->n_confirmed == 0 || since_ns < (report_is_decided(report) ? DECIDED_NS : FAILED_NS))
		return NULL;
	snprintf(cause, size, "%d failure%s confirmed", report->n_confirmed,
	         report->n_confirmed == 1 ? " has been" : "s have been");
	return "not run, for the server keeps the suite waiting and has failed";
}

bool result_ready(struct report *report, struct result *r)
{
	const char *why = missing(report->subject, r);
	const struct result *before = r->row->depends ? result_of(report, r->row->depends) : NULL;
	const struct dialect *d = &report->subject->dialect;
	const char *enough;
	char cause[120];

	if (r->row->needs & HAS_SAMPLE && !d->known && d->n_sample > 0)
		before = NULL;
	if (!r->selected || r->done)
		return false;
	if (why)
		result_set_aside(report, r, SKIP, "not applicable", why);
	else if (ts_signal_stop())
		result_set_aside(report, r, ERROR, "not run", "the suite was stopped");
	else if (before && before->done &&
	         (before->blocked || (before->status == FAIL && !before->flaky) || before->status == ERROR)) {
		r->blocked = true;
		result_set_aside(report, r, SKIP,
		                 before->status == ERROR  ? "not run, for it depends on a case that was not"
		                 : before->status == SKIP ? "not run, for it depends on a case that was skipped"
		                                          : "not run, for it depends on a case that failed",
		                 before->row->id);
	} else if ((enough = enough_why(report, cause, sizeof(cause)))) {
		char what[220];
		snprintf(what, sizeof(what), "%s; --only=%s runs it", cause, r->row->id);
		result_set_aside(report, r, SKIP, enough, what);
	}
	return !r->done;
}

static bool lost_with_it(const struct result *r)
{
	return r->row->stage == RUDE && r->requirement->level == MUST;
}

void result_not_run(struct report *report, const char *why_not, const char *what)
{
	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (r->selected && !r->done && r->row->stage != LIFE) {
			const char *why = missing(report->subject, r);
			r->blame = NOBODY;
			if (why)
				result_set_aside(report, r, SKIP, "not applicable", why);
			else /* what a rude client leaves behind is nobody's, if the server does not survive it */
				result_set_aside(report, r, lost_with_it(r) ? SKIP : ERROR, why_not, what);
		}
	}
}

bool result_is_harmless(const struct result *r)
{
	return r->status == ERROR && r->blame == NOBODY && r->requirement->level != MUST;
}

bool result_is_finding(const struct result *r)
{
	return r->status == FAIL || r->status == WARN || (r->status == ERROR && r->blame != NOBODY);
}

static void mark_flaky(struct result *r)
{
	char what[sizeof(r->message)];

	memcpy(what, r->message, sizeof(what));
	snprintf(r->message, sizeof(r->message), "flaky: " RESULT_FLAKY "%.600s", what);
}

void result_excuse(struct result *r)
{
	r->flaky = false;
	r->blame = NOBODY;
	r->sort = ANY;
	r->message[0] = r->expected[0] = r->actual[0] = '\0';
}

/* No finding goes without the two: what the protocol asks for, and what there was instead. Where its case was never
 * run, the probe has met it. */
static void complete(const struct report *report, struct result *r)
{
	if (!r->trace && r->row->stage != LIFE && report->probe_trace)
		r->trace = strdup(report->probe_trace);
	if (r->expected[0] == '\0')
		snprintf(r->expected, sizeof(r->expected), "%.299s", r->requirement->sentence);
	if (r->actual[0] == '\0')
		snprintf(r->actual, sizeof(r->actual), "%.299s", r->message);
}

void result_judge(struct report *report, struct result *r)
{
	r->status = status_of(report, r);
	if (result_is_finding(r))
		complete(report, r);
	if (r->flaky && r->blame != BYTES && r->status == FAIL)
		r->status = WARN;
	if (r->flaky)
		mark_flaky(r);
	finish(report, r);
}

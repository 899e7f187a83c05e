/* Which cases are selected, and what the whole comes to. */
#include "client.h"
#include "runner.h"
#include "ts_clock.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIRMED 2 /* so many failures are no chance */
#define FEW       3 /* a selection so small that the probe is kept short */

const struct result *report_result(const struct report *report, size_t i)
{
	size_t n_before = 0;

	for (size_t j = 0; j < report->n_requirements; j++)
		for (size_t k = 0; k < report->n; k++)
			if (report->results[k].requirement == &report->requirements[j] && n_before++ == i)
				return &report->results[k];
	return NULL;
}

bool report_is_decided(const struct report *report)
{
	return report->n_confirmed >= CONFIRMED;
}

/* What selects cases, as the user gave it. */
static const char *selection(const struct options *o, char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = '\0';
	if (o->trace)
		at = (size_t)snprintf(buf, size, "--trace=%.80s", o->trace);
	for (size_t i = 0; !o->trace && i < o->only.n && at < size - 1; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s--only=%.80s", at ? " " : "", o->only.items[i]);
	for (size_t i = 0; !o->trace && i < o->skip.n && at < size - 1; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s--skip=%.80s", at ? " " : "", o->skip.items[i]);
	return buf;
}

static bool fits_some(const char *pattern, const struct case_row *rows, size_t n)
{
	bool found = false;

	for (size_t i = 0; i < n && !found; i++)
		found = options_fits(pattern, rows[i].id);
	return found;
}

int report_check_patterns(const struct options *o, struct ts_err *err)
{
	const struct {
		const char *option;
		const struct ts_opt_list *patterns;
	} lists[] = {{"--only", &o->only}, {"--skip", &o->skip}};

	for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++)
		for (size_t i = 0; i < lists[l].patterns->n; i++)
			if (!fits_some(lists[l].patterns->items[i], o->client ? client_cases : cases,
			               o->client ? n_client_cases : n_cases))
				return ts_err_usage(err, "%s=%s: fits no case; --list prints them all", lists[l].option,
				                    lists[l].patterns->items[i]);
	return 0;
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
		r->selected = options_select(subject->options, rows[i].id);
		n_selected += r->selected;
		n_apply += r->selected && (r->requirement->transports & transport);
		subject->needs_capacity |= r->selected && (rows[i].n_clients > 1 || rows[i].needs & NEEDS_CONCURRENT);
	}
	subject->few = n_apply <= FEW;
	subject->needs_capacity |= !subject->few;
	if (subject->options->trace && n_selected == 0)
		return ts_err_usage(err, "--trace=%s: there is no such case; --list prints them",
		                    subject->options->trace);
	if (report_check_patterns(subject->options, err) < 0)
		return -EINVAL;
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
	free(report->probe_trace);
	report->results = NULL;
}

void report_count(struct report *report)
{
	for (size_t i = 0; i < report->n; i++)
		if (report->results[i].selected)
			report->counts[report->results[i].status]++;
}

void report_none(struct report *report)
{
	report->started_wall_ns = ts_clock_wall_ns();
	report_count(report);
}

/* To have tried nothing is no conformance. */
static bool is_tried(const struct report *report)
{
	return report->counts[PASS] + report->counts[WARN] + report->counts[FAIL] > 0;
}

/* The first case that this machine has kept from running; NULL: there is none. */
static const struct result *first_kept(const struct report *report)
{
	for (size_t i = 0; i < report->n; i++)
		if (report->results[i].status == ERROR && report->results[i].blame == OURSELVES)
			return &report->results[i];
	return NULL;
}

static const struct result *first_error(const struct report *report)
{
	size_t i = 0;

	while (i < report->n && report->results[i].status != ERROR)
		i++;
	return i < report->n ? &report->results[i] : NULL;
}

const char *report_verdict(const struct report *report)
{
	if (report->counts[FAIL] > 0)
		return "nonconformant";
	bool whole = report->reached && !report->partial && !first_kept(report);
	return whole && is_tried(report) ? "conformant" : NULL;
}

enum ts_exit report_exit(const struct report *report)
{
	if (!report->reached)
		return TS_EXIT_ENVIRON;
	if (report->counts[FAIL] > 0)
		return TS_EXIT_SHORT;
	if (first_kept(report))
		return TS_EXIT_ENVIRON;
	if (!is_tried(report))
		return report->counts[ERROR] > 0 ? TS_EXIT_ENVIRON : TS_EXIT_USAGE;
	return TS_EXIT_OK;
}

int report_say_kept(const struct report *report, struct ts_err *err)
{
	const struct result *kept = first_kept(report), *r = kept ? kept : first_error(report);

	return r ? ts_err_set(err, 1, "%s: %s: %.300s", report->subject->uri, r->row->id, r->message) : 0;
}

int report_say_untried(const struct report *report, struct ts_err *err)
{
	char text[300];

	return ts_err_usage(err, "%s: nothing of that can be tried here; the report says why, --list prints all cases",
	                    selection(report->subject->options, text, sizeof(text)));
}

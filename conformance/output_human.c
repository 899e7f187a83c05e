/* For people: what is wrong first, with all that is needed to see it again; then one line that says how it stands. */
#include "client.h"
#include "output.h"
#include "result.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct paint {
	const char *good, *bad, *warn, *dim, *bold, *off;
};

static struct paint paint_of(bool colour)
{
	return colour ? (struct paint){"\033[32m", "\033[31m", "\033[33m", "\033[2m", "\033[1m", "\033[0m"}
	              : (struct paint){"", "", "", "", "", ""};
}

static const char *colour_of(const struct paint *p, enum status status)
{
	return status == PASS                      ? p->good
	       : status == FAIL || status == ERROR ? p->bad
	       : status == WARN                    ? p->warn
	                                           : p->dim;
}

static void indented(FILE *out, const char *text, const char *margin)
{
	for (const char *line = text; line && *line;) {
		const char *end = strchr(line, '\n');
		int n = end ? (int)(end - line) : (int)strlen(line);
		fprintf(out, "%s%.*s\n", margin, n, line);
		line = end ? end + 1 : NULL;
	}
}

static void print_finding(FILE *out, const struct report *report, const struct result *r, const struct paint *p)
{
	fprintf(out, "      requirement: %s %s\n", level_name(r->requirement->level), r->requirement->sentence);
	fprintf(out, "                   docs/protocol.md#%s\n", r->requirement->anchor);
	if (r->expected[0])
		fprintf(out, "      expected:    %s\n", r->expected);
	if (r->actual[0])
		fprintf(out, "      actual:      %s\n", r->actual);
	if (r->trace && r->trace[0]) {
		fprintf(out, "      on the wire:\n%s", p->dim);
		indented(out, r->trace, "      ");
		fprintf(out, "%s", p->off);
	}
	if (r->trace_before && r->flaky) {
		fprintf(out, "      on the wire at the first look:\n%s", p->dim);
		indented(out, r->trace_before, "      ");
		fprintf(out, "%s", p->off);
	}
	char *again = output_again(report, r);
	fprintf(out, "      again with:  %s\n", again ? again : "");
	free(again);
}

static void print_line(FILE *out, const struct result *r, const struct paint *p)
{
	fprintf(out, "  %s%-5s%s %s", colour_of(p, r->status), status_name(r->status), p->off, r->row->id);
	if (r->message[0])
		fprintf(out, "%s %s%s", p->dim, r->message, p->off);
	fputc('\n', out);
}

static void print_case(FILE *out, const struct report *report, const struct result *r, const struct paint *p)
{
	print_line(out, r, p);
	if (result_is_finding(r))
		print_finding(out, report, r, p);
}

static size_t area_length(const char *id)
{
	return strcspn(id, ".");
}

/* Cases of one area together, in the order of the requirements. */
static void print_areas(FILE *out, const struct report *report, const struct paint *p)
{
	char area[32] = "";
	unsigned transport = 1u << report->subject->endpoint.transport;

	for (size_t i = 0; i < report->n; i++) {
		const struct result *r = report_result(report, i);
		if (!r->selected || !(r->requirement->transports & transport))
			continue;
		size_t n = area_length(r->row->id);
		if (strlen(area) != n || strncmp(area, r->row->id, n) != 0) {
			snprintf(area, sizeof(area), "%.*s", (int)n, r->row->id);
			fprintf(out, "%s%s%s\n", p->bold, area, p->off);
		}
		print_case(out, report, r, p);
	}
}

#define SCREENFUL 20 /* lines of other cases, among which those that matter are lost */

/* What is wrong once more, in short, where it stays on the screen. */
static void print_wrong(FILE *out, const struct report *report, const struct paint *p)
{
	static const enum status wrong[] = {FAIL, WARN};

	for (size_t w = 0; w < sizeof(wrong) / sizeof(wrong[0]); w++) {
		if (report->counts[wrong[w]] == 0)
			continue;
		fprintf(out, "\n%s%s%s\n", p->bold, wrong[w] == FAIL ? "what failed" : "what is worth a look", p->off);
		for (size_t i = 0; i < report->n; i++) {
			const struct result *r = report_result(report, i);
			if (r->selected && r->status == wrong[w])
				print_line(out, r, p);
		}
	}
}

/* A verdict on half of the cases is to be known for one. */
static void print_not_tried(FILE *out, const struct report *report)
{
	int n = 0;

	for (size_t i = 0; i < report->n; i++)
		n += report->results[i].selected &&
		     strncmp(report->results[i].message, RESULT_SLOW, sizeof(RESULT_SLOW) - 1) == 0;
	if (n > 0)
		fprintf(out, "\n%d cases were not tried, for the server is slow; a longer --timeout tries all\n", n);
}

/* --trace: the bytes on the wire of a case that passed, too. */
static void print_trace(FILE *out, const struct report *report)
{
	for (size_t i = 0; report->subject->options->trace && i < report->n; i++) {
		const struct result *r = &report->results[i];
		if (r->selected && r->status == PASS && r->trace)
			fputs(r->trace, out);
	}
}

void output_human(FILE *out, const struct report *report, bool colour)
{
	struct paint p = paint_of(colour);
	const struct subject *s = report->subject;
	bool datagram = !ts_transport_is_stream(s->endpoint.transport);
	const char *verdict = report_verdict(report);
	char text[400];

	print_trace(out, report);
	fprintf(out, "%s%s%s\n", p.bold, s->uri, p.off);
	if (report->reached) {
		fprintf(out, "  speaks:    %s\n",
		        s->client ? client_words(s->client, text, sizeof(text))
		                  : dialect_words(&s->dialect, datagram, text, sizeof(text)));
		if (s->dialect.known)
			fprintf(out, "  stated by: %s\n", dialect_options(&s->dialect, datagram, text, sizeof(text)));
		fputc('\n', out);
		print_areas(out, report, &p);
		if (report->counts[PASS] + report->counts[SKIP] + report->counts[ERROR] > SCREENFUL)
			print_wrong(out, report, &p);
		print_not_tried(out, report);
	} else {
		fprintf(out, "  not reached: %s\n", report->unreached);
	}
	fprintf(out, "\n%s%s%s: %d pass, %d fail, %d warn, %d skip, %d error, in %.1f s%s\n",
	        report->counts[FAIL] || !verdict ? p.bad : p.good, verdict ? verdict : "not judged", p.off,
	        report->counts[PASS], report->counts[FAIL], report->counts[WARN], report->counts[SKIP],
	        report->counts[ERROR], (double)report->duration_ns / 1e9,
	        report->partial ? " (stopped: the report is partial)" : "");
}

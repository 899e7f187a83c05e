/*
 * JUnit XML, as Jenkins and others read it: failures are failures, a MUST that could not be judged is an error, and the
 * rest that was not run is skipped: a build is red where the exit status is not 0.
 */
#include "output.h"
#include "result.h"
#include "ts_clock.h"
#include "ts_json.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* XML 1.0 has no way to write most control characters: they are shown as \xNN before they come here. */
static void escaped(FILE *f, const char *text)
{
	char *printable = ts_json_printable(text ? text : "", text ? strlen(text) : 0);

	for (const unsigned char *c = (const unsigned char *)printable; c && *c; c++)
		switch (*c) {
		case '<': fputs("&lt;", f); break;
		case '>': fputs("&gt;", f); break;
		case '&': fputs("&amp;", f); break;
		case '"': fputs("&quot;", f); break;
		case '\n': fputs("&#10;", f); break;
		default:
			if (*c < 0x20 && *c != '\t')
				fprintf(f, "\\x%02x", *c);
			else
				fputc(*c, f);
		}
	free(printable);
}

static void print_part(FILE *f, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(f, "%s:%c", name, strchr(text, '\n') ? '\n' : ' ');
	escaped(f, text);
	fputc('\n', f);
}

static void print_body(FILE *f, const struct report *report, const struct result *r)
{
	char *again = result_is_finding(r) ? output_again(report, r) : NULL;

	print_part(f, "requirement", r->requirement->sentence);
	print_part(f, "expected", r->expected);
	print_part(f, "actual", r->actual);
	print_part(f, "again with", again);
	print_part(f, "on the wire", r->trace);
	print_part(f, "on the wire at the first look", r->flaky ? r->trace_before : NULL);
	free(again);
}

static void print_element(FILE *f, const char *name, const struct report *report, const struct result *r)
{
	fprintf(f, "    <%s message=\"", name);
	escaped(f, r->message);
	fputs("\">", f);
	print_body(f, report, r);
	fprintf(f, "</%s>\n", name);
}

static void print_case(FILE *f, const struct report *report, const struct result *r)
{
	fprintf(f, "  <testcase classname=\"tsconform.%.*s\" name=\"%s\" time=\"%.6f\">\n",
	        (int)strcspn(r->row->id, "."), r->row->id, r->row->id, (double)r->duration_ns / 1e9);
	if (r->status == FAIL)
		print_element(f, "failure", report, r);
	if (r->status == ERROR && !result_is_harmless(r))
		print_element(f, "error", report, r);
	if (r->status == SKIP || (r->status == ERROR && result_is_harmless(r))) {
		fputs("    <skipped message=\"", f);
		escaped(f, r->message);
		fputs("\"/>\n", f);
	}
	if (r->status == WARN) {
		fputs("    <system-out>warning: ", f);
		escaped(f, r->message);
		fputs("\n", f);
		print_body(f, report, r);
		fputs("</system-out>\n", f);
	}
	fputs("  </testcase>\n", f);
}

static void print_property(FILE *f, const char *name, const char *value)
{
	fprintf(f, "    <property name=\"%s\" value=\"%s\"/>\n", name, value);
}

/* What JUnit has no place for, and the counts as they stand in the JSON. */
static void print_properties(FILE *f, const struct report *report)
{
	const char *verdict = report_verdict(report);
	char count[16];

	fputs("  <properties>\n", f);
	print_property(f, "partial", report->partial ? "true" : "false");
	print_property(f, "verdict", verdict ? verdict : "");
	for (int i = 0; i < N_STATUS; i++) {
		snprintf(count, sizeof(count), "%d", report->counts[i]);
		print_property(f, status_name((enum status)i), count);
	}
	fputs("  </properties>\n", f);
}

int output_junit(const char *path, const struct report *report, struct ts_err *err)
{
	char *text = NULL, when[40];
	size_t n = 0;
	int n_run = 0, n_harmless = 0, result;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return ts_err_set(err, ENOMEM, "out of memory for the JUnit report");
	for (int i = 0; i < N_STATUS; i++)
		n_run += report->counts[i];
	for (size_t i = 0; i < report->n; i++)
		n_harmless += report->results[i].selected && result_is_harmless(&report->results[i]);
	ts_clock_text(report->started_wall_ns, when, sizeof(when));
	fprintf(f, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"tsconform ");
	escaped(f, report->subject->uri);
	fprintf(f, "\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\" time=\"%.6f\" timestamp=\"%.19s\">\n",
	        n_run, report->counts[FAIL], report->counts[ERROR] - n_harmless, report->counts[SKIP] + n_harmless,
	        (double)report->duration_ns / 1e9, when);
	print_properties(f, report);
	for (size_t i = 0; i < report->n; i++)
		if (report_result(report, i)->selected)
			print_case(f, report, report_result(report, i));
	fputs("</testsuite>\n", f);
	fclose(f);
	result = ts_file_write(path, text, n, err);
	free(text);
	return result;
}

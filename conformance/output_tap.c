/* TAP version 13: https://testanything.org/tap-version-13-specification.html */
#include "output.h"
#include "result.h"
#include "ts_json.h"
#include <stdlib.h>
#include <string.h>

/* One YAML line: the text as a JSON string, which YAML reads. */
static void yaml(FILE *out, const char *name, const char *text)
{
	char *printable = text && text[0] ? ts_json_printable(text, strlen(text)) : NULL;
	cJSON *string = printable ? cJSON_CreateString(printable) : NULL;
	char *quoted = string ? cJSON_PrintUnformatted(string) : NULL;

	if (quoted)
		fprintf(out, "  %s: %s\n", name, quoted);
	cJSON_free(quoted);
	cJSON_Delete(string);
	free(printable);
}

static void print_details(FILE *out, const struct report *report, const struct result *r)
{
	char *again = result_is_finding(r) ? output_again(report, r) : NULL;

	fprintf(out, "  ---\n");
	yaml(out, "level", level_name(r->requirement->level));
	yaml(out, "requirement", r->requirement->sentence);
	yaml(out, "message", r->message);
	yaml(out, "expected", r->expected);
	yaml(out, "actual", r->actual);
	yaml(out, "trace", r->trace);
	yaml(out, "trace_before", r->flaky ? r->trace_before : NULL);
	yaml(out, "again", again);
	fprintf(out, "  ...\n");
	free(again);
}

/* --trace shows what went over the wire whether its case passes or not. */
static bool is_traced(const struct report *report, const struct result *r)
{
	return report->subject->options->trace && r->status == PASS;
}

/*
 * What makes nobody nonconformant is a failure that was expected (TODO), so that consumers do not count it: a broken
 * SHOULD, and one that could not be tried.
 */
static void print_case(FILE *out, const struct report *report, const struct result *r, int number)
{
	bool ok = r->status == PASS || r->status == SKIP;

	fprintf(out, "%sok %d - %s", ok ? "" : "not ", number, r->row->id);
	if (r->status == SKIP)
		fprintf(out, " # SKIP %s", r->message);
	if (r->status == WARN || result_is_harmless(r))
		fprintf(out, " # TODO %s", level_name(r->requirement->level));
	fputc('\n', out);
	if (!ok || is_traced(report, r))
		print_details(out, report, r);
}

void output_tap(FILE *out, const struct report *report)
{
	int n = 0;

	fprintf(out, "TAP version 13\n");
	for (size_t i = 0; i < report->n; i++)
		if (report_result(report, i)->selected)
			print_case(out, report, report_result(report, i), ++n);
	fprintf(out, "1..%d\n", n);
	if (!report->reached)
		fprintf(out, "Bail out! not reached: %s\n", report->unreached);
	else if (report->partial)
		fprintf(out, "Bail out! stopped: the report is partial\n");
}

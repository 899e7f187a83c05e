/* TAP version 13: https://testanything.org/tap-version-13-specification.html */
#include "output.h"
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

static void print_details(FILE *out, const struct result *r)
{
	fprintf(out, "  ---\n");
	yaml(out, "level", level_name(r->requirement->level));
	yaml(out, "requirement", r->requirement->sentence);
	yaml(out, "message", r->message);
	yaml(out, "expected", r->expected);
	yaml(out, "actual", r->actual);
	yaml(out, "trace", r->trace);
	fprintf(out, "  ...\n");
}

/* A broken SHOULD is a failure that was expected (TODO), so that consumers do not count it. */
void output_tap(FILE *out, const struct report *report)
{
	int n = 0;

	fprintf(out, "TAP version 13\n");
	for (size_t i = 0; i < report->n; i++) {
		const struct result *r = &report->results[i];
		if (!r->selected)
			continue;
		fprintf(out, "%sok %d - %s", r->status == PASS || r->status == SKIP ? "" : "not ", ++n, r->row->id);
		if (r->status == SKIP)
			fprintf(out, " # SKIP %s", r->message);
		if (r->status == WARN)
			fprintf(out, " # TODO %s", level_name(r->requirement->level));
		fputc('\n', out);
		if (r->status != PASS && r->status != SKIP)
			print_details(out, r);
	}
	fprintf(out, "1..%d\n", n);
}

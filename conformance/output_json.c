/* JSON: tsbench.conform/1 (results/schema/conform.json). */
#include "client.h"
#include "output.h"
#include "result.h"
#include "ts_clock.h"
#include "ts_json.h"
#include <stdlib.h>
#include <string.h>

static void add_printable(cJSON *o, const char *name, const char *text)
{
	char *printable = text && text[0] ? ts_json_printable(text, strlen(text)) : NULL;

	ts_json_add_text(o, name, printable);
	free(printable);
}

static cJSON *case_json(const struct report *report, const struct result *r)
{
	cJSON *o = cJSON_CreateObject();
	char seed[24], *again = result_is_finding(r) ? output_again(report, r) : NULL;

	ts_json_add_text(o, "id", r->row->id);
	ts_json_add_text(o, "level", level_name(r->requirement->level));
	ts_json_add_text(o, "requirement", r->requirement->sentence);
	ts_json_add_text(o, "section", r->requirement->anchor);
	ts_json_add_text(o, "transport", ts_transport_name(report->subject->endpoint.transport));
	ts_json_add_text(o, "status", status_name(r->status));
	if (r->duration_ns > 0)
		ts_json_add_real(o, "duration_ms", (double)r->duration_ns / 1e6);
	else
		ts_json_add_null(o, "duration_ms");
	add_printable(o, "message", r->message);
	add_printable(o, "expected", r->expected);
	add_printable(o, "actual", r->actual);
	add_printable(o, "trace", r->status == PASS || r->status == SKIP ? NULL : r->trace);
	add_printable(o, "trace_before", r->trace_before);
	add_printable(o, "again", again);
	free(again);
	ts_json_add_bool(o, "flaky", r->flaky);
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)report->subject->seed);
	cJSON_AddRawToObject(o, "seed", seed); /* all its digits */
	return o;
}

int output_json(const char *path, const struct report *report, struct ts_err *err)
{
	const struct subject *s = report->subject;
	bool datagram = !ts_transport_is_stream(s->endpoint.transport);
	cJSON *root = cJSON_CreateObject(), *list;
	char when[40];

	ts_json_add_text(root, "schema", "tsbench.conform/1");
	ts_json_add_text(root, "target", s->uri);
	ts_json_add_text(root, "started_at", ts_clock_text(report->started_wall_ns, when, sizeof(when)));
	ts_json_add_real(root, "duration_ms", (double)report->duration_ns / 1e6);
	ts_json_add_bool(root, "partial", report->partial);
	const char *transport = ts_transport_name(s->endpoint.transport);
	cJSON_AddItemToObject(root, "dialect",
	                      s->client ? client_json(s->client, transport)
	                                : dialect_json(&s->dialect, datagram, transport));
	ts_json_add_text(root, "verdict", report_verdict(report));
	add_printable(root, "message", report->reached ? s->dialect.stranger : report->unreached);
	list = ts_json_add_object(root, "summary");
	for (int i = 0; i < N_STATUS; i++)
		ts_json_add_int(list, status_name((enum status)i), report->counts[i]);
	list = ts_json_add_array(root, "cases");
	for (size_t i = 0; i < report->n; i++)
		if (report_result(report, i)->selected)
			cJSON_AddItemToArray(list, case_json(report, report_result(report, i)));
	int result = ts_json_write(path, root, err);
	cJSON_Delete(root);
	return result;
}

/* --list: every case with its requirement, as a table or as data. */
#include "client.h"
#include "output.h"
#include "ts_json.h"
#include <stdlib.h>
#include <string.h>

static const char *transports(unsigned set, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	if (set == ON_ALL)
		return "all";
	for (int i = 0; i < TS_TRANSPORT_N; i++)
		if (set & (1u << i))
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? "," : "",
			                      ts_transport_name((enum ts_transport)i));
	return buf;
}

static cJSON *row_json(const struct requirement *r)
{
	cJSON *o = cJSON_CreateObject();
	char buf[64];

	ts_json_add_text(o, "id", r->id);
	ts_json_add_text(o, "level", level_name(r->level));
	ts_json_add_text(o, "transport", transports(r->transports, buf, sizeof(buf)));
	ts_json_add_text(o, "requirement", r->sentence);
	ts_json_add_text(o, "section", r->anchor);
	return o;
}

static bool has_case(const struct requirement *r)
{
	for (size_t i = 0; i < n_cases; i++)
		if (strcmp(cases[i].id, r->id) == 0)
			return true;
	return false;
}

/* As {"schema": "tsbench.cases/1", ...}, with an empty list in `rows`. Owned. */
static cJSON *new_root(cJSON **rows)
{
	cJSON *root = cJSON_CreateObject();

	ts_json_add_text(root, "schema", "tsbench.cases/1");
	*rows = ts_json_add_array(root, "cases");
	return root;
}

int output_list(const struct options *o, struct ts_err *err)
{
	const struct requirement *rows = o->client ? client_requirements : requirements;
	size_t n = o->client ? n_client_cases : n_requirements, n_listed = 0;
	cJSON *list, *root = new_root(&list);
	char buf[64];
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		const struct requirement *r = &rows[i];
		if (!options_select(o, r->id) || (!o->client && !has_case(r)))
			continue;
		n_listed++;
		if (o->json)
			cJSON_AddItemToArray(list, row_json(r));
		else
			printf("%-28s %-6s %-14s %s\n", r->id, level_name(r->level),
			       transports(r->transports, buf, sizeof(buf)), r->sentence);
	}
	if (n_listed == 0)
		rc = ts_err_usage(err, "--list: no case is selected");
	else if (o->json)
		rc = ts_json_write(o->json, root, err);
	cJSON_Delete(root);
	return rc;
}

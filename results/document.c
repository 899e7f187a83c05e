#include "document.h"
#include "embedded.h"
#include "schema.h"
#include "ts_json.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KINDS "load, server, run, modes, conform or compare"

const char *document_kind(const cJSON *document, char *buf, size_t size)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(document, "schema");
	const char *slash;

	if (!cJSON_IsString(name) || strncmp(name->valuestring, "tsbench.", 8) != 0)
		return NULL;
	slash = strchr(name->valuestring, '/');
	if (!slash || slash - name->valuestring - 8 >= (long)size)
		return NULL;
	snprintf(buf, size, "%.*s", (int)(slash - name->valuestring - 8), name->valuestring + 8);
	return buf;
}

int document_check(const cJSON *document, const char *kind, struct ts_err *err)
{
	char own[32];
	const char *found = document_kind(document, own, sizeof(own)), *text;
	cJSON *schema;
	int rc;

	if (!found)
		return ts_err_set(err, EINVAL, "schema: must be \"tsbench.<kind>/1\", with the kind " KINDS);
	if (kind && strcmp(kind, found) != 0)
		return ts_err_set(err, EINVAL, "schema: must be \"tsbench.%s/1\", is \"%.60s\"", kind,
		                  ts_json_text(document, "schema", ""));
	text = strchr(found, '.') ? NULL : embedded_text(found); /* names with a dot are no schemas */
	if (!text)
		return ts_err_set(err, EINVAL, "schema: there is no kind \"%.30s\", only " KINDS, found);
	schema = cJSON_Parse(text);
	if (!schema)
		return ts_err_set(err, ENOMEM, "no memory for the schema");
	rc = schema_check(schema, document, err);
	cJSON_Delete(schema);
	return rc;
}

cJSON *document_load(const char *path, const char *kind, struct ts_err *err)
{
	cJSON *document = ts_json_load(path, err);

	if (!document)
		return NULL;
	if (document_check(document, kind, err) < 0) {
		ts_err_prefix(err, -EINVAL, strcmp(path, "-") == 0 ? "standard input" : path);
		cJSON_Delete(document);
		return NULL;
	}
	return document;
}

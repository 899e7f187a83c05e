#include "document.h"
#include "embedded.h"
#include "schema.h"
#include "ts_hist.h"
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

static int check_ledger(const cJSON *load, struct ts_err *err)
{
	int64_t scheduled = ts_json_int(load, "requests.scheduled", 0);
	int64_t parts = ts_json_int(load, "requests.not_sent", 0) + ts_json_int(load, "requests.completed", 0) +
	                ts_json_int(load, "requests.failed", 0) + ts_json_int(load, "requests.in_flight_at_end", 0);

	if (scheduled == parts)
		return 0;
	return ts_err_set(err, EINVAL,
	                  "requests: scheduled is %lld, and not_sent + completed + failed + in_flight_at_end are %lld",
	                  (long long)scheduled, (long long)parts);
}

static int check_histogram(const cJSON *latency, struct ts_hist *h, struct ts_err *err)
{
	const char *text = ts_json_text(latency, "histogram", NULL);
	int64_t count = ts_json_int(latency, "count", 0);
	char place[64];

	snprintf(place, sizeof(place), "latency.%.32s.histogram", latency->string);
	if (!text)
		return 0;
	if (ts_hist_decode(h, text, err) < 0)
		return ts_err_prefix(err, -EINVAL, place);
	if ((int64_t)h->n == count)
		return 0;
	return ts_err_set(err, EINVAL, "%s: holds %lld values, and count is %lld", place, (long long)h->n,
	                  (long long)count);
}

int document_check_sums(const cJSON *load, struct ts_err *err)
{
	struct ts_hist *h = ts_hist_new();
	const cJSON *latency;
	int rc;

	if (!h)
		return ts_err_set(err, ENOMEM, "no memory for a histogram");
	rc = check_ledger(load, err);
	cJSON_ArrayForEach (latency, ts_json_at(load, "latency")) {
		if (rc == 0)
			rc = check_histogram(latency, h, err);
	}
	ts_hist_free(h);
	return rc;
}

/* Of another version, other fields may be missing, which would say nothing to the reader. */
static int check_version(const cJSON *document, const char *kind, struct ts_err *err)
{
	const char *is = ts_json_text(document, "schema", "");
	char wanted[64];

	snprintf(wanted, sizeof(wanted), "tsbench.%s/1", kind);
	return strcmp(is, wanted) == 0 ? 0
	                               : ts_err_set(err, EINVAL, "schema: must be \"%s\", is \"%.60s\"", wanted, is);
}

int document_check(const cJSON *document, const char *kind, struct ts_err *err)
{
	char own[32];
	const char *found = document_kind(document, own, sizeof(own)), *text;
	cJSON *schema;
	int rc;

	if (!found)
		return ts_err_set(err, EINVAL, "schema: must be \"tsbench.<kind>/1\", with the kind " KINDS);
	if (kind && check_version(document, kind, err) < 0)
		return -EINVAL;
	text = strchr(found, '.') ? NULL : embedded_text(found); /* names with a dot are no schemas */
	if (!text)
		return ts_err_set(err, EINVAL, "schema: there is no kind \"%.30s\", only " KINDS, found);
	if (check_version(document, found, err) < 0)
		return -EINVAL;
	schema = cJSON_Parse(text);
	if (!schema)
		return ts_err_set(err, ENOMEM, "no memory for the schema");
	rc = schema_check(schema, document, err);
	cJSON_Delete(schema);
	if (rc == 0 && strcmp(found, "load") == 0)
		rc = document_check_sums(document, err);
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

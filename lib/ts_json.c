#include "ts_json.h"
#include "ts_json_check.h"
#include "ts_json_print.h"
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- look-ups --- */

/* One step of a path: `name`, `"quoted.name"` or `[3]`. Moves *path behind it; NULL when it is not there. */
static const cJSON *step(const cJSON *at, const char **path)
{
	const char *begin = *path, *end;
	char name[128];

	if (*begin == '[') {
		char *close;
		unsigned long index = strtoul(begin + 1, &close, 10);

		if (*close != ']' || close == begin + 1 || index > INT_MAX)
			return NULL;
		*path = close + 1;
		return cJSON_IsArray(at) ? cJSON_GetArrayItem(at, (int)index) : NULL;
	}
	bool quoted = *begin == '"';
	begin += quoted;
	end = begin + strcspn(begin, quoted ? "\"" : ".[");
	if ((quoted && !*end) || end - begin >= (ptrdiff_t)sizeof(name))
		return NULL;
	memcpy(name, begin, (size_t)(end - begin));
	name[end - begin] = '\0';
	*path = end + quoted;
	return cJSON_IsObject(at) ? cJSON_GetObjectItemCaseSensitive(at, name) : NULL;
}

const cJSON *ts_json_at(const cJSON *root, const char *path)
{
	const cJSON *at = root;

	while (at && *path) {
		at = step(at, &path);
		if (*path == '.')
			path++;
	}
	return at;
}

double ts_json_real(const cJSON *root, const char *path, double fallback)
{
	const cJSON *item = ts_json_at(root, path);

	return cJSON_IsNumber(item) ? item->valuedouble : fallback;
}

int64_t ts_json_int(const cJSON *root, const char *path, int64_t fallback)
{
	double value = ts_json_real(root, path, NAN);

	/* NaN fails every comparison; a fraction is no integer. */
	if (!(value >= -0x1p63 && value < 0x1p63) || value != trunc(value))
		return fallback;
	return (int64_t)value;
}

const char *ts_json_text(const cJSON *root, const char *path, const char *fallback)
{
	const cJSON *item = ts_json_at(root, path);

	return cJSON_IsString(item) ? item->valuestring : fallback;
}

bool ts_json_bool(const cJSON *root, const char *path, bool fallback)
{
	const cJSON *item = ts_json_at(root, path);

	return cJSON_IsBool(item) ? cJSON_IsTrue(item) : fallback;
}

/* --- building --- */

static cJSON *add(cJSON *parent, const char *name, cJSON *item)
{
	bool added = name ? cJSON_AddItemToObject(parent, name, item) : cJSON_AddItemToArray(parent, item);

	if (added)
		return item;
	if (parent)
		parent->type |= TS_JSON_PART;
	cJSON_Delete(item);
	return NULL;
}

void ts_json_add_real(cJSON *object, const char *name, double value)
{
	add(object, name, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

void ts_json_add_int(cJSON *object, const char *name, int64_t value)
{
	add(object, name, cJSON_CreateNumber((double)value));
}

void ts_json_add_text(cJSON *object, const char *name, const char *value)
{
	add(object, name, value ? cJSON_CreateString(value) : cJSON_CreateNull());
}

void ts_json_add_bool(cJSON *object, const char *name, bool value)
{
	add(object, name, cJSON_CreateBool(value));
}

void ts_json_add_null(cJSON *object, const char *name)
{
	add(object, name, cJSON_CreateNull());
}

cJSON *ts_json_add_object(cJSON *object, const char *name)
{
	return add(object, name, cJSON_CreateObject());
}

cJSON *ts_json_add_array(cJSON *object, const char *name)
{
	return add(object, name, cJSON_CreateArray());
}

char *ts_json_printable(const void *bytes, size_t n)
{
	const char *in = bytes;
	char *text = malloc(n * 4 + 1), *out = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < n;) {
		size_t length = in[i] == '\0' ? 0 : ts_json_utf8(in + i, n - i);

		if (length == 0) {
			out += sprintf(out, "\\x%02x", (unsigned char)in[i++]);
		} else {
			memcpy(out, in + i, length);
			out += length;
			i += length;
		}
	}
	*out = '\0';
	return text;
}

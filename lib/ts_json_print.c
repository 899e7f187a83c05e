#include "ts_json_print.h"
#include "ts_json_check.h"
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text that grows. Once memory is short, `failed` stays set and nothing more is written. */
struct text {
	char *bytes;
	size_t n, size;
	bool failed;
};

static void put(struct text *t, const char *bytes, size_t n)
{
	if (!t->failed && t->n + n + 1 > t->size) {
		size_t size = (t->n + n + 1) * 2;
		char *grown = realloc(t->bytes, size);

		t->failed = !grown;
		if (grown) {
			t->bytes = grown;
			t->size = size;
		}
	}
	if (t->failed)
		return;
	memcpy(t->bytes + t->n, bytes, n);
	t->n += n;
	t->bytes[t->n] = '\0';
}

static void put_text(struct text *t, const char *text)
{
	put(t, text, strlen(text));
}

static void put_line(struct text *t, int depth)
{
	put_text(t, "\n");
	for (int i = 0; i < depth; i++)
		put_text(t, "  ");
}

/* One character, or one byte that is none. Returns the bytes that it took. */
static size_t put_char(struct text *t, const char *at, size_t n)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	unsigned char c = (unsigned char)*at;
	size_t length = ts_json_utf8(at, n);
	const char *special = strchr(plain, c);
	char escape[8];

	if (length > 0 && !special && c >= 0x20) {
		put(t, at, length);
		return length;
	}
	if (length == 0)
		snprintf(escape, sizeof(escape), "\\\\x%02x", c);
	else if (special)
		snprintf(escape, sizeof(escape), "\\%c", letters[special - plain]);
	else
		snprintf(escape, sizeof(escape), "\\u%04x", c);
	put_text(t, escape);
	return 1;
}

static void put_string(struct text *t, const char *string)
{
	size_t n = strlen(string), n_plain;

	put_text(t, "\"");
	for (size_t i = 0; i < n;) {
		for (n_plain = 0; i + n_plain < n; n_plain++) {
			unsigned char c = (unsigned char)string[i + n_plain];
			if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
				break;
		}
		put(t, string + i, n_plain);
		i += n_plain;
		if (i < n)
			i += put_char(t, string + i, n - i);
	}
	put_text(t, "\"");
}

static void put_number(struct text *t, double value)
{
	char digits[40];

	if (!isfinite(value)) {
		snprintf(digits, sizeof(digits), "null");
	} else if (value == trunc(value) && fabs(value) <= 0x1p53) {
		snprintf(digits, sizeof(digits), "%.0f", value);
	} else {
		int precision = 15;
		do
			snprintf(digits, sizeof(digits), "%.*g", precision, value);
		while (strtod(digits, NULL) != value && precision++ < 17);
	}
	put_text(t, digits);
}

static bool is_nested(const cJSON *item)
{
	return cJSON_IsArray(item) || cJSON_IsObject(item);
}

/* Arrays of plain values stay on one line. */
static bool is_flat(const cJSON *array)
{
	const cJSON *item;

	if (cJSON_IsObject(array))
		return array->child == NULL;
	cJSON_ArrayForEach (item, array)
		if (is_nested(item))
			return false;
	return true;
}

static void put_item(struct text *t, const cJSON *item, int depth);

static void put_nested(struct text *t, const cJSON *parent, int depth)
{
	bool object = cJSON_IsObject(parent), flat = is_flat(parent);
	const cJSON *item;

	put_text(t, object ? "{" : "[");
	cJSON_ArrayForEach (item, parent) {
		if (item != parent->child)
			put_text(t, flat ? ", " : ",");
		if (!flat)
			put_line(t, depth + 1);
		if (object) {
			put_string(t, item->string ? item->string : "");
			put_text(t, ": ");
		}
		put_item(t, item, depth + 1);
	}
	if (!flat)
		put_line(t, depth);
	put_text(t, object ? "}" : "]");
}

static void put_item(struct text *t, const cJSON *item, int depth)
{
	if (item->type & TS_JSON_PART)
		t->failed = true;
	if (is_nested(item))
		put_nested(t, item, depth);
	else if (cJSON_IsString(item))
		put_string(t, item->valuestring);
	else if (cJSON_IsNumber(item))
		put_number(t, item->valuedouble);
	else if (cJSON_IsBool(item))
		put_text(t, cJSON_IsTrue(item) ? "true" : "false");
	else
		put_text(t, cJSON_IsRaw(item) ? item->valuestring : "null");
}

char *ts_json_print(const cJSON *root, size_t *n)
{
	struct text t = {0};

	t.failed = !root;
	if (root)
		put_item(&t, root, 0);
	put_text(&t, "\n");
	if (t.failed) {
		free(t.bytes);
		return NULL;
	}
	*n = t.n;
	return t.bytes;
}

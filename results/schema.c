#include "schema.h"
#include <errno.h>
#include <math.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 80 /* of schemas within schemas: a $ref that refers to itself ends here */

struct check {
	const cJSON *root; /* of the schema, for $ref */
	struct ts_err *err;
	char place[256];
	int depth;
};

static int check_value(struct check *c, const cJSON *schema, const cJSON *value);

/* What stands there, shortened for a message. */
static const char *shown(const cJSON *value, char *buf, size_t size)
{
	if (cJSON_IsString(value))
		snprintf(buf, size, strlen(value->valuestring) > 40 ? "\"%.40s...\"" : "\"%.40s\"", value->valuestring);
	else if (cJSON_IsNumber(value))
		snprintf(buf, size, "%.15g", value->valuedouble);
	else
		snprintf(buf, size, "%s",
		         cJSON_IsObject(value)  ? "an object"
		         : cJSON_IsArray(value) ? "an array"
		         : cJSON_IsNull(value)  ? "null"
		         : cJSON_IsTrue(value)  ? "true"
		                                : "false");
	return buf;
}

static int wrong(struct check *c, const cJSON *value, const char *rule)
{
	char buf[64];

	return ts_err_set(c->err, EINVAL, "%s: must be %s, is %s", c->place[0] ? c->place : "the document", rule,
	                  shown(value, buf, sizeof(buf)));
}

static bool is_type(const cJSON *value, const char *type)
{
	return strcmp(type, "object") == 0    ? cJSON_IsObject(value)
	       : strcmp(type, "array") == 0   ? cJSON_IsArray(value)
	       : strcmp(type, "string") == 0  ? cJSON_IsString(value)
	       : strcmp(type, "number") == 0  ? cJSON_IsNumber(value)
	       : strcmp(type, "boolean") == 0 ? cJSON_IsBool(value)
	       : strcmp(type, "null") == 0    ? cJSON_IsNull(value)
	       : strcmp(type, "integer") == 0 ? cJSON_IsNumber(value) && value->valuedouble == floor(value->valuedouble)
	                                      : false;
}

/* "a", "a or b", "a, b or c" from a word or an array of them. */
static const char *words(const cJSON *list, char *buf, size_t size)
{
	size_t n = 0;
	const cJSON *item;

	if (!cJSON_IsArray(list))
		return shown(list, buf, size);
	buf[0] = '\0';
	cJSON_ArrayForEach (item, list) {
		char one[64];

		n += (size_t)snprintf(buf + n, size - n, "%s%s",
		                      item == list->child ? ""
		                      : item->next        ? ", "
		                                          : " or ",
		                      shown(item, one, sizeof(one)));
		if (n >= size)
			break;
	}
	return buf;
}

static int rule_type(struct check *c, const cJSON *rule, const cJSON *value)
{
	char text[128], *p, *q;
	const cJSON *item;

	if (cJSON_IsString(rule) && is_type(value, rule->valuestring))
		return 0;
	cJSON_ArrayForEach (item, rule) {
		if (cJSON_IsString(item) && is_type(value, item->valuestring))
			return 0;
	}
	words(rule, text, sizeof(text));
	for (p = q = text; *p; p++) /* types are words, not texts: no quotes */
		if (*p != '"')
			*q++ = *p;
	*q = '\0';
	return wrong(c, value, text);
}

static int rule_const(struct check *c, const cJSON *rule, const cJSON *value)
{
	char text[128];

	return cJSON_Compare(rule, value, 1) ? 0 : wrong(c, value, shown(rule, text, sizeof(text)));
}

static int rule_enum(struct check *c, const cJSON *rule, const cJSON *value)
{
	char text[256];
	const cJSON *item;

	cJSON_ArrayForEach (item, rule) {
		if (cJSON_Compare(item, value, 1))
			return 0;
	}
	return wrong(c, value, words(rule, text, sizeof(text)));
}

static int rule_required(struct check *c, const cJSON *rule, const cJSON *value)
{
	const cJSON *name;

	if (!cJSON_IsObject(value))
		return 0;
	cJSON_ArrayForEach (name, rule) {
		if (!cJSON_GetObjectItemCaseSensitive(value, name->valuestring))
			return ts_err_set(c->err, EINVAL, "%s: \"%s\" is missing",
			                  c->place[0] ? c->place : "the document", name->valuestring);
	}
	return 0;
}

/* Check a member or an item, with its place named meanwhile. */
static int check_below(struct check *c, const cJSON *schema, const cJSON *value, const char *name, int index)
{
	size_t n = strlen(c->place);
	int rc;

	if (name)
		snprintf(c->place + n, sizeof(c->place) - n, strchr(name, '.') ? "%s\"%s\"" : "%s%s", n ? "." : "",
		         name);
	else
		snprintf(c->place + n, sizeof(c->place) - n, "[%d]", index);
	rc = check_value(c, schema, value);
	c->place[n] = '\0';
	return rc;
}

static int rule_properties(struct check *c, const cJSON *rule, const cJSON *value)
{
	const cJSON *member;
	int rc = 0;

	cJSON_ArrayForEach (member, rule) {
		const cJSON *below =
		        cJSON_IsObject(value) ? cJSON_GetObjectItemCaseSensitive(value, member->string) : NULL;

		if (below && (rc = check_below(c, member, below, member->string, 0)) < 0)
			break;
	}
	return rc;
}

static int rule_additional(struct check *c, const cJSON *schema, const cJSON *rule, const cJSON *value)
{
	const cJSON *known = cJSON_GetObjectItemCaseSensitive(schema, "properties");
	const cJSON *member;
	int rc = 0;

	if (!cJSON_IsObject(value) || cJSON_IsTrue(rule))
		return 0;
	cJSON_ArrayForEach (member, value) {
		if (known && cJSON_GetObjectItemCaseSensitive(known, member->string))
			continue;
		if (cJSON_IsFalse(rule))
			return ts_err_set(c->err, EINVAL, "%s: \"%.40s\" is not known here",
			                  c->place[0] ? c->place : "the document", member->string);
		if ((rc = check_below(c, rule, member, member->string, 0)) < 0)
			break;
	}
	return rc;
}

static int rule_names(struct check *c, const cJSON *rule, const cJSON *value)
{
	const cJSON *member;
	int rc = 0;

	if (!cJSON_IsObject(value))
		return 0;
	cJSON_ArrayForEach (member, value) {
		const cJSON name = {.type = cJSON_String, .valuestring = member->string};

		if ((rc = check_value(c, rule, &name)) < 0)
			break;
	}
	return rc;
}

static int rule_items(struct check *c, const cJSON *rule, const cJSON *value)
{
	const cJSON *item;
	int i = 0, rc = 0;

	if (!cJSON_IsArray(value))
		return 0;
	cJSON_ArrayForEach (item, value) {
		if ((rc = check_below(c, rule, item, NULL, i++)) < 0)
			break;
	}
	return rc;
}

static int rule_pattern(struct check *c, const cJSON *rule, const cJSON *value)
{
	char text[160];
	regex_t regex;
	int matched;

	if (!cJSON_IsString(value))
		return 0;
	if (regcomp(&regex, rule->valuestring, REG_EXTENDED | REG_NOSUB) != 0)
		return ts_err_set(c->err, EINVAL, "%s: the schema's pattern %s cannot be read", c->place,
		                  rule->valuestring);
	matched = regexec(&regex, value->valuestring, 0, NULL, 0);
	regfree(&regex);
	snprintf(text, sizeof(text), "a text like %s", rule->valuestring);
	return matched == 0 ? 0 : wrong(c, value, text);
}

static int rule_bound(struct check *c, const cJSON *rule, const cJSON *value)
{
	double limit = rule->valuedouble;
	bool fits = true;
	char text[80];

	if (strcmp(rule->string, "minimum") == 0) {
		fits = !cJSON_IsNumber(value) || value->valuedouble >= limit;
		snprintf(text, sizeof(text), "at least %.15g", limit);
	} else if (strcmp(rule->string, "maximum") == 0) {
		fits = !cJSON_IsNumber(value) || value->valuedouble <= limit;
		snprintf(text, sizeof(text), "at most %.15g", limit);
	} else if (strcmp(rule->string, "minItems") == 0) {
		fits = !cJSON_IsArray(value) || cJSON_GetArraySize(value) >= limit;
		snprintf(text, sizeof(text), "an array of at least %.15g", limit);
	} else {
		fits = !cJSON_IsString(value) || (double)strlen(value->valuestring) >= limit;
		snprintf(text, sizeof(text), "a text of at least %.15g byte%s", limit, limit == 1 ? "" : "s");
	}
	return fits ? 0 : wrong(c, value, text);
}

/* What "#/$defs/count" or "#/properties/requests" points at; names with "/" or "~" in them are not known here. */
static const cJSON *find_ref(const cJSON *root, const char *ref)
{
	const cJSON *at = root;
	char name[64];

	if (*ref++ != '#')
		return NULL;
	while (at && *ref == '/') {
		size_t n = strcspn(ref + 1, "/");

		if (n >= sizeof(name))
			return NULL;
		snprintf(name, sizeof(name), "%.*s", (int)n, ref + 1);
		at = cJSON_GetObjectItemCaseSensitive(at, name);
		ref += n + 1;
	}
	return at != root ? at : NULL;
}

static int rule_ref(struct check *c, const cJSON *rule, const cJSON *value)
{
	const cJSON *target = find_ref(c->root, rule->valuestring);

	if (!target)
		return ts_err_set(c->err, EINVAL, "the schema refers to %s, which is not there", rule->valuestring);
	return check_value(c, target, value);
}

static bool is_one_of(const char *word, const char *list)
{
	const char *at = strstr(list, word);
	size_t n = strlen(word);

	for (; at; at = strstr(at + 1, word))
		if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

static int check_rule(struct check *c, const cJSON *schema, const cJSON *rule, const cJSON *value)
{
	const char *word = rule->string;

	if (is_one_of(word, "title description $schema $id $defs"))
		return 0;
	if (is_one_of(word, "minimum maximum minItems minLength"))
		return rule_bound(c, rule, value);
	return strcmp(word, "type") == 0                   ? rule_type(c, rule, value)
	       : strcmp(word, "const") == 0                ? rule_const(c, rule, value)
	       : strcmp(word, "enum") == 0                 ? rule_enum(c, rule, value)
	       : strcmp(word, "required") == 0             ? rule_required(c, rule, value)
	       : strcmp(word, "properties") == 0           ? rule_properties(c, rule, value)
	       : strcmp(word, "additionalProperties") == 0 ? rule_additional(c, schema, rule, value)
	       : strcmp(word, "propertyNames") == 0        ? rule_names(c, rule, value)
	       : strcmp(word, "items") == 0                ? rule_items(c, rule, value)
	       : strcmp(word, "pattern") == 0              ? rule_pattern(c, rule, value)
	       : strcmp(word, "$ref") == 0
	               ? rule_ref(c, rule, value)
	               : ts_err_set(c->err, EINVAL, "the schema's keyword \"%s\" is not known", word);
}

static int check_value(struct check *c, const cJSON *schema, const cJSON *value)
{
	const cJSON *rule;
	int rc = 0;

	if (++c->depth > DEPTH_MAX)
		return ts_err_set(c->err, EINVAL, "%s: nested too deeply", c->place);
	cJSON_ArrayForEach (rule, schema) {
		if ((rc = check_rule(c, schema, rule, value)) < 0)
			break;
	}
	c->depth--;
	return rc;
}

int schema_check(const cJSON *schema, const cJSON *document, struct ts_err *err)
{
	struct check c = {.root = schema, .err = err};

	return check_value(&c, schema, document);
}

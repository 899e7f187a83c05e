/* The validator: each keyword accepts what it should and refuses what it should not, with the place and the reason. */
#include "embedded.h"
#include "schema.h"
#include "unit.h"
#include <stdio.h>

static const struct {
	const char *schema, *document;
	const char *fault; /* NULL: well */
} rows[] = {
        {"{\"type\": \"integer\"}", "3", NULL},
        {"{\"type\": \"integer\"}", "3.5", "the document: must be integer, is 3.5"},
        {"{\"type\": \"number\"}", "\"3\"", "the document: must be number, is \"3\""},
        {"{\"type\": [\"number\", \"null\"]}", "null", NULL},
        {"{\"type\": [\"string\", \"number\", \"null\"]}", "true",
         "the document: must be string, number or null, is true"},
        {"{\"type\": \"object\"}", "[]", "the document: must be object, is an array"},
        {"{\"type\": \"boolean\"}", "false", NULL},
        {"{\"const\": \"a\"}", "\"a\"", NULL},
        {"{\"const\": \"a\"}", "\"b\"", "the document: must be \"a\", is \"b\""},
        {"{\"enum\": [\"a\", \"b\", null]}", "null", NULL},
        {"{\"enum\": [\"a\", \"b\"]}", "\"c\"", "the document: must be \"a\" or \"b\", is \"c\""},
        {"{\"minimum\": 1}", "1", NULL},
        {"{\"minimum\": 1}", "0.5", "the document: must be at least 1, is 0.5"},
        {"{\"minimum\": 1}", "\"0\"", NULL}, /* a bound speaks of numbers only */
        {"{\"maximum\": 1}", "1.5", "the document: must be at most 1, is 1.5"},
        {"{\"minItems\": 1}", "[]", "the document: must be an array of at least 1, is an array"},
        {"{\"minLength\": 1}", "\"\"", "the document: must be a text of at least 1 byte, is \"\""},
        {"{\"pattern\": \"^[a-z]+$\"}", "\"abc\"", NULL},
        {"{\"pattern\": \"^[a-z]+$\"}", "\"aBc\"", "the document: must be a text like ^[a-z]+$, is \"aBc\""},
        {"{\"required\": [\"x\"]}", "{\"x\": null}", NULL},
        {"{\"required\": [\"x\"]}", "{\"y\": 1}", "the document: \"x\" is missing"},
        {"{\"properties\": {\"x\": {\"properties\": {\"y\": {\"type\": \"null\"}}}}}", "{\"x\": {\"y\": 1}}",
         "x.y: must be null, is 1"},
        {"{\"properties\": {\"x\": {\"items\": {\"required\": [\"y\"]}}}}", "{\"x\": [{\"y\": 1}, {}]}",
         "x[1]: \"y\" is missing"},
        {"{\"additionalProperties\": {\"type\": \"number\"}}", "{\"99.9\": \"x\"}",
         "\"99.9\": must be number, is \"x\""},
        {"{\"properties\": {\"x\": {}}, \"additionalProperties\": false}", "{\"x\": 1, \"z\": 1}",
         "the document: \"z\" is not known here"},
        {"{\"$ref\": \"#/$defs/n\", \"$defs\": {\"n\": {\"minimum\": 2}}}", "1",
         "the document: must be at least 2, is 1"},
        {"{\"propertyNames\": {\"pattern\": \"^[0-9]+$\"}}", "{\"50\": 1}", NULL},
        {"{\"propertyNames\": {\"pattern\": \"^[0-9]+$\"}}", "{\"50\": 1, \"x\": 2}",
         "the document: must be a text like ^[0-9]+$, is \"x\""},
        {"{\"properties\": {\"a\": {\"minimum\": 2}, \"b\": {\"$ref\": \"#/properties/a\"}}}", "{\"b\": 1}",
         "b: must be at least 2, is 1"},
        {"{\"$ref\": \"#\"}", "1", "the schema refers to #, which is not there"},
        {"{\"$ref\": \"#/$defs/m\"}", "1", "the schema refers to #/$defs/m, which is not there"},
        {"{\"maxItems\": 1}", "[]", "the schema's keyword \"maxItems\" is not known"},
        {"{\"$ref\": \"#/$defs/n\", \"$defs\": {\"n\": {\"$ref\": \"#/$defs/n\"}}}", "1", ": nested too deeply"},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		cJSON *schema = cJSON_Parse(rows[i].schema), *document = cJSON_Parse(rows[i].document);
		struct ts_err err = {0};
		int rc = schema_check(schema, document, &err);

		assert_non_null(schema);
		assert_non_null(document);
		assert_string_equal(err.text, rows[i].fault ? rows[i].fault : "");
		assert_true((rc < 0) == (rows[i].fault != NULL));
		cJSON_Delete(schema);
		cJSON_Delete(document);
	}
}

/* Every schema of the house uses only keywords that the validator knows: walk them all, each keyword with a value. */
/* Everything that a schema refers to is in it. */
static void check_ref(const cJSON *root, const cJSON *rule)
{
	cJSON *copy = cJSON_CreateObject(), *any = cJSON_CreateNull();
	struct ts_err err = {0};

	cJSON_AddItemToObject(copy, "$ref", cJSON_Duplicate(rule, 1));
	cJSON_AddItemToObject(copy, "$defs", cJSON_Duplicate(cJSON_GetObjectItem(root, "$defs"), 1));
	cJSON_AddItemToObject(copy, "properties", cJSON_Duplicate(cJSON_GetObjectItem(root, "properties"), 1));
	schema_check(copy, any, &err);
	if (strstr(err.text, "which is not there"))
		fail_msg("%s", err.text);
	cJSON_Delete(copy);
	cJSON_Delete(any);
}

static void walk(const cJSON *root, const cJSON *schema)
{
	static const char *const known =
	        " type const enum required properties additionalProperties propertyNames items minItems minLength "
	        "minimum maximum pattern $ref title description $schema $id $defs ";
	const cJSON *rule, *below;

	cJSON_ArrayForEach (rule, schema) {
		char word[80];

		snprintf(word, sizeof(word), " %s ", rule->string);
		if (!strstr(known, word))
			fail_msg("keyword %s is not known", rule->string);
		if (strcmp(rule->string, "$ref") == 0)
			check_ref(root, rule);
		if (strcmp(rule->string, "properties") == 0 || strcmp(rule->string, "$defs") == 0)
			cJSON_ArrayForEach (below, rule)
				walk(root, below);
		else if (strcmp(rule->string, "items") == 0 || strcmp(rule->string, "additionalProperties") == 0 ||
		         strcmp(rule->string, "propertyNames") == 0)
			walk(root, rule);
	}
}

static void test_own_schemas(void **state)
{
	int n = 0;

	(void)state;
	for (size_t i = 0; embedded_name(i); i++) {
		cJSON *schema = strchr(embedded_name(i), '.') ? NULL : cJSON_Parse(embedded_text(embedded_name(i)));

		if (strchr(embedded_name(i), '.'))
			continue;
		assert_non_null(schema);
		walk(schema, schema);
		cJSON_Delete(schema);
		n++;
	}
	assert_true(n >= 6);
	assert_null(embedded_text("nothing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rows),
	        cmocka_unit_test(test_own_schemas),
	};

	return cmocka_run_group_tests_name("results/schema", tests, NULL, NULL);
}

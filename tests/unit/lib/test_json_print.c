/* The text of a document: numbers there and back, the layout, bytes that are no text. */
#include "folder.h"
#include "ts_json.h"
#include "unit.h"
#include <float.h>
#include <math.h>
#include <stdio.h>

/* Catches: cJSON's printing of 9007199254740991 as 9.00719925474099e+15, and doubles that lose their last bit. */
static void numbers_come_back(void **state)
{
	double numbers[] = {0,
	                    1,
	                    -1,
	                    0.1,
	                    0.1 + 0.2,
	                    1e15,
	                    1e15 + 1,
	                    9007199254740991.,
	                    -9007199254740991.,
	                    1e16,
	                    1e100,
	                    DBL_MIN,
	                    DBL_MAX,
	                    5e-324,
	                    1 / 3.,
	                    1e-7,
	                    123456789.125,
	                    4503599627370495.5,
	                    1e21,
	                    1.7e18,
	                    2e-308,
	                    nextafter(1, 2)};
	char *folder = new_folder(), path[128];
	cJSON *root = cJSON_CreateObject(), *array = ts_json_add_array(root, "numbers"), *back;
	struct ts_err err = {0};

	(void)state;
	in_folder(folder, "a.json", path, sizeof(path));
	for (size_t i = 0; i < N(numbers); i++)
		ts_json_add_real(array, NULL, numbers[i]);
	ts_json_add_int(root, "exact", (1LL << 53) - 1);
	assert_int_equal(ts_json_write(path, root, &err), 0);
	back = ts_json_load(path, &err);
	assert_non_null(back);
	for (size_t i = 0; i < N(numbers); i++) {
		char at[32];
		snprintf(at, sizeof(at), "numbers[%zu]", i);
		assert_true(ts_json_real(back, at, NAN) == numbers[i]);
	}
	assert_true(ts_json_int(back, "exact", 0) == (1LL << 53) - 1);
	cJSON_Delete(root);
	cJSON_Delete(back);
	remove_folder(folder);
}

/* The text itself. Catches: infinities that no parser reads, integers with an exponent, broken escapes. */
static void the_text_is_as_agreed(void **state)
{
	static const char expected[] = "{\n"
	                               "  \"schema\": \"tsbench.test/1\",\n"
	                               "  \"count\": 1000000000000000,\n"
	                               "  \"share\": 0.25,\n"
	                               "  \"unknown\": null,\n"
	                               "  \"infinite\": null,\n"
	                               "  \"no_text\": null,\n"
	                               "  \"yes\": true,\n"
	                               "  \"text\": \"a\\\"b\\\\c\\n\\u0001 \xc3\xa4 \\\\xff\",\n"
	                               "  \"list\": [1, 2, \"x\"],\n"
	                               "  \"empty\": {},\n"
	                               "  \"nested\": [\n"
	                               "    {\n"
	                               "      \"a\": 1\n"
	                               "    }\n"
	                               "  ]\n"
	                               "}\n";
	char *folder = new_folder(), path[128], text[1024];
	cJSON *root = cJSON_CreateObject(), *list;
	struct ts_err err = {0};

	(void)state;
	ts_json_add_text(root, "schema", "tsbench.test/1");
	ts_json_add_int(root, "count", 1000000000000000);
	ts_json_add_real(root, "share", 0.25);
	ts_json_add_real(root, "unknown", NAN);
	ts_json_add_real(root, "infinite", -INFINITY);
	ts_json_add_text(root, "no_text", NULL);
	ts_json_add_bool(root, "yes", true);
	ts_json_add_text(root, "text", "a\"b\\c\n\x01 \xc3\xa4 \xff");
	list = ts_json_add_array(root, "list");
	ts_json_add_int(list, NULL, 1);
	ts_json_add_int(list, NULL, 2);
	ts_json_add_text(list, NULL, "x");
	ts_json_add_object(root, "empty");
	ts_json_add_int(ts_json_add_object(ts_json_add_array(root, "nested"), NULL), "a", 1);
	assert_int_equal(ts_json_write(in_folder(folder, "a.json", path, sizeof(path)), root, &err), 0);

	FILE *f = fopen(path, "r");
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(text, expected);
	cJSON_Delete(root);
	remove_folder(folder);
}

static void printable_bytes(void **state)
{
	char *text = ts_json_printable("a\0\xff\xc3\xa4\xc3[\n", 8);

	(void)state;
	assert_string_equal(text, "a\\x00\\xff\xc3\xa4\\xc3[\n");
	free(text);
	text = ts_json_printable("", 0);
	assert_string_equal(text, "");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(numbers_come_back),
	        cmocka_unit_test(the_text_is_as_agreed),
	        cmocka_unit_test(printable_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Texts that are taken, those that are refused and where, and look-ups. */
#include "ts_json.h"
#include "ts_json_check.h"
#include "unit.h"
#include <math.h>
#include <stdio.h>

static cJSON *parse(const char *text)
{
	struct ts_err err = {0};
	cJSON *root = ts_json_parse(text, strlen(text), "a.json", &err);

	if (!root)
		print_error("%s\n", err.text);
	assert_non_null(root);
	return root;
}

/* Each with its place. Catches: what cJSON lets pass (01, 1., a tab in a string, \u0000, bytes that are not UTF-8) and
 * places that are counted in bytes or from 0. */
static void wrong_texts_are_refused_with_their_place(void **state)
{
	static const struct {
		const char *text, *place, *what;
	} cases[] = {
	        {"", "line 1, column 1", "ends too early"},
	        {"  \n ", "line 2, column 2", "ends too early"},
	        {"{\"a\": 1,\n \"b\": [1, 2}", "line 2, column 12", "a comma or ]"},
	        {"{\"a\": 1 \"b\": 2}", "line 1, column 9", "a comma or }"},
	        {"{\"a\" 1}", "line 1, column 6", "a colon"},
	        {"{a: 1}", "line 1, column 2", "a name in double quotes"},
	        {"{\"a\": 1,}", "line 1, column 9", "a name in double quotes"},
	        {"[1,]", "line 1, column 4", "a value is expected"},
	        {"[1] 2", "line 1, column 5", "after the end"},
	        {"[tru]", "line 1, column 2", "a value is expected"},
	        {"nul", "line 1, column 1", "a value is expected"},
	        {"[NaN]", "line 1, column 2", "a value is expected"},
	        {"[01]", "line 1, column 3", "not a number"},
	        {"[-]", "line 1, column 3", "not a number"},
	        {"[+1]", "line 1, column 2", "a value is expected"},
	        {"[1.]", "line 1, column 4", "after the decimal point"},
	        {"[1e+]", "line 1, column 5", "in the exponent"},
	        {"[1e999]", "line 1, column 2", "beyond the range"},
	        {"[1234567890123456789012345678901234567890123456789012345678901]", "line 1, column 2", "more than 60"},
	        {"\"abc", "line 1, column 1", "has no end"},
	        {"[\"\xc3\xa4\xc3\xb6\", x]", "line 1, column 8", "a value is expected"},
	        {"\"a\tb\"", "line 1, column 3", "control character"},
	        {"\"\\x41\"", "line 1, column 3", "a backslash"},
	        {"\"\\u12g4\"", "line 1, column 6", "hexadecimal"},
	        {"\"\\u0000\"", "line 1, column 8", "\\u0000"},
	        {"\"\\ud800\"", "line 1, column 8", "surrogate"},
	        {"\"\\ud800\\u0041\"", "line 1, column 14", "surrogate"},
	        {"\"\\udc00 \"", "line 1, column 8", "surrogate"},
	        {"\"\xff\"", "line 1, column 2", "not UTF-8"},
	        {"\"\xc0\xaf\"", "line 1, column 2", "not UTF-8"},         /* too long a form */
	        {"\"\xe0\x80\xaf\"", "line 1, column 2", "not UTF-8"},     /* the same in three bytes */
	        {"\"\xed\xa0\x80\"", "line 1, column 2", "not UTF-8"},     /* a surrogate */
	        {"\"\xf0\x8f\xbf\xbf\"", "line 1, column 2", "not UTF-8"}, /* too long a form */
	        {"\"\xf4\x90\x80\x80\"", "line 1, column 2", "not UTF-8"}, /* beyond U+10FFFF */
	        {"\"\xe2\x82\"", "line 1, column 2", "not UTF-8"},         /* cut short */
	        {"\xef\xbb\xbf{}", "line 1, column 1", "a value is expected"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct ts_err err = {0};
		char expected[64];

		assert_null(ts_json_parse(cases[i].text, strlen(cases[i].text), "a.json", &err));
		snprintf(expected, sizeof(expected), "a.json: %s: ", cases[i].place);
		if (strncmp(err.text, expected, strlen(expected)) != 0 || !strstr(err.text, cases[i].what))
			fail_msg("%s\n-> %s\nnot %s%s", cases[i].text, err.text, expected, cases[i].what);
		assert_int_equal(err.exit_status, TS_EXIT_ENVIRON);
	}
}

/* Catches: a NUL byte that ends the check early and hides what follows. */
static void nul_bytes_are_refused(void **state)
{
	struct ts_err err = {0};

	(void)state;
	assert_null(ts_json_parse("{}\0{}", 5, "a.json", &err));
	assert_string_equal(err.text, "a.json: line 1, column 3: text after the end of the document");
	assert_null(ts_json_parse("[\"a\0b\"]", 7, "a.json", &err));
	assert_string_equal(err.text, "a.json: line 1, column 4: a control character inside a string");
}

/* Catches: a limit off by one, a stack that a million brackets exhaust, brackets in strings that count. */
static void depth_is_limited(void **state)
{
	size_t n = 1000000;
	char *text = malloc(n + 1);
	struct ts_err err = {0};

	(void)state;
	memset(text, '[', n);
	assert_null(ts_json_parse(text, n, "a.json", &err));
	assert_string_equal(err.text, "a.json: line 1, column 65: nested more than 64 levels deep");
	memset(text + 64, ']', 64);
	cJSON *root = ts_json_parse(text, 128, "a.json", &err);
	assert_non_null(root);
	cJSON_Delete(root);
	memset(text, '[', n);
	text[0] = text[n - 1] = '"';
	root = ts_json_parse(text, n, "a.json", &err);
	assert_non_null(root);
	cJSON_Delete(root);
	free(text);
}

/* 16 MiB of text could become 1 GiB of nodes. */
static void values_are_limited(void **state)
{
	size_t n = 2 * (size_t)TS_JSON_MAX_VALUES + 1, at;
	char *text = malloc(n);

	(void)state;
	text[0] = '[';
	for (size_t i = 1; i < n; i += 2)
		memcpy(text + i, "0,", 2);
	assert_string_equal(ts_json_check(text, n, &at), "more than 8,388,608 values");
	free(text);
}

/* What the grammar allows is taken. Catches: a check that is stricter than it says. */
static void right_texts_are_taken(void **state)
{
	static const char *const texts[] = {
	        "0",
	        "-0.5e-3",
	        "1E+2",
	        "[]",
	        "{}",
	        " \r\n\t[ ] ",
	        "\"\\ud83d\\ude00\"",
	        "null",
	        "\"\"",
	        "{\"\":{}}",
	        "{\"a\":1,\"a\":2}",
	        "[1e308]",
	        "\"\xf0\x9f\x98\x80\"",
	        "[true,false]",
	};

	(void)state;
	for (size_t i = 0; i < N(texts); i++)
		cJSON_Delete(parse(texts[i]));
}

static void paths(void **state)
{
	cJSON *root = parse(
	        "{\"a\": {\"b\": [10, {\"c\": \"x\"}]}, \"p\": {\"99.9\": 7, \"50\": 5}, \"t\": true, \"n\": null,"
	        " \"half\": 0.5, \"big\": 9007199254740991, \"huge\": 1e300, \"A\": 2}");

	(void)state;
	assert_int_equal(ts_json_int(root, "a.b[0]", -1), 10);
	assert_string_equal(ts_json_text(root, "a.b[1].c", "-"), "x");
	assert_int_equal(ts_json_int(root, "p.\"99.9\"", -1), 7);
	assert_int_equal(ts_json_int(root, "p.50", -1), 5);
	assert_int_equal(ts_json_int(root, "A", -1), 2); /* names are told apart by case */
	assert_true(ts_json_at(root, "") == root);
	assert_true(ts_json_bool(root, "t", false));
	assert_true(ts_json_int(root, "big", -1) == 9007199254740991);
	/* missing, null, of another type, not an integer, too large, nonsense */
	static const char *const none[] = {
	        "x",    "a.x",  "a.b[2]", "a.b[-1]", "a[0]",   "t.x",    "n",   "a",
	        "half", "huge", "a.b[",   "a.b[x]",  "p.\"99", "p.99.9", "[0]", "a.b[99999999999999999999]"};
	for (size_t i = 0; i < N(none); i++)
		assert_int_equal(ts_json_int(root, none[i], -7), -7);
	assert_string_equal(ts_json_text(root, "t", "-"), "-");
	assert_true(ts_json_real(root, "half", 0) == 0.5);
	assert_true(isnan(ts_json_real(root, "n", NAN)));
	assert_true(ts_json_bool(root, "n", true));
	cJSON_Delete(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(wrong_texts_are_refused_with_their_place),
	        cmocka_unit_test(nul_bytes_are_refused),
	        cmocka_unit_test(depth_is_limited),
	        cmocka_unit_test(values_are_limited),
	        cmocka_unit_test(right_texts_are_taken),
	        cmocka_unit_test(paths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

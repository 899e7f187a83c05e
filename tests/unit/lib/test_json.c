/* What is refused and where, look-ups, numbers there and back, and files that appear whole or not at all. */
#include "ts_json.h"
#include "ts_json_check.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

static cJSON *parse(const char *text)
{
	struct ts_err err = {0};
	cJSON *root = ts_json_parse(text, strlen(text), "a.json", &err);

	if (!root)
		print_error("%s\n", err.text);
	assert_non_null(root);
	return root;
}

/* --- refusals --- */

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

/* --- look-ups --- */

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

/* --- writing --- */

static char *new_folder(void)
{
	static const char pattern[] = "/tmp/ts_json.XXXXXX";
	char *path = strdup(pattern);

	assert_non_null(mkdtemp(path));
	return path;
}

static int n_files(const char *folder)
{
	DIR *d = opendir(folder);
	int n = 0;

	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* Writes folder/name into path, and returns it. */
static const char *in_folder(const char *folder, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", folder, name);
	return path;
}

static void remove_folder(char *folder)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
	free(folder);
}

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

/* A write that fails in the middle (a limit of 1,000 bytes a file) leaves the old file as it was and nothing beside it.
 * In a child, because the limit stays. Catches: writing in place, temporary files left behind. */
static void a_failed_write_changes_nothing(void **state)
{
	char *folder = new_folder(), path[128], text[16] = "";
	struct ts_err err = {0};
	int status;

	(void)state;
	in_folder(folder, "a.json", path, sizeof(path));
	assert_int_equal(ts_file_write(path, "old", 3, &err), 0);
	pid_t child = fork();
	if (child == 0) {
		static char bytes[100000];
		struct rlimit limit = {1000, 1000};

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(ts_file_write(path, bytes, sizeof(bytes), &err) == -EFBIG && err.exit_status == TS_EXIT_ENVIRON &&
		                      strstr(err.text, path)
		              ? 0
		              : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(n_files(folder), 1);
	int fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, text, sizeof(text)), 3);
	close(fd);
	assert_string_equal(text, "old");
	remove_folder(folder);
}

/* A pipe with a name, as /dev/stdout may be one. Never a real device: code at fault would replace it for the whole
 * machine. Catches: writing beside it and renaming. */
static void a_pipe_is_written_to_and_not_replaced(void **state)
{
	char *folder = new_folder(), path[128], text[8] = "";
	struct ts_err err = {0};
	struct stat st;

	(void)state;
	assert_int_equal(mkfifo(in_folder(folder, "pipe", path, sizeof(path)), 0600), 0);
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(ts_file_write(path, "hello", 5, &err), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(read(fd, text, sizeof(text)), 5);
	assert_string_equal(text, "hello");
	close(fd);
	remove_folder(folder);
}

/* With standard output on a full disk. Catches: "-" taken for a file, an error that is lost, a sentence without advice.
 */
static void a_full_standard_output_is_an_error(void **state)
{
	struct ts_err err = {0};
	int full = open("/dev/full", O_WRONLY), kept = dup(STDOUT_FILENO), result;

	(void)state;
	fflush(stdout);
	assert_true(full >= 0 && kept >= 0);
	dup2(full, STDOUT_FILENO);
	result = ts_file_write("-", "x", 1, &err);
	dup2(kept, STDOUT_FILENO);
	close(full);
	close(kept);
	assert_int_equal(result, -ENOSPC);
	assert_string_equal(err.text,
	                    "cannot write standard output: No space left on device; free some space or choose "
	                    "another folder");
}

/* Catches: a link that is replaced by a file, a mode that only the owner can read, a sentence without advice. */
static void special_targets(void **state)
{
	char *folder = new_folder(), file[128], link[128], path[128];
	struct ts_err err = {0};
	struct stat st;
	mode_t mask = umask(022);

	(void)state;
	in_folder(folder, "file", file, sizeof(file));
	assert_int_equal(ts_file_write(file, "x", 1, &err), 0);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(symlink("file", in_folder(folder, "link", link, sizeof(link))), 0);
	assert_int_equal(ts_file_write(link, "longer", 6, &err), 0);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_size, 6);

	assert_int_equal(ts_file_write(in_folder(folder, "none/a", path, sizeof(path)), "x", 1, &err), -ENOENT);
	assert_non_null(strstr(err.text, "make the folder first"));
	assert_int_equal(ts_file_write(folder, "x", 1, &err), -EISDIR);
	assert_int_equal(n_files(folder), 2);
	umask(mask);
	remove_folder(folder);
}

/* --- loading --- */

static void files_that_cannot_be_read(void **state)
{
	char *folder = new_folder(), path[128];
	struct ts_err err = {0};

	(void)state;
	assert_null(ts_json_load(in_folder(folder, "none.json", path, sizeof(path)), &err));
	assert_non_null(strstr(err.text, "none.json: cannot open it: No such file or directory"));
	assert_null(ts_json_load(folder, &err));
	assert_non_null(strstr(err.text, "cannot read it: Is a directory"));
	assert_int_equal(err.exit_status, TS_EXIT_ENVIRON);
	remove_folder(folder);
}

/* 300 KB through a pipe on standard input. Catches: one read(2) taken for the whole, a buffer that does not grow. */
static void standard_input_is_read_to_its_end(void **state)
{
	int fds[2], kept = dup(STDIN_FILENO);
	struct ts_err err = {0};

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	if (child == 0) {
		FILE *out = fdopen(fds[1], "w");
		fputs("[0", out);
		for (int i = 1; i < 50000; i++)
			fprintf(out, ",%d", i);
		fputs("]\n", out);
		fclose(out);
		_exit(0);
	}
	close(fds[1]);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	cJSON *root = ts_json_load("-", &err);
	dup2(kept, STDIN_FILENO);
	close(kept);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_non_null(root);
	assert_int_equal(cJSON_GetArraySize(root), 50000);
	assert_int_equal(ts_json_int(root, "[49999]", -1), 49999);
	cJSON_Delete(root);
}

/* A sparse file above the limit. Catches: reading it all, or a length that wraps. */
static void a_huge_file_is_refused(void **state)
{
	char *folder = new_folder(), path[128];
	struct ts_err err = {0};
	int fd = open(in_folder(folder, "huge.json", path, sizeof(path)), O_WRONLY | O_CREAT, 0600);

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)TS_JSON_MAX_BYTES * 16), 0);
	close(fd);
	assert_null(ts_json_load(path, &err));
	assert_non_null(strstr(err.text, "huge.json: line 1, column 1: larger than 256 MiB"));
	remove_folder(folder);
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
	        cmocka_unit_test(numbers_come_back),
	        cmocka_unit_test(the_text_is_as_agreed),
	        cmocka_unit_test(printable_bytes),
	        cmocka_unit_test(a_failed_write_changes_nothing),
	        cmocka_unit_test(a_pipe_is_written_to_and_not_replaced),
	        cmocka_unit_test(a_full_standard_output_is_an_error),
	        cmocka_unit_test(special_targets),
	        cmocka_unit_test(files_that_cannot_be_read),
	        cmocka_unit_test(standard_input_is_read_to_its_end),
	        cmocka_unit_test(a_huge_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

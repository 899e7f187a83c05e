/* What ts_opt prints and how it leaves: --help, --version, --dump-options, and the abort for rows that contradict. */
#include "ts_opt.h"
#include "unit.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct settings {
	int64_t n;
	const char *text;
	int mode, pace;
	bool flag, other;
};
#define AT(field) offsetof(struct settings, field)

static const struct ts_opt rows[] = {
        {TS_OPT_GROUP, .help = "Load:"},
        {TS_OPT_COUNT, "connections", 'c', "N", "1", "1", "1000000", .offset = AT(n),
         .help = "how many connections are open at one time, each of which sends its next request after the reply"},
        {TS_OPT_CHOICE, "mode", 'm', NULL, "fast", .choices = "fast|slow", .offset = AT(mode), .help = "how it goes"},
        {TS_OPT_CHOICE, "pace-of-the-requests-to-come", 0, "NAME", .choices = "timer|tick", .offset = AT(pace),
         .help = "what wakes us, in µs"},
        {TS_OPT_GROUP, .help = "Report"},
        {TS_OPT_TEXT, "json", 0, "FILE", .offset = AT(text), .help = "write the result there"},
        {TS_OPT_FLAG, "secret", 0, .offset = AT(other), .help = "not shown", .hidden = true},
        {TS_OPT_FLAG, "human", 'h', .offset = AT(flag), .help = "takes the letter h"},
        {.type = TS_OPT_END},
};
static const struct ts_opt_program program = {
        .name = "tsx",
        .operands = "URI...",
        .max_operands = 9,
        .summary = "send requests and time the replies",
        .details =
                "A long line of prose that is wrapped where the terminal ends, and not a word earlier than that.\n\n"
                "Examples:\n  tsx -c 3 tcp:        this is not wrapped, however long it is, so that it can be copied\n",
        .options = rows,
};

/* Run `argv` of `p` in a child and return its wait status; standard output and error land in `out`. */
static int run(const struct ts_opt_program *p, const char *word, char *out, size_t size)
{
	char *argv[] = {(char *)p->name, (char *)word, NULL};
	struct ts_opt_list operands = {0};
	struct settings set = {0};
	struct ts_err err = {0};
	int ends[2], status;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		signal(SIGABRT, SIG_DFL);
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		_exit(ts_opt_parse(p, word ? 2 : 1, argv, &set, &operands, NULL, &err) < 0 ? 2 : 77);
	}
	close(ends[1]);
	while (n < size - 1 && (got = read(ends[0], out + n, size - 1 - n)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void leaves_with_0(const char *word, const char *expected)
{
	char out[8000];
	int status = run(&program, word, out, sizeof out);

	assert_string_equal(out, expected);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Catches: a text that nobody can read, taken for a good end. Such an error comes back to the caller. */
static void an_output_that_is_full_is_an_error(void **state)
{
	static const char *const words[] = {"--help", "--version", "--dump-options"};

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		char *argv[] = {(char *)"tsx", (char *)words[i], NULL};
		struct ts_opt_list operands = {0};
		struct settings set = {0};
		struct ts_err err = {0};
		int full = open("/dev/full", O_WRONLY), saved = dup(STDOUT_FILENO);

		fflush(stdout);
		dup2(full, STDOUT_FILENO);
		int result = ts_opt_parse(&program, 2, argv, &set, &operands, NULL, &err);
		dup2(saved, STDOUT_FILENO);
		close(saved);
		close(full);
		clearerr(stdout);
		assert_int_equal(result, -ENOSPC);
		assert_int_equal(err.exit_status, TS_EXIT_ENVIRON);
		assert_string_equal(err.text, "cannot write to standard output: No space left on device");
	}
}

static void help_is_this_text(void **state)
{
	(void)state;
	unsetenv("COLUMNS");
	leaves_with_0("--help",
	              "Usage: tsx [OPTION]... URI...\n"
	              "Send requests and time the replies.\n"
	              "\n"
	              "Load:\n"
	              "  -c, --connections=N   how many connections are open at one time, each of which\n"
	              "                        sends its next request after the reply (1 to 1000000)\n"
	              "                        [1]\n"
	              "  -m, --mode=fast|slow  how it goes [fast]\n"
	              "      --pace-of-the-requests-to-come=NAME\n"
	              "                        what wakes us, in µs (timer, tick)\n"
	              "\n"
	              "Report:\n"
	              "      --json=FILE       write the result there\n"
	              "  -h, --human           takes the letter h\n"
	              "\n"
	              "Help:\n"
	              "      --help            print this text\n"
	              "  -V, --version         print the version\n"
	              "\n"
	              "A long line of prose that is wrapped where the terminal ends, and not a word\n"
	              "earlier than that.\n"
	              "\n"
	              "Examples:\n"
	              "  tsx -c 3 tcp:        this is not wrapped, however long it is, so that it can be copied\n");
}

/* No line but the example is wider than the terminal says; nonsense in COLUMNS is 80. */
static void help_fits_the_terminal(void **state)
{
	static const struct {
		const char *columns;
		size_t width;
	} cases[] = {{"60", 60}, {"70", 70},   {"77", 77}, {"100", 100},
	             {"0", 80},  {"wide", 80}, {"-3", 80}, {"99999999", 80}};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		char out[8000], *rest = out, *line;
		size_t widest = 0;

		setenv("COLUMNS", cases[i].columns, 1);
		run(&program, "--help", out, sizeof out);
		assert_non_null(strstr(out, "(1 to 1000000)")); /* a range is not torn apart */
		while ((line = strsep(&rest, "\n")) != NULL)
			if (strncmp(line, "  tsx", 5) != 0 && strlen(line) > widest)
				widest = strlen(line);
		assert_true(widest <= cases[i].width && widest > cases[i].width - 12);
	}
	unsetenv("COLUMNS");
}

static void version(void **state)
{
	(void)state;
	leaves_with_0("--version", "tsx " TSBENCH_VERSION "\n");
	leaves_with_0("-V", "tsx " TSBENCH_VERSION "\n");
}

static void a_taken_letter_is_no_help(void **state)
{
	char out[200];
	int status = run(&program, "-h", out, sizeof out);

	(void)state;
	assert_string_equal(out, "");
	assert_int_equal(WEXITSTATUS(status), 77); /* parsed, and went on */
}

static void rows_for_scripts(void **state)
{
	(void)state;
	leaves_with_0(
	        "--dump-options",
	        "\t\t\tgroup\t\t\tLoad:\n"
	        "connections\tc\tN\tcount\t1\t1..1000000\thow many connections are open at one time, each of which "
	        "sends its next request after the reply\n"
	        "mode\tm\tWORD\tchoice\tfast\tfast|slow\thow it goes\n"
	        "pace-of-the-requests-to-come\t\tNAME\tchoice\t\ttimer|tick\twhat wakes us, in µs\n"
	        "\t\t\tgroup\t\t\tReport\n"
	        "json\t\tFILE\ttext\t\t\twrite the result there\n"
	        "human\th\t\tflag\t\t\ttakes the letter h\n"
	        "\t\t\tgroup\t\t\tHelp:\n"
	        "help\t\t\tflag\t\t\tprint this text\n"
	        "version\tV\t\tflag\t\t\tprint the version\n");
}

/* Each table has one fault. Without the self check, the program would start and misbehave later. */
static void rows_that_contradict_abort(void **state)
{
#define ROW(...)                                                                                                       \
	{                                                                                                              \
		{__VA_ARGS__},                                                                                         \
		{                                                                                                      \
			.type = TS_OPT_END                                                                             \
		}                                                                                                      \
	}
	static const struct {
		const char *says;
		struct ts_opt rows[3];
	} cases[] = {
	        {"its min is above its max",
	         ROW(TS_OPT_COUNT, "n", 0, "N", NULL, "5", "4", .offset = AT(n), .help = "x")},
	        {"must be 1 to 4", ROW(TS_OPT_COUNT, "n", 0, "N", "5", "1", "4", .offset = AT(n), .help = "x")},
	        {"its min is no such value", ROW(TS_OPT_COUNT, "n", 0, "N", NULL, "1s", .offset = AT(n), .help = "x")},
	        {"its max is no such value",
	         ROW(TS_OPT_BYTES, "n", 0, "N", NULL, NULL, "1s", .offset = AT(n), .help = "x")},
	        {"only numbers have a range",
	         ROW(TS_OPT_TEXT, "n", 0, "N", NULL, "1", .offset = AT(text), .help = "x")},
	        {"must be one of a, b",
	         ROW(TS_OPT_CHOICE, "n", 0, "N", "c", .choices = "a|b", .offset = AT(mode), .help = "x")},
	        {"go together", ROW(TS_OPT_CHOICE, "n", 0, "N", .offset = AT(mode), .help = "x")},
	        {"go together", ROW(TS_OPT_TEXT, "n", 0, "N", .choices = "a", .offset = AT(text), .help = "x")},
	        {"has no help", ROW(TS_OPT_FLAG, "n", .offset = AT(flag))},
	        {"without dashes", ROW(TS_OPT_FLAG, "--n", .offset = AT(flag), .help = "x")},
	        {"without dashes", ROW(TS_OPT_FLAG, NULL, 'n', .offset = AT(flag), .help = "x")},
	        {"its key is no letter", ROW(TS_OPT_FLAG, "n", '-', .offset = AT(flag), .help = "x")},
	        {"a flag has no value", ROW(TS_OPT_FLAG, "n", 0, "N", .offset = AT(flag), .help = "x")},
	        {"needs a name for its value", ROW(TS_OPT_TEXT, "n", .offset = AT(text), .help = "x")},
	        {"every program has it", ROW(TS_OPT_FLAG, "help", .offset = AT(flag), .help = "x")},
	        {"every program has it", ROW(TS_OPT_FLAG, "dump-options", .offset = AT(flag), .help = "x")},
	        {"two rows have this name",
	         {{TS_OPT_FLAG, "n", .offset = AT(flag), .help = "x"},
	          {TS_OPT_FLAG, "n", .offset = AT(other), .help = "x"},
	          {.type = TS_OPT_END}}},
	        {"another row has its key",
	         {{TS_OPT_FLAG, "n", 'n', .offset = AT(flag), .help = "x"},
	          {TS_OPT_FLAG, "m", 'n', .offset = AT(other), .help = "x"},
	          {.type = TS_OPT_END}}},
	        {"another row has its field",
	         {{TS_OPT_FLAG, "n", .offset = AT(flag), .help = "x"},
	          {TS_OPT_TEXT, "m", 0, "M", .offset = AT(flag), .help = "x"},
	          {.type = TS_OPT_END}}},
	        {"another row has its field",
	         {{TS_OPT_COUNT, "n", 0, "N", "1", .help = "x"},
	          {TS_OPT_COUNT, "m", 0, "M", "2", .help = "x"},
	          {.type = TS_OPT_END}}},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		const struct ts_opt_program wrong = {.name = "tsx", .summary = "x", .options = cases[i].rows};
		char out[1000];
		int status = run(&wrong, NULL, out, sizeof out);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT || !strstr(out, cases[i].says))
			fail_msg("row %zu (%s): status %d, said \"%s\"", i, cases[i].says, status, out);
	}
}

static void operands_that_contradict_abort(void **state)
{
	const struct ts_opt_program wrong[] = {
	        {.name = "tsx", .summary = "x", .options = rows, .operands = "URI"},
	        {.name = "tsx", .summary = "x", .options = rows, .max_operands = 1},
	        {.name = "tsx",
	         .summary = "x",
	         .options = rows,
	         .operands = "URI",
	         .min_operands = 2,
	         .max_operands = 1},
	};

	(void)state;
	for (size_t i = 0; i < N(wrong); i++) {
		char out[1000];
		int status = run(&wrong[i], NULL, out, sizeof out);

		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
		assert_non_null(strstr(out, "(operands)"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(an_output_that_is_full_is_an_error),
	        cmocka_unit_test(help_is_this_text),
	        cmocka_unit_test(help_fits_the_terminal),
	        cmocka_unit_test(version),
	        cmocka_unit_test(a_taken_letter_is_no_help),
	        cmocka_unit_test(rows_for_scripts),
	        cmocka_unit_test(rows_that_contradict_abort),
	        cmocka_unit_test(operands_that_contradict_abort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

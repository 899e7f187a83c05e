/* The options table: every type, every default, range and wrong line. What is printed is in test_opt_print.c. */
#include "ts_clock.h"
#include "ts_opt.h"
#include "unit.h"
#include <sched.h>
#include <stdio.h>

struct settings {
	bool verbose, quiet, secret;
	int64_t n_workers, duration_ns, buffer_bytes, n_any;
	double rate_per_s, share;
	const char *json, *separator, *size;
	int mode, pace;
	struct ts_opt_list stages, listen;
	struct ts_opt_cpus cpus;
	size_t n_size; /* set by check_size */
};
#define AT(field) offsetof(struct settings, field)

static int check_size(const char *text, void *settings, struct ts_err *err)
{
	struct settings *set = settings;

	set->n_size = strlen(text);
	return strcmp(text, "wrong") == 0 ? ts_err_usage(err, "must be 64 or uniform:MIN:MAX") : 0;
}

static const struct ts_opt rows[] = {
        {TS_OPT_GROUP, .help = "Load:"},
        {TS_OPT_COUNT, "workers", 'w', "N", "4", "1", "1024", .offset = AT(n_workers), .help = "threads"},
        {TS_OPT_DURATION, "duration", 'd', "T", "10s", "1ms", "1h", .offset = AT(duration_ns), .help = "how long"},
        {TS_OPT_BYTES, "buffer", 'b', "BYTES", "64KiB", "1", "16MiB", .offset = AT(buffer_bytes), .help = "buffer"},
        {TS_OPT_RATE, "rate", 'r', "R", .min = "0.001", .offset = AT(rate_per_s), .help = "requests per second"},
        {TS_OPT_REAL, "share", 's', "X", "5%", .max = "100%", .offset = AT(share), .help = "share of it"},
        {TS_OPT_COUNT, "any-count", 0, "N", .offset = AT(n_any), .help = "any count"},
        {TS_OPT_GROUP, .help = "Rest:"},
        {TS_OPT_FLAG, "verbose", 'v', .offset = AT(verbose), .help = "say more"},
        {TS_OPT_FLAG, "quiet", 'q', .offset = AT(quiet), .help = "say less"},
        {TS_OPT_TEXT, "json", 0, "FILE", .offset = AT(json), .help = "where the result goes"},
        {TS_OPT_TEXT, "separator", 0, "TEXT", "", .offset = AT(separator), .help = "what stands between"},
        {TS_OPT_TEXT, "size", 0, "SPEC", "64", .offset = AT(size), .check = check_size, .help = "how much"},
        {TS_OPT_CHOICE, "mode", 'm', .fallback = "b", .choices = "a|b|long-word", .offset = AT(mode), .help = "which"},
        {TS_OPT_CHOICE, "pace", 0, "NAME", .choices = "timer|tick", .offset = AT(pace), .help = "which pace"},
        {TS_OPT_LIST, "stage", 0, "S", .offset = AT(stages), .help = "stages"},
        {TS_OPT_LIST, "listen", 'l', "URI", "tcp:", .offset = AT(listen), .help = "where"},
        {TS_OPT_CPUS, "cpus", 0, "LIST", .offset = AT(cpus), .help = "processors"},
        {.type = TS_OPT_END},
};
#define ROWS (N(rows) - 1)

static const struct ts_opt_program two = {"tstwo", "URI...", 1, 2, "do it", NULL, rows};
static const struct ts_opt_program none = {.name = "tsnone", .summary = "do it", .options = rows};

/* What one command line made of everything. */
struct outcome {
	struct settings set;
	struct ts_opt_list operands;
	struct ts_err err;
	bool given[ROWS];
	int result;
};

static void run_argv(struct outcome *o, const struct ts_opt_program *program, int argc, char **argv)
{
	memset(o, 0, sizeof *o);
	o->result = ts_opt_parse(program, argc, argv, &o->set, &o->operands, o->given, &o->err);
}

/* Words separated by '|'. They stay where they are until the next run, as argv's do. */
static void run(struct outcome *o, const struct ts_opt_program *program, const char *words)
{
	static char text[4096];
	char *argv[40], *before[40], *rest = text;
	int argc = 1;

	argv[0] = (char *)"program";
	strcpy(text, words);
	if (*words != '\0')
		while (rest != NULL)
			argv[argc++] = strsep(&rest, "|");
	argv[argc] = NULL;
	memcpy(before, argv, sizeof before);
	run_argv(o, program, argc, argv);
	assert_memory_equal(before, argv, (size_t)argc * sizeof *argv); /* not permuted */
}

static void release(struct outcome *o)
{
	ts_opt_list_release(&o->set.stages);
	ts_opt_list_release(&o->set.listen);
	ts_opt_list_release(&o->operands);
}

static void accepts(struct outcome *o, const struct ts_opt_program *program, const char *words)
{
	run(o, program, words);
	if (o->result != 0)
		fail_msg("%s: %s", words, o->err.text);
}

static void defaults(void **state)
{
	struct outcome o;

	(void)state;
	accepts(&o, &none, "");
	assert_int_equal(o.set.n_workers, 4);
	assert_int_equal(o.set.duration_ns, 10 * TS_S);
	assert_int_equal(o.set.buffer_bytes, 65536);
	assert_true(o.set.rate_per_s == 0);
	assert_true(o.set.share == 0.05);
	assert_false(o.set.verbose);
	assert_null(o.set.json);
	assert_string_equal(o.set.separator, "");
	assert_string_equal(o.set.size, "64");
	assert_int_equal(o.set.n_size, 2); /* the check saw the default, too */
	assert_int_equal(o.set.mode, 1);
	assert_int_equal(o.set.stages.n, 0);
	assert_int_equal(o.set.listen.n, 1);
	assert_int_equal(o.set.cpus.n, 0);
	for (size_t i = 0; i < ROWS; i++)
		assert_false(o.given[i]);
	release(&o);
}

static void every_type(void **state)
{
	struct outcome o;

	(void)state;
	accepts(&o, &none,
	        "--workers=1024|-d|1.5m|-b16MiB|--rate|12.5k|--share=100%|-vq|--json=-|--separator= "
	        "|--size=uniform:1:2|"
	        "--mode=long-word|--pace|tick|--stage=1|--stage=2|--stage=1|--cpus=0-2,7|--any-count=1M");
	assert_int_equal(o.set.n_workers, 1024);
	assert_int_equal(o.set.duration_ns, 90 * TS_S);
	assert_int_equal(o.set.buffer_bytes, 16777216);
	assert_true(o.set.rate_per_s == 12500);
	assert_true(o.set.share == 1);
	assert_true(o.set.verbose && o.set.quiet);
	assert_string_equal(o.set.json, "-");
	assert_string_equal(o.set.separator, " ");
	assert_int_equal(o.set.n_size, 11);
	assert_int_equal(o.set.mode, 2);
	assert_int_equal(o.set.pace, 1);
	assert_int_equal(o.set.stages.n, 3);
	assert_string_equal(o.set.stages.items[1], "2");
	assert_int_equal(o.set.cpus.n, 4);
	assert_int_equal(o.set.cpus.ids[3], 7);
	assert_int_equal(o.set.n_any, 1000000);
	assert_true(o.given[1] && o.given[8] && !o.given[0] && !o.given[16]);
	release(&o);
}

static void the_last_value_wins_and_a_flag_may_be_repeated(void **state)
{
	struct outcome o;

	(void)state;
	accepts(&o, &none, "-w3|-v|--workers=5|-vv|--cpus=0|--cpus=1|-l|a:|--listen=b:");
	assert_int_equal(o.set.n_workers, 5);
	assert_true(o.set.verbose);
	assert_int_equal(o.set.cpus.n, 1);
	assert_int_equal(o.set.cpus.ids[0], 1);
	assert_int_equal(o.set.listen.n, 2); /* the default is gone, both of the user's are there */
	assert_string_equal(o.set.listen.items[0], "a:");
	release(&o);
}

static void operands_and_options_mix(void **state)
{
	struct outcome o;

	(void)state;
	accepts(&o, &two, "-v|one|-w|7|two|-q");
	assert_int_equal(o.operands.n, 2);
	assert_string_equal(o.operands.items[0], "one");
	assert_string_equal(o.operands.items[1], "two");
	assert_true(o.set.verbose && o.set.quiet);
	assert_int_equal(o.set.n_workers, 7);
	release(&o);
	accepts(&o, &two, "-|--|--workers=0"); /* after -- all are operands; - is one always */
	assert_int_equal(o.operands.n, 2);
	assert_string_equal(o.operands.items[1], "--workers=0");
	release(&o);
}

static void long_names_may_be_short(void **state)
{
	struct outcome o;

	(void)state;
	accepts(&o, &none, "--w=3|--dur=1s|--verb|--si=8");
	assert_int_equal(o.set.n_workers, 3);
	assert_int_equal(o.set.duration_ns, TS_S);
	assert_true(o.set.verbose);
	release(&o);
}

/* Each line, and the whole sentence that it ends in. The first fault is the one that is named. */
static void wrong_lines(void **state)
{
	static const char *const cases[][2] = {
	        {"--workers=0", "--workers=0: must be 1 to 1024"},
	        {"-w|0", "--workers=0: must be 1 to 1024"},
	        {"--workers=1025", "--workers=1025: must be 1 to 1024"},
	        {"--workers=-3", "--workers=-3: must be a whole number such as 10, 50k or 1M; 1 to 1024"},
	        {"--workers", "--workers: needs a value, such as --workers=N"},
	        {"-w", "--workers: needs a value, such as --workers=N"},
	        {"-vw", "--workers: needs a value, such as --workers=N"},
	        {"--workers=", "--workers=: must be a whole number such as 10, 50k or 1M; 1 to 1024"},
	        {"--workers=2x", "--workers=2x: must be a whole number such as 10, 50k or 1M; 1 to 1024"},
	        {"--workers=1e30", "--workers=1e30: must be 1 to 1024"},
	        {"--any-count=1e30", "--any-count=1e30: too large: must be a whole number such as 10, 50k or 1M"},
	        {"--any-count=-1", "--any-count=-1: must be a whole number such as 10, 50k or 1M"},
	        {"--duration=0", "--duration=0: must be 1ms to 1h"},
	        {"--duration=5x", "--duration=5x: must be a time such as 10s, 500ms or 2m; 1ms to 1h"},
	        {"--buffer=17MiB", "--buffer=17MiB: must be 1 to 16MiB"},
	        {"--buffer=1.5", "--buffer=1.5: must be a size such as 64, 4k or 1MiB; 1 to 16MiB"},
	        {"--rate=0", "--rate=0: must be at least 0.001"},
	        {"--rate|-5", "--rate=-5: must be a rate such as 200, 50k or 10/ms; at least 0.001"},
	        {"--rate=nan", "--rate=nan: must be a rate such as 200, 50k or 10/ms; at least 0.001"},
	        {"--rate=inf", "--rate=inf: must be a rate such as 200, 50k or 10/ms; at least 0.001"},
	        {"--share=101%", "--share=101%: must be at most 100%"},
	        {"--mode=foo", "--mode=foo: must be one of a, b, long-word"},
	        {"--mode=long", "--mode=long: must be one of a, b, long-word"},
	        {"--mode=", "--mode=: must be one of a, b, long-word"},
	        {"--mode", "--mode: needs a value, such as --mode=a|b|long-word"},
	        {"--json=", "--json=: must not be empty"},
	        {"--stage=", "--stage=: must not be empty"},
	        {"--size=wrong", "--size=wrong: must be 64 or uniform:MIN:MAX"},
	        {"--cpus=0-", "--cpus=0-: must be processors such as 0, 0-3 or 0,2; each once, at most 256 of them"},
	        {"--verbose=yes", "--verbose=yes: takes no value"},
	        {"--bogus", "--bogus: unknown option; see --help"},
	        {"--bogus=3", "--bogus: unknown option; see --help"},
	        {"--wokers=3", "--wokers: unknown option; did you mean --workers? or see --help"},
	        {"--quite", "--quite: unknown option; did you mean --quiet? or see --help"},
	        {"--helpp", "--helpp: unknown option; did you mean --help? or see --help"},
	        {"--s=1", "--s: could be --share, --separator, --size, --stage; see --help"},
	        {"--ver", "--ver: could be --verbose, --version; see --help"},
	        {"-x", "-x: unknown option; see --help"},
	        {"-vxq", "-x: unknown option; see --help"},
	        {"-v|-w|3|-y|-x|--bogus", "-y: unknown option; see --help"},
	        {"---", "---: unknown option; see --help"},
	        {"-w|3000|--bogus", "--workers=3000: must be 1 to 1024"},
	        {"stray", "stray: unexpected operand: takes options only; see --help"},
	        {"--|-v", "-v: unexpected operand: takes options only; see --help"},
	};
	struct outcome o;

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		char words[200];

		strcpy(words, cases[i][0]);
		run(&o, &none, words);
		assert_int_equal(o.result, -EINVAL);
		assert_int_equal(o.err.exit_status, TS_EXIT_USAGE);
		assert_string_equal(o.err.text, cases[i][1]);
		release(&o);
	}
}

static void the_number_of_operands(void **state)
{
	struct outcome o;

	(void)state;
	run(&o, &two, "-v");
	assert_string_equal(o.err.text, "too few operands: URI... is needed; see --help");
	assert_int_equal(o.result, -EINVAL);
	release(&o);
	run(&o, &two, "a|b|c");
	assert_string_equal(o.err.text, "c: unexpected operand: at most 2 can be given (URI...); see --help");
	release(&o);
}

static void processors(void **state)
{
	static const char *const wrong[] = {"",   "-",    "a",     "0,", ",0", "0-",   "3-1",   "0,0", "0-2,1",
	                                    "-1", "1024", "0-256", " 0", "0 ", "0,,1", "99999", "+1",  "0x1"};
	struct outcome o;
	char words[40];

	(void)state;
	for (size_t i = 0; i < N(wrong); i++) {
		sprintf(words, "--cpus=%s", wrong[i]);
		run(&o, &none, words);
		if (o.result != -EINVAL)
			fail_msg("--cpus=%s passed", wrong[i]);
		release(&o);
	}
	accepts(&o, &none, "--cpus=0-255");
	assert_int_equal(o.set.cpus.n, 256);
	release(&o);
}

static void pinning(void **state)
{
	struct ts_opt_cpus some = {.n = 0}, absent = {.n = 1, .ids = {1023}};
	struct ts_err err = {0};
	cpu_set_t before, after;

	(void)state;
	sched_getaffinity(0, sizeof before, &before);
	assert_int_equal(ts_opt_cpus_pin(&some, &err), 0);
	while (!CPU_ISSET((size_t)some.ids[0], &before))
		some.ids[0]++;
	some.n = 1;
	assert_int_equal(ts_opt_cpus_pin(&some, &err), 0);
	sched_getaffinity(0, sizeof after, &after);
	assert_int_equal(CPU_COUNT(&after), 1);
	assert_true(CPU_ISSET((size_t)some.ids[0], &after));
	sched_setaffinity(0, sizeof before, &before);
	assert_int_equal(ts_opt_cpus_pin(&absent, &err), -EINVAL);
	assert_int_equal(err.exit_status, TS_EXIT_USAGE);
	assert_non_null(strstr(err.text, "--cpus: "));
	assert_non_null(strstr(err.text, "1023"));
	some.ids[some.n++] = 1023; /* fault caught: the kernel takes those that there are, and nothing was said */
	assert_int_equal(ts_opt_cpus_pin(&some, &err), -EINVAL);
	sched_setaffinity(0, sizeof before, &before);
}

static void choices(void **state)
{
	char buf[4];

	(void)state;
	assert_int_equal(ts_opt_choice_index("a|bb|c", "bb"), 1);
	assert_int_equal(ts_opt_choice_index("a|bb|c", "c"), 2);
	assert_int_equal(ts_opt_choice_index("a|bb|c", "b"), -1);
	assert_int_equal(ts_opt_choice_index("a|bb|c", ""), -1);
	assert_int_equal(ts_opt_choice_index("a|bb|c", "a|bb"), -1);
	assert_string_equal(ts_opt_choice_word("a|bb|c", 1, buf, sizeof buf), "bb");
	assert_string_equal(ts_opt_choice_word("a|bb|c", 2, buf, sizeof buf), "c");
	assert_string_equal(ts_opt_choice_word("a|bb|c", 3, buf, sizeof buf), "");
	assert_string_equal(ts_opt_choice_word("a|bb|c", -1, buf, sizeof buf), "");
	assert_string_equal(ts_opt_choice_word("abcdef", 0, buf, sizeof buf), "abc");
}

/* Random words of the right kind: never a crash; a refusal always has its one line, and a pass obeys the ranges. */
static void noise_is_harmless(void **state)
{
	static const char *const pieces[] = {"-",    "--", "w",    "v", "workers", "=", "3", "0",
	                                     "rate", "s",  "mode", "b", "cpus",    "x", "\n"};
	struct outcome o;

	(void)state;
	srand48(3);
	for (int i = 0; i < 20000; i++) {
		char words[200] = "";

		for (int j = (int)(drand48() * 10); j >= 0; j--) {
			strcat(words, pieces[(size_t)(drand48() * N(pieces))]);
			if (drand48() < 0.3 && j > 0)
				strcat(words, "|");
		}
		run(&o, &two, words);
		if (o.result == 0)
			assert_true(o.set.n_workers >= 1 && o.operands.n >= 1 && o.operands.n <= 2);
		else
			assert_true(o.err.text[0] != '\0' && strchr(o.err.text, '\n') == NULL);
		release(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(defaults),
	        cmocka_unit_test(every_type),
	        cmocka_unit_test(the_last_value_wins_and_a_flag_may_be_repeated),
	        cmocka_unit_test(operands_and_options_mix),
	        cmocka_unit_test(long_names_may_be_short),
	        cmocka_unit_test(wrong_lines),
	        cmocka_unit_test(the_number_of_operands),
	        cmocka_unit_test(processors),
	        cmocka_unit_test(pinning),
	        cmocka_unit_test(choices),
	        cmocka_unit_test(noise_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The command line, over argp, which is kept silent (ARGP_NO_ERRS) because its messages take several lines and do not
 * say what is allowed. Odd: getopt then only says that something is wrong. But with ARGP_IN_ORDER nothing is permuted
 * and each good word ends in a callback, so the word at fault is the one that follows the last callback: `next` below.
 */
#include "ts_opt_inside.h"
#include "ts_stdout.h"
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BASE 0x1000 /* keys of rows without a letter: KEY_BASE + index */

const struct ts_opt ts_opt_common[] = {
        [TS_OPT_COMMON_GROUP] = {TS_OPT_GROUP, .help = "Help:"},
        [TS_OPT_COMMON_HELP] = {TS_OPT_FLAG, "help", .help = "print this text"},
        [TS_OPT_COMMON_VERSION] = {TS_OPT_FLAG, "version", .help = "print the version"},
        {.type = TS_OPT_END},
};

struct parse {
	const struct ts_opt_program *program;
	size_t n_rows;
	void *settings;
	struct ts_opt_list *operands;
	bool *given;  /* for each row */
	int next;     /* index of the word after the last one that was understood */
	bool refused; /* err says why */
	int result;
	struct ts_err *err;
};

int ts_opt_common_key(const struct ts_opt_program *program, size_t i)
{
	int key = i == TS_OPT_COMMON_HELP ? 'h' : i == TS_OPT_COMMON_VERSION ? 'V' : 0;

	for (const struct ts_opt *row = program->options; row->type != TS_OPT_END; row++)
		if (row->key == key)
			return 0;
	return key;
}

const struct ts_opt *ts_opt_row_of_key(const struct ts_opt_program *program, int key)
{
	for (const struct ts_opt *row = program->options; row->type != TS_OPT_END; row++)
		if (ts_opt_is_option(row) && row->key == key)
			return row;
	return NULL;
}

static size_t count_rows(const struct ts_opt_program *program)
{
	size_t n = 0;

	while (program->options[n].type != TS_OPT_END)
		n++;
	return n;
}

/* --- one word after the other ----------------------------------------------------------------------------------- */

static int take_value(struct parse *p, size_t i, const char *text)
{
	const struct ts_opt *row = &p->program->options[i];
	char prefix[VALUE_SHOWN + 80];
	int r;

	if (row->type == TS_OPT_LIST && !p->given[i]) /* the user's list replaces the default, and is then added to */
		((struct ts_opt_list *)((char *)p->settings + row->offset))->n = 0;
	p->given[i] = true;
	r = ts_opt_value_set(row, text, p->settings, p->err);
	if (r == 0)
		return 0;
	snprintf(prefix, sizeof prefix, "--%s=%.*s%s", row->name, VALUE_SHOWN, text,
	         strlen(text) > VALUE_SHOWN ? "..." : "");
	return ts_err_prefix(p->err, r, prefix);
}

static int take_operand(struct parse *p, const char *text)
{
	size_t max = p->program->max_operands;

	if (max == 0)
		return ts_err_usage(p->err, "%.*s: unexpected operand: takes options only; see --help", VALUE_SHOWN,
		                    text);
	if (p->operands->n == max)
		return ts_err_usage(p->err, "%.*s: unexpected operand: at most %zu can be given (%s); see --help",
		                    VALUE_SHOWN, text, max, p->program->operands);
	return ts_opt_list_add(p->operands, text) < 0 ? ts_err_set(p->err, ENOMEM, "out of memory") : 0;
}

static int check_operands(struct parse *p)
{
	if (p->operands == NULL || p->operands->n >= p->program->min_operands)
		return 0;
	return ts_err_usage(p->err, "too few operands: %s is needed; see --help", p->program->operands);
}

/* What was asked for is printed: exit, or say that nobody can read it. */
static int leave(struct ts_err *err)
{
	int rc = ts_stdout_flush();

	if (rc == 0)
		exit(TS_EXIT_OK);
	return ts_err_set(err, -rc, "cannot write to standard output: %s", strerror(-rc));
}

static size_t index_of_key(const struct parse *p, int key)
{
	const struct ts_opt *row = key < KEY_BASE ? ts_opt_row_of_key(p->program, key) : NULL;

	if (row != NULL)
		return (size_t)(row - p->program->options);
	if (key < KEY_BASE)
		return p->n_rows + (key == 'h' ? TS_OPT_COMMON_HELP : TS_OPT_COMMON_VERSION);
	return (size_t)key - KEY_BASE;
}

static int take_option(struct parse *p, size_t i, const char *text)
{
	if (i == p->n_rows + TS_OPT_COMMON_VERSION) {
		printf("%s %s\n", p->program->name, TSBENCH_VERSION);
		return leave(p->err);
	}
	if (i == p->n_rows + TS_OPT_COMMON_HELP) {
		ts_opt_print_help(p->program);
		return leave(p->err);
	}
	return take_value(p, i, text);
}

static error_t on_word(int key, char *text, struct argp_state *state)
{
	struct parse *p = state->input;
	int r;

	switch (key) {
	case ARGP_KEY_ERROR:
		if (!p->refused)
			p->result = ts_opt_refuse_word(p->program, state->argv[p->next], p->err);
		return 0;
	case ARGP_KEY_ARG: r = take_operand(p, text); break;
	case ARGP_KEY_END: r = check_operands(p); break;
	case ARGP_KEY_INIT:
	case ARGP_KEY_ARGS:
	case ARGP_KEY_NO_ARGS:
	case ARGP_KEY_SUCCESS:
	case ARGP_KEY_FINI: return key == ARGP_KEY_ARGS ? ARGP_ERR_UNKNOWN : 0;
	default: r = take_option(p, index_of_key(p, key), text);
	}
	p->next = state->next;
	if (r < 0) {
		p->refused = true;
		p->result = r;
		return EINVAL;
	}
	return 0;
}

/* --- the whole line --------------------------------------------------------------------------------------------- */

static void apply_defaults(struct parse *p)
{
	for (size_t i = 0; i < p->n_rows; i++) {
		const struct ts_opt *row = &p->program->options[i];
		struct ts_err why = {0};

		if (ts_opt_is_option(row) && row->fallback != NULL &&
		    ts_opt_value_set(row, row->fallback, p->settings, &why) < 0)
			ts_opt_refuse(p->program, row, why.text);
	}
}

/* argp's own table: the program's rows, --help and --version, and the zero row that ends it. */
static struct argp_option *argp_table(const struct parse *p)
{
	struct argp_option *table = calloc(p->n_rows + TS_OPT_COMMON_END, sizeof *table), *to = table;

	for (size_t i = 0; table != NULL && i < p->n_rows + TS_OPT_COMMON_END; i++) {
		bool own = i < p->n_rows;
		const struct ts_opt *row = own ? &p->program->options[i] : &ts_opt_common[i - p->n_rows];
		int key = own ? row->key : ts_opt_common_key(p->program, i - p->n_rows);

		if (!ts_opt_is_option(row))
			continue;
		to->name = row->name;
		to->key = key != 0 ? key : KEY_BASE + (int)i;
		to->arg = row->type == TS_OPT_FLAG ? NULL : "VALUE";
		to++;
	}
	return table;
}

/* --dump-options is for scripts. It is no row of argp's, so that --d stays short for something useful. */
static bool wants_rows(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--dump-options") == 0)
			return true;
	return false;
}

int ts_opt_parse(const struct ts_opt_program *program, int argc, char **argv, void *settings,
                 struct ts_opt_list *operands, bool *given, struct ts_err *err)
{
	struct parse p = {.program = program, .settings = settings, .operands = operands, .next = 1, .err = err};
	struct argp argp = {.parser = on_word};
	struct argp_option *table;

	p.n_rows = count_rows(program);
	ts_opt_check(program);
	apply_defaults(&p);
	if (wants_rows(argc, argv)) {
		ts_opt_print_rows(program);
		return leave(err);
	}
	table = argp_table(&p);
	p.given = calloc(p.n_rows + 1, sizeof *p.given);
	if (table == NULL || p.given == NULL) {
		p.result = ts_err_set(err, ENOMEM, "out of memory");
		goto free_all;
	}
	argp.options = table;
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_ERRS | ARGP_NO_HELP | ARGP_NO_EXIT, NULL, &p) != 0 &&
	    p.result == 0)
		p.result = ts_err_set(err, ENOMEM, "out of memory");
	if (given != NULL)
		memcpy(given, p.given, p.n_rows * sizeof *given);
free_all:
	free(p.given);
	free(table);
	return p.result;
}

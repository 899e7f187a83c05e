/*
 * Command lines: one table of typed options, over glibc's argp.
 *
 * A program declares a struct for its settings and a table of rows; each row says where its value goes (offset), how it
 * is written (type), its default as a text (parsed by the same code as the user's), its range and its sentence of help.
 * From the table come parsing, range errors, --help, --version, man pages and shell completions (--dump-options prints
 * the rows, tab-separated: name, key, argument, type, default, range (1..9) or choices (a|b), help; it is not shown in
 * --help).
 *
 * A wrong option ends in one line, `program: --workers=0: must be 1 to 1024`, by way of struct ts_err and exit
 * status 2. An empty value is refused, but for a text whose default is "" or that has a check of its own.
 *
 * The table is checked when it is used: a row that contradicts itself or another (default out of range, two rows of one
 * name, two defaults for one field) aborts at start, so the first run of any test finds it.
 *
 * Source: https://www.gnu.org/software/libc/manual/html_node/Argp.html
 */
#ifndef TS_OPT_H
#define TS_OPT_H

#include "ts_err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ts_opt_type {
	TS_OPT_GROUP,    /* no option: `help` is the heading of the rows that follow */
	TS_OPT_FLAG,     /* bool; takes no argument */
	TS_OPT_COUNT,    /* int64_t, ts_units_count */
	TS_OPT_DURATION, /* int64_t ns, ts_units_duration */
	TS_OPT_BYTES,    /* int64_t, ts_units_bytes */
	TS_OPT_RATE,     /* double per second, ts_units_rate */
	TS_OPT_REAL,     /* double, ts_units_percent: 0.05 or 5% */
	TS_OPT_TEXT,     /* const char *, borrowed from argv or from the row; NULL when there is no default */
	TS_OPT_CHOICE,   /* int: the index of the word in `choices` */
	TS_OPT_LIST,     /* struct ts_opt_list: may be given again, each adds one text */
	TS_OPT_CPUS,     /* struct ts_opt_cpus: "0", "0-3", "0,2"; n == 0: not given */
	TS_OPT_END       /* last row */
};

struct ts_opt_list {
	const char **items; /* borrowed texts in an owned array; released by ts_opt_list_release */
	size_t n;
};

struct ts_opt_cpus {
	size_t n;
	int ids[256]; /* in the order given */
};

/*
 * One row. name: long name without dashes. key: its one-letter name, or 0. arg: what --help calls the value, such as
 * "N". fallback: the default as the user would write it, or NULL: the field is then left as the caller initialised it
 * (0). min, max: inclusive bounds as texts in the row's unit, or NULL. choices: "a|b|c" for TS_OPT_CHOICE. offset:
 * offsetof() of the field in the settings struct. check: a further check of the text, or NULL; it may parse the text
 * into other fields of `settings`; it fills err with what is allowed ("must be 64, uniform:MIN:MAX ...") and returns
 * -EINVAL. help: one sentence, small first letter, no full stop; the default is appended by the printer.
 */
struct ts_opt {
	enum ts_opt_type type;
	const char *name;
	int key;
	const char *arg;
	const char *fallback;
	const char *min, *max;
	const char *choices;
	size_t offset;
	int (*check)(const char *text, void *settings, struct ts_err *err);
	const char *help;
	bool hidden;
};

struct ts_opt_program {
	const char *name;     /* "tsload" */
	const char *operands; /* "URI..." as --help shows it; NULL: none are taken */
	size_t min_operands, max_operands;
	const char *summary; /* one sentence: also the first line of the man page */
	const char *details; /* paragraphs printed after the options: examples, exit status; or NULL */
	const struct ts_opt *options;
};

/*
 * Parse argv into `settings` (zeroed by the caller) and the operands into `operands` (zeroed; release it in the end).
 * Defaults are applied first. --help, --version and --dump-options print on standard output and exit 0: this is the one
 * place outside main that exits. `given`, or NULL, receives for each row (by its index) whether the user gave it.
 * Errors: -EINVAL with err filled, exit status 2; another -errno, exit status 3, when standard output cannot take such
 * a text.
 */
int ts_opt_parse(const struct ts_opt_program *program, int argc, char **argv, void *settings,
                 struct ts_opt_list *operands, bool *given, struct ts_err *err);

void ts_opt_list_release(struct ts_opt_list *list);

/* Index of `word` in "a|b|c", or -1; and the i-th word into buf ("" past the end). */
int ts_opt_choice_index(const char *choices, const char *word);
const char *ts_opt_choice_word(const char *choices, int index, char *buf, size_t size);

/* Pin the calling thread to these processors, those of --cpus; no-op when cpus->n == 0. Returns 0 or -errno: -EINVAL,
 * which is wrong usage, when one of them is not there, or not ours to use. */
int ts_opt_cpus_pin(const struct ts_opt_cpus *cpus, struct ts_err *err);

#endif

/*
 * What the files of ts_opt share: ts_opt.c parses the line, ts_opt_wrong.c names its faults, ts_opt_value.c reads the
 * values, ts_opt_check.c looks for rows that contradict themselves, ts_opt_help.c prints.
 */
#ifndef TS_OPT_INSIDE_H
#define TS_OPT_INSIDE_H

#include "ts_opt.h"

#define VALUE_SHOWN 100 /* bytes of a value that a message repeats */

/* The rows that every program has; printed after the program's own. */
enum { TS_OPT_COMMON_GROUP, TS_OPT_COMMON_HELP, TS_OPT_COMMON_VERSION, TS_OPT_COMMON_END };
extern const struct ts_opt ts_opt_common[];

/* Their keys where the program has not taken the letter: --help 'h', --version 'V'; else 0. */
int ts_opt_common_key(const struct ts_opt_program *program, size_t i);

/* The row of a letter, or NULL. */
const struct ts_opt *ts_opt_row_of_key(const struct ts_opt_program *program, int key);

/* A row that a user may give, unlike a heading. */
static inline bool ts_opt_is_option(const struct ts_opt *row)
{
	return row->type != TS_OPT_GROUP && row->type != TS_OPT_END;
}

/* --- ts_opt_value.c: one entry for each enum ts_opt_type ------------------------------------------------------- */

const char *ts_opt_type_name(enum ts_opt_type type); /* "count", as --dump-options prints it */
bool ts_opt_type_has_range(enum ts_opt_type type);

/* Whether both texts are numbers of the type, and a is at most b. */
bool ts_opt_value_ordered(enum ts_opt_type type, const char *a, const char *b);

/*
 * Read `text` and put it into its field. Errors: -EINVAL, and err says only what is allowed, such as "must be 1 to
 * 1024": the caller puts the option and its value before it.
 */
int ts_opt_value_set(const struct ts_opt *row, const char *text, void *settings, struct ts_err *err);

int ts_opt_list_add(struct ts_opt_list *list, const char *item); /* 0 or -ENOMEM */

/* Say why getopt refused `word`. Returns -EINVAL. */
int ts_opt_refuse_word(const struct ts_opt_program *program, const char *word, struct ts_err *err);

/* --- the others ------------------------------------------------------------------------------------------------ */

/* Both abort: the first when a row contradicts itself, the second always, with a message that names the row. */
void ts_opt_check(const struct ts_opt_program *program);
_Noreturn void ts_opt_refuse(const struct ts_opt_program *program, const struct ts_opt *row, const char *fault);
void ts_opt_print_help(const struct ts_opt_program *program);
void ts_opt_print_rows(const struct ts_opt_program *program);

#endif

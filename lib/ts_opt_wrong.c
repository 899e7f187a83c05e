/*
 * What is wrong with a word that getopt refused: unknown, ambiguous, a value missing or too many. Called once, before
 * the program ends, so it may be slow.
 */
#include "ts_opt_inside.h"
#include <stdio.h>
#include <string.h>

/* The first option from `row` on: the program's own, then those that every program has; NULL at the end. */
static const struct ts_opt *option_from(const struct ts_opt *row)
{
	while (!ts_opt_is_option(row)) {
		if (row == &ts_opt_common[TS_OPT_COMMON_END])
			return NULL;
		row = row->type == TS_OPT_END ? ts_opt_common : row + 1;
	}
	return row;
}

/* How many single letters must change to make b of a: Levenshtein's distance, one row of its table at a time. */
static size_t distance(const char *a, size_t n_a, const char *b)
{
	size_t n_b = strlen(b), row[64];

	if (n_a >= 64 || n_b >= 64)
		return 64;
	for (size_t j = 0; j <= n_b; j++)
		row[j] = j;
	for (size_t i = 1; i <= n_a; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n_b; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			best = best < row[j] + 1 ? best : row[j] + 1;
			row[j] = best < row[j - 1] + 1 ? best : row[j - 1] + 1;
		}
	}
	return row[n_b];
}

static int refuse_unknown(const struct ts_opt_program *program, const char *name, size_t n, struct ts_err *err)
{
	size_t best_distance = n < 4 ? 2 : 3; /* what is farther off is not meant */
	const char *best = NULL;

	for (const struct ts_opt *row = option_from(program->options); row != NULL; row = option_from(row + 1)) {
		size_t d = row->hidden ? 64 : distance(name, n, row->name);

		if (d < best_distance) {
			best_distance = d;
			best = row->name;
		}
	}
	return ts_err_usage(err, "--%.*s: unknown option; %s%s%ssee --help", (int)(n < 60 ? n : 60), name,
	                    best ? "did you mean --" : "", best ? best : "", best ? "? or " : "");
}

static int refuse_ambiguous(const struct ts_opt_program *program, const char *name, size_t n, struct ts_err *err)
{
	char list[200] = "";
	size_t used = 0;

	for (const struct ts_opt *row = option_from(program->options); row != NULL; row = option_from(row + 1))
		if (strncmp(row->name, name, n) == 0 && used + strlen(row->name) + 8 < sizeof list)
			used += (size_t)snprintf(list + used, sizeof list - used, "%s--%s", used ? ", " : "",
			                         row->name);
	return ts_err_usage(err, "--%.*s: could be %s; see --help", (int)n, name, list);
}

static int refuse_missing(const struct ts_opt *row, struct ts_err *err)
{
	return ts_err_usage(err, "--%s: needs a value, such as --%s=%s", row->name, row->name,
	                    row->arg ? row->arg : row->choices);
}

/* getopt takes a name that is cut short when only one option begins so. `word` comes without its dashes. */
static int refuse_long(const struct ts_opt_program *program, const char *word, struct ts_err *err)
{
	size_t n = strcspn(word, "="), n_matches = 0;
	const struct ts_opt *match = NULL;

	for (const struct ts_opt *row = option_from(program->options); row != NULL; row = option_from(row + 1)) {
		if (strncmp(row->name, word, n) != 0)
			continue;
		match = row;
		n_matches++;
		if (strlen(row->name) == n) {
			n_matches = 1;
			break;
		}
	}
	if (n_matches == 0)
		return refuse_unknown(program, word, n, err);
	if (n_matches > 1)
		return refuse_ambiguous(program, word, n, err);
	if (match->type == TS_OPT_FLAG)
		return ts_err_usage(err, "--%s=%.*s: takes no value", match->name, VALUE_SHOWN, word + n + 1);
	return refuse_missing(match, err);
}

/* A cluster such as -ab: the first letter that is unknown, or else the last one, which lacks its value. */
static int refuse_short(const struct ts_opt_program *program, const char *letters, struct ts_err *err)
{
	for (; *letters != '\0'; letters++) {
		const struct ts_opt *row = ts_opt_row_of_key(program, (unsigned char)*letters);

		if (row != NULL && row->type != TS_OPT_FLAG)
			return refuse_missing(row, err);
		if (row == NULL && *letters != ts_opt_common_key(program, TS_OPT_COMMON_HELP) &&
		    *letters != ts_opt_common_key(program, TS_OPT_COMMON_VERSION))
			break;
	}
	return ts_err_usage(err, "-%c: unknown option; see --help", *letters);
}

int ts_opt_refuse_word(const struct ts_opt_program *program, const char *word, struct ts_err *err)
{
	return strncmp(word, "--", 2) == 0 ? refuse_long(program, word + 2, err) : refuse_short(program, word + 1, err);
}

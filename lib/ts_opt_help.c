/* What --help and --dump-options print. The form is the one that help2man reads. */
#include "ts_opt_inside.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GLUE       "\x1f" /* a blank that does not end a line */
#define COLUMN_MAX 30     /* where help begins at the latest; a longer option stands on a line of its own */

static size_t terminal_width(void)
{
	const char *text = getenv("COLUMNS");
	long width = text != NULL ? strtol(text, NULL, 10) : 0;

	return width >= 50 && width <= 160 ? (size_t)width : 80;
}

/* The columns a text takes: bytes that continue a UTF-8 character take none. */
static size_t columns(const char *text, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

/* Print `text` in lines of at most `width` columns. The first starts at column `at`, the others are indented. */
static void print_wrapped(const char *text, size_t at, size_t indent, size_t width)
{
	bool first = true;

	for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
		size_t n = strcspn(text, " "), n_columns = columns(text, n);

		if (!first && at + 1 + n_columns > width) {
			printf("\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			putchar(' ');
			at++;
		}
		for (size_t i = 0; i < n; i++)
			putchar(text[i] == GLUE[0] ? ' ' : text[i]);
		at += n_columns;
		text += n;
		first = false;
	}
	putchar('\n');
}

/* "  -c, --connections=N" */
static void option_text(const struct ts_opt *row, int key, char *buf, size_t size)
{
	char letter[8] = "    ";
	const char *arg = row->arg != NULL ? row->arg : row->choices;

	if (key != 0)
		snprintf(letter, sizeof letter, "-%c, ", key);
	snprintf(buf, size, "  %s--%s%s%s", letter, row->name, arg ? "=" : "", arg ? arg : "");
}

/* Append to a text of `size` bytes, of which *n are used; what does not fit is dropped. */
static void append(char *buf, size_t size, size_t *n, const char *format, ...) __attribute__((format(printf, 4, 5)));
static void append(char *buf, size_t size, size_t *n, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(buf + *n, size - *n, format, args);
	va_end(args);
	*n += strlen(buf + *n);
}

/* The sentence, what is allowed, and the default: "clients to serve (1 to 1024) [4]", "what to do (go, stop) [go]". */
static void help_text(const struct ts_opt *row, char *buf, size_t size)
{
	size_t n = 0;

	append(buf, size, &n, "%s", row->help);
	if (row->choices != NULL && row->arg != NULL) {
		append(buf, size, &n, " (");
		for (const char *at = row->choices; *at != '\0'; at++)
			if (*at == '|')
				append(buf, size, &n, ", ");
			else
				append(buf, size, &n, "%c", *at);
		append(buf, size, &n, ")");
	}
	if (row->min != NULL && row->max != NULL)
		append(buf, size, &n, " (%s" GLUE "to" GLUE "%s)", row->min, row->max);
	else if (row->min != NULL || row->max != NULL)
		append(buf, size, &n, " (at" GLUE "%s" GLUE "%s)", row->min ? "least" : "most",
		       row->min ? row->min : row->max);
	if (row->fallback != NULL && row->fallback[0] != '\0')
		append(buf, size, &n, " [%s]", row->fallback);
}

static void print_row(const struct ts_opt *row, int key, size_t column, size_t width)
{
	char option[200], help[1200];
	size_t n;

	if (row->type == TS_OPT_GROUP) {
		size_t n_help = strlen(row->help);
		printf("\n%s%s\n", row->help, row->help[n_help - 1] == ':' ? "" : ":");
		return;
	}
	option_text(row, key, option, sizeof option);
	help_text(row, help, sizeof help);
	n = columns(option, strlen(option));
	if (n + 2 > column)
		printf("%s\n%*s", option, (int)column, "");
	else
		printf("%-*s", (int)column, option);
	print_wrapped(help, column, column, width);
}

/* The column where help begins: two after the longest option that is not too long. */
static size_t help_column(const struct ts_opt_program *program)
{
	size_t longest = 20;
	char option[200];

	for (const struct ts_opt *row = program->options; row->type != TS_OPT_END; row++) {
		if (!ts_opt_is_option(row) || row->hidden)
			continue;
		option_text(row, row->key, option, sizeof option);
		if (strlen(option) + 2 <= COLUMN_MAX && strlen(option) + 2 > longest)
			longest = strlen(option) + 2;
	}
	return longest;
}

/* Paragraphs: a line that begins with a blank is an example and is printed as it stands; others are wrapped. */
static void print_details(const char *details, size_t width)
{
	char line[1000];

	putchar('\n');
	while (*details != '\0') {
		size_t n = strcspn(details, "\n");

		snprintf(line, sizeof line, "%.*s", (int)n, details);
		if (line[0] == ' ')
			printf("%s\n", line);
		else
			print_wrapped(line, 0, 0, width);
		details += n + (details[n] == '\n');
	}
}

/* The summary as a sentence: the row has it with a small letter and no full stop, as a man page's
 * NAME line wants it. */
static void print_summary(const char *summary, size_t width)
{
	char sentence[1000];
	size_t n = strlen(summary);

	snprintf(sentence, sizeof sentence, "%s%s", summary, n > 0 && summary[n - 1] == '.' ? "" : ".");
	if (sentence[0] >= 'a' && sentence[0] <= 'z')
		sentence[0] = (char)(sentence[0] - 'a' + 'A');
	print_wrapped(sentence, 0, 0, width);
}

void ts_opt_print_help(const struct ts_opt_program *program)
{
	size_t width = terminal_width(), column = help_column(program);

	printf("Usage: %s [OPTION]...%s%s\n", program->name, program->operands ? " " : "",
	       program->operands ? program->operands : "");
	print_summary(program->summary, width);
	for (const struct ts_opt *row = program->options; row->type != TS_OPT_END; row++)
		if (!row->hidden)
			print_row(row, row->key, column, width);
	for (size_t i = 0; ts_opt_common[i].type != TS_OPT_END; i++)
		print_row(&ts_opt_common[i], ts_opt_common_key(program, i), column, width);
	if (program->details != NULL)
		print_details(program->details, width);
}

static void dump_row(const struct ts_opt *row, int key)
{
	char letter[2] = {(char)key, '\0'};
	const char *arg = row->type == TS_OPT_CHOICE && row->arg == NULL ? "WORD" : row->arg;

	printf("%s\t%s\t%s\t%s\t%s\t", row->name ? row->name : "", letter, arg ? arg : "", ts_opt_type_name(row->type),
	       row->fallback ? row->fallback : "");
	if (row->choices != NULL)
		printf("%s", row->choices);
	else if (row->min != NULL || row->max != NULL)
		printf("%s..%s", row->min ? row->min : "", row->max ? row->max : "");
	printf("\t%s\n", row->help);
}

void ts_opt_print_rows(const struct ts_opt_program *program)
{
	for (const struct ts_opt *row = program->options; row->type != TS_OPT_END; row++)
		if (!row->hidden)
			dump_row(row, row->key);
	for (size_t i = 0; ts_opt_common[i].type != TS_OPT_END; i++)
		dump_row(&ts_opt_common[i], ts_opt_common_key(program, i));
}

#include "table.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const looks[] = {"", "\033[32m", "\033[31m", "\033[2m"};

void table_init(struct table *t, const char *const *titles, size_t n_columns)
{
	memset(t, 0, sizeof(*t));
	t->n_columns = n_columns;
	memcpy(t->titles, titles, n_columns * sizeof(*titles));
}

void table_release(struct table *t)
{
	for (size_t i = 0; i < t->n_rows * t->n_columns; i++)
		free(t->cells[i].text);
	free(t->cells);
	memset(t, 0, sizeof(*t));
}

void table_row(struct table *t)
{
	size_t n = t->n_rows * t->n_columns;
	struct table_cell *more = realloc(t->cells, (n + t->n_columns) * sizeof(*more));

	if (!more) {
		t->failed = true;
		return;
	}
	memset(more + n, 0, t->n_columns * sizeof(*more));
	t->cells = more;
	t->n_rows++;
}

void table_set(struct table *t, size_t column, enum table_look look, const char *format, ...)
{
	struct table_cell *cell;
	va_list args;

	if (t->failed)
		return;
	cell = &t->cells[(t->n_rows - 1) * t->n_columns + column];
	free(cell->text);
	va_start(args, format);
	if (vasprintf(&cell->text, format, args) < 0) {
		cell->text = NULL;
		t->failed = true;
	}
	va_end(args);
	cell->look = look;
}

/* Characters, not bytes: the second and later bytes of a UTF-8 character are 10xxxxxx. */
static size_t width_of(const char *text)
{
	size_t n = 0;

	for (; text && *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static bool to_left(const struct table *t, size_t column)
{
	return t->titles[column][0] == '<';
}

static const char *title_of(const struct table *t, size_t column)
{
	return t->titles[column] + to_left(t, column);
}

static void print_cell(FILE *out, const char *text, size_t width, bool left, bool last, const char *look)
{
	size_t n = width_of(text);
	int pad = n < width ? (int)(width - n) : 0;

	if (!left)
		fprintf(out, "%*s", pad, "");
	fprintf(out, "%s%s%s", look, text ? text : "", look[0] ? "\033[0m" : "");
	if (!last)
		fprintf(out, "%*s", left ? pad + 2 : 2, "");
}

int table_print(const struct table *t, FILE *out, bool colour)
{
	size_t widths[TABLE_COLUMNS_MAX];

	if (t->failed)
		return -ENOMEM;
	for (size_t c = 0; c < t->n_columns; c++) {
		widths[c] = width_of(title_of(t, c));
		for (size_t r = 0; r < t->n_rows; r++) {
			size_t n = width_of(t->cells[r * t->n_columns + c].text);

			widths[c] = n > widths[c] ? n : widths[c];
		}
	}
	for (size_t c = 0; c < t->n_columns; c++)
		print_cell(out, title_of(t, c), widths[c], to_left(t, c), c + 1 == t->n_columns,
		           colour ? "\033[1m" : "");
	fputc('\n', out);
	for (size_t r = 0; r < t->n_rows; r++) {
		for (size_t c = 0; c < t->n_columns; c++) {
			const struct table_cell *cell = &t->cells[r * t->n_columns + c];

			print_cell(out, cell->text, widths[c], to_left(t, c), c + 1 == t->n_columns,
			           colour ? looks[cell->look] : "");
		}
		fputc('\n', out);
	}
	return 0;
}

bool table_colour(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(out)) && !(no_color && no_color[0]) && !(term && strcmp(term, "dumb") == 0);
}

/*
 * A table for a terminal: columns as wide as their longest text, numbers to the right, colour only where it is wanted.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 64

enum table_look { TABLE_PLAIN, TABLE_GOOD, TABLE_BAD, TABLE_FAINT };

struct table {
	size_t n_columns, n_rows;
	const char *titles[TABLE_COLUMNS_MAX]; /* borrowed; one that begins with '<' is set to the left */
	struct table_cell {
		char *text; /* owned; NULL is "" */
		enum table_look look;
	} * cells;
	bool failed; /* out of memory: nothing will be printed */
};

void table_init(struct table *t, const char *const *titles, size_t n_columns);
void table_release(struct table *t);

/* Begin a row, then set its cells. */
void table_row(struct table *t);
void table_set(struct table *t, size_t column, enum table_look look, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* Returns 0 or -ENOMEM. */
int table_print(const struct table *t, FILE *out, bool colour);

/* Is colour wanted on this stream? Only on a terminal, and not with NO_COLOR (https://no-color.org) or TERM=dumb. */
bool table_colour(FILE *out);

#endif

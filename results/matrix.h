/*
 * Conformance results of several servers, side by side: a row for each case, a column for each server. Pure.
 * The cases are those of all results, in the order in which they first appear. A server that did not run a case has
 * none.
 */
#ifndef MATRIX_H
#define MATRIX_H

#include <cjson/cJSON.h>
#include <stddef.h>

struct matrix {
	const char *const *names;      /* of the servers; borrowed */
	const cJSON *const *documents; /* tsbench.conform/1, checked; borrowed */
	size_t n;
	const cJSON **rows; /* each case as it first appears; owned array */
	size_t n_rows;
	const cJSON **cells; /* n_rows x n; NULL where the server did not run the case; owned array */
};

/* 0 or -ENOMEM. Release it in any case. */
int matrix_make(struct matrix *m, const cJSON *const *documents, const char *const *names, size_t n);
void matrix_release(struct matrix *m);

/* "pass", "fail", "warn", "skip", "error", or "-". */
const char *matrix_status(const struct matrix *m, size_t row, size_t server);

#endif

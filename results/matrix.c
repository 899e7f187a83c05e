#include "matrix.h"
#include "ts_json.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t find_row(const struct matrix *m, const char *id)
{
	size_t i = 0;

	while (i < m->n_rows && strcmp(ts_json_text(m->rows[i], "id", ""), id) != 0)
		i++;
	return i;
}

int matrix_make(struct matrix *m, const cJSON *const *documents, const char *const *names, size_t n)
{
	size_t most = 0;
	const cJSON *item;

	*m = (struct matrix){.names = names, .documents = documents, .n = n};
	for (size_t i = 0; i < n; i++)
		most += (size_t)cJSON_GetArraySize(ts_json_at(documents[i], "cases"));
	m->rows = calloc(most + 1, sizeof(cJSON *));
	m->cells = calloc(most * n + 1, sizeof(cJSON *));
	if (!m->rows || !m->cells)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		cJSON_ArrayForEach (item, ts_json_at(documents[i], "cases")) {
			size_t row = find_row(m, ts_json_text(item, "id", ""));

			if (row == m->n_rows)
				m->rows[m->n_rows++] = item;
			m->cells[row * n + i] = item;
		}
	return 0;
}

void matrix_release(struct matrix *m)
{
	free(m->rows);
	free(m->cells);
	m->rows = m->cells = NULL;
}

const char *matrix_status(const struct matrix *m, size_t row, size_t server)
{
	return ts_json_text(m->cells[row * m->n + server], "status", "-");
}

#include "lead.h"
#include "compare.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Those that served everybody, and rightly, in the same order. */
static size_t drop_unfit(const struct summary *s, size_t w, size_t *modes, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!summary_unfit(summary_cell(s, modes[i], w)))
			modes[kept++] = modes[i];
	return kept;
}

/* Each mode against the best, in the same order, rows[1] on: by the same rule as two runs. */
static bool measure(const struct lead *lead, const struct summary *s, size_t w, enum figure figure,
                    struct compare_row *rows)
{
	double *x = calloc(s->set->n_trials + 1, sizeof(double)), *y = calloc(s->set->n_trials + 1, sizeof(double));
	struct compare_row **alike = calloc(lead->n + 1, sizeof(void *));
	struct ts_random *random = ts_random_new(SUMMARY_SEED);
	bool ok = x && y && alike && random;
	size_t n_best = ok && lead->n > 0 ? summary_values(s, summary_cell(s, lead->modes[0], w), figure, x) : 0;

	for (size_t i = 1; ok && i < lead->n; i++) {
		size_t n = summary_values(s, summary_cell(s, lead->modes[i], w), figure, y);

		rows[i].floor = figure == FIGURE_RATE ? 0.10 : 0.05;
		compare_measure(&rows[i], figure, x, n_best, y, n, 1, random);
		alike[i - 1] = &rows[i];
	}
	if (ok && lead->n > 1)
		compare_moderate(alike, lead->n - 1);
	ts_random_free(random);
	free(alike);
	free(x);
	free(y);
	return ok;
}

/* Can it be told from the best? One comparison for each other mode is Bonferroni's correction. */
static bool is_behind(struct compare_row *row, size_t n_others)
{
	row->p_adjusted = row->p * (double)n_others;
	compare_decide(row, 0.05, 0);
	return row->verdict == COMPARE_SLOWER;
}

static struct ts_interval above_1(const struct ts_interval *r)
{
	return r->value < 1 ? (struct ts_interval){1 / r->value, 1 / r->high, 1 / r->low} : *r;
}

int lead_find(struct lead *lead, const struct summary *s, size_t w, enum figure figure)
{
	struct compare_row *rows = calloc(s->set->n_modes + 1, sizeof(*rows));
	size_t at = 1;
	int rc = 0;

	*lead = (struct lead){.modes = calloc(s->set->n_modes + 1, sizeof(*lead->modes)), .ratio = {NAN, NAN, NAN}};
	if (rows && lead->modes) {
		lead->n = summary_rank(s, w, figure, lead->modes);
		lead->n = drop_unfit(s, w, lead->modes, lead->n);
	}
	if (!rows || !lead->modes || !measure(lead, s, w, figure, rows))
		rc = -ENOMEM;
	while (rc == 0 && at < lead->n && !is_behind(&rows[at], s->set->n_modes - 1))
		at++;
	lead->n_level = at < lead->n ? at : lead->n;
	if (rc == 0 && at < lead->n)
		lead->ratio = above_1(&rows[at].ratio);
	free(rows);
	return rc;
}

void lead_release(struct lead *lead)
{
	free(lead->modes);
	lead->modes = NULL;
}

bool lead_is_clear(const struct lead *lead)
{
	return lead->n_level <= LEAD_NAMES_MAX && lead->n_level < lead->n;
}

const char *lead_names(const struct lead *lead, const struct summary *s, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < lead->n_level && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s",
		                      i == 0                   ? ""
		                      : i + 1 == lead->n_level ? " and "
		                                               : ", ",
		                      s->set->modes[lead->modes[i]].name);
	return buf;
}

#include "lead.h"
#include "compare.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Can b be told from a, the best? By the same rule as two runs: the floor, and the paired interval. */
static bool told_apart(const struct summary *s, size_t w, enum figure figure, size_t a, size_t b, double *x, double *y,
                       struct ts_interval *ratio)
{
	struct ts_random *random = ts_random_new(SUMMARY_SEED);
	struct compare_row row = {.floor = figure == FIGURE_RATE ? 0.10 : 0.05};
	size_t n = summary_values(s, summary_cell(s, a, w), figure, x);
	size_t m = summary_values(s, summary_cell(s, b, w), figure, y);

	if (!random)
		return false;
	compare_measure(&row, figure, x, n, y, m, random);
	row.p_adjusted = row.p * (double)(s->set->n_modes - 1); /* Bonferroni: one comparison for each other mode */
	compare_decide(&row, 0.05, 0);
	ts_random_free(random);
	*ratio = row.ratio;
	if (row.ratio.value < 1)
		*ratio = (struct ts_interval){1 / row.ratio.value, 1 / row.ratio.high, 1 / row.ratio.low};
	return row.verdict == COMPARE_SLOWER;
}

/* Those that served everybody, and rightly, in the same order. */
static size_t drop_unfit(const struct summary *s, size_t w, size_t *modes, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!summary_unfit(summary_cell(s, modes[i], w)))
			modes[kept++] = modes[i];
	return kept;
}

int lead_find(struct lead *lead, const struct summary *s, size_t w, enum figure figure)
{
	double *x = calloc(s->set->n_trials + 1, sizeof(double)), *y = calloc(s->set->n_trials + 1, sizeof(double));
	struct ts_interval ratio;

	*lead = (struct lead){.modes = calloc(s->set->n_modes + 1, sizeof(*lead->modes)), .ratio = {NAN, NAN, NAN}};
	if (!x || !y || !lead->modes) {
		free(x);
		free(y);
		return -ENOMEM;
	}
	lead->n = summary_rank(s, w, figure, lead->modes);
	lead->n = drop_unfit(s, w, lead->modes, lead->n);
	lead->n_level = lead->n > 0;
	for (size_t i = 1; i < lead->n; i++) {
		if (told_apart(s, w, figure, lead->modes[0], lead->modes[i], x, y, &ratio)) {
			lead->ratio = ratio;
			break;
		}
		lead->n_level++;
	}
	free(x);
	free(y);
	return 0;
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

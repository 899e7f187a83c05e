#include "answer.h"
#include "compare.h"
#include "show.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Who leads a workload by a figure: the best, those that cannot be told from it, and the first that can. */
struct lead {
	size_t *modes; /* ranked; the first n_level of them cannot be told apart */
	size_t n, n_level;
	double ratio; /* of the best to the first that is behind, above 1; NaN: nobody is */
};

/* Can b be told from a, the best? By the same rule as two runs: the floor, and the paired interval. */
static bool told_apart(const struct summary *s, size_t w, enum figure figure, size_t a, size_t b, double *x, double *y,
                       double *ratio)
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
	*ratio = row.ratio.value > 1 ? row.ratio.value : 1 / row.ratio.value;
	return row.verdict == COMPARE_SLOWER;
}

static int find_lead(struct lead *lead, const struct summary *s, size_t w, enum figure figure)
{
	double *x = calloc(s->set->n_trials + 1, sizeof(double)), *y = calloc(s->set->n_trials + 1, sizeof(double));
	double ratio;

	memset(lead, 0, sizeof(*lead));
	lead->modes = calloc(s->set->n_modes + 1, sizeof(*lead->modes));
	lead->ratio = NAN;
	if (!x || !y || !lead->modes) {
		free(x);
		free(y);
		return -ENOMEM;
	}
	lead->n = summary_rank(s, w, figure, lead->modes);
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

/* "epoll", "epoll and libev", "epoll, libev and 3 more" */
static void write_names(FILE *out, const struct summary *s, const struct lead *lead)
{
	size_t shown = lead->n_level <= 3 ? lead->n_level : 2;

	for (size_t i = 0; i < shown; i++)
		fprintf(out, "%s%s",
		        i == 0                   ? ""
		        : i + 1 == lead->n_level ? " and "
		                                 : ", ",
		        s->set->modes[lead->modes[i]].name);
	if (shown < lead->n_level)
		fprintf(out, " and %zu more", lead->n_level - shown);
}

static void write_lead(FILE *out, const struct summary *s, size_t w, enum figure figure, const struct lead *lead)
{
	char value[SHOW_MAX];
	const struct workload *workload = &s->set->workloads[w];

	show_figure(figure, summary_cell(s, lead->modes[0], w)->figures[figure].value, value, sizeof(value));
	fprintf(out, "under %s ", workload->id);
	if (lead->n_level == lead->n && lead->n > 1) {
		fprintf(out, "no mode can be told to lead (%s)", value);
		return;
	}
	write_names(out, s, lead);
	fprintf(out, lead->n_level > 1 ? " lead together (%s%s" : " leads (%s%s", value,
	        figure == FIGURE_RATE ? " a second" : "");
	if (!isnan(lead->ratio))
		fprintf(out, ", %.2g times as good as %s)", lead->ratio,
		        s->set->modes[lead->modes[lead->n_level]].name);
	else
		fputc(')', out);
}

enum choice { CLOSED_LOOP, OPEN_LOOP };

/* One sentence over all workloads of a kind: "Throughput: under crowd epoll leads (...); under ...". */
static int write_sentence(FILE *out, const struct summary *s, const char *head, enum choice choice, enum figure figure)
{
	int n = 0;

	for (size_t w = 0; w < s->set->n_workloads; w++) {
		const struct workload *workload = &s->set->workloads[w];
		struct lead lead;
		int rc = 0;

		if (workload->open_loop != (choice == OPEN_LOOP) || workload->group[0])
			continue;
		rc = find_lead(&lead, s, w, figure);
		if (rc == 0 && lead.n > 0) {
			fputs(n++ ? "; " : head, out);
			write_lead(out, s, w, figure, &lead);
		}
		free(lead.modes);
		if (rc < 0)
			return rc;
	}
	if (n > 0)
		fputs(".\n", out);
	return n;
}

/* How many modes, in how many workloads, left connections unserved or could not be measured. */
static void write_rest(FILE *out, const struct summary *s)
{
	size_t n_unserved = 0, n_gaps = 0;
	const struct cell *example = NULL;

	for (size_t i = 0; i < s->set->n_modes * s->set->n_workloads; i++) {
		const struct cell *cell = &s->cells[i];

		n_gaps += cell->n_trials > 0 && cell->n_ok < cell->n_trials;
		if (cell->figures[FIGURE_SERVED].value < cell->figures[FIGURE_OPENED].value) {
			double share = cell->figures[FIGURE_SERVED].value / cell->figures[FIGURE_OPENED].value;

			if (!example ||
			    share < example->figures[FIGURE_SERVED].value / example->figures[FIGURE_OPENED].value)
				example = cell;
			n_unserved++;
		}
	}
	if (example)
		fprintf(out, "Not everybody was served in %zu case%s: %s answered %.0f of %.0f connections under %s",
		        n_unserved, n_unserved == 1 ? "" : "s", s->set->modes[example->mode].name,
		        example->figures[FIGURE_SERVED].value, example->figures[FIGURE_OPENED].value,
		        s->set->workloads[example->workload].id);
	else
		fputs("Every connection was served in every case that was measured", out);
	if (n_gaps > 0)
		fprintf(out, "; %zu case%s failed or could not be measured in full.\n", n_gaps, n_gaps == 1 ? "" : "s");
	else
		fputs(".\n", out);
}

int answer_write(FILE *out, const struct summary *s, struct ts_err *err)
{
	int rc = write_sentence(out, s, "Throughput: ", CLOSED_LOOP, FIGURE_RATE);

	if (rc >= 0)
		rc = write_sentence(out, s, "Latency, p99 of an open loop: ", OPEN_LOOP, FIGURE_P99);
	if (rc < 0)
		return ts_err_set(err, ENOMEM, "no memory for the answer");
	write_rest(out, s);
	return 0;
}

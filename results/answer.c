#include "answer.h"
#include "compare.h"
#include "show.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 4 /* more than that share no lead: there is none */

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

/* Those that served everybody, in the same order. */
static size_t drop_unserved(const struct summary *s, size_t w, size_t *modes, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!summary_unserved(summary_cell(s, modes[i], w)))
			modes[kept++] = modes[i];
	return kept;
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
	lead->n = drop_unserved(s, w, lead->modes, lead->n);
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

/* "epoll", "epoll and libev", "epoll, libev and poll" */
static void write_names(FILE *out, const struct summary *s, const struct lead *lead)
{
	for (size_t i = 0; i < lead->n_level; i++)
		fprintf(out, "%s%s",
		        i == 0                   ? ""
		        : i + 1 == lead->n_level ? " and "
		                                 : ", ",
		        s->set->modes[lead->modes[i]].name);
}

/* What is asked of a figure: which workloads count, and how people say it. */
struct question {
	const char *head;
	enum figure figure;
	bool open_loop;          /* of workloads with an open loop; else of the others */
	const char *unit, *than; /* "a second"; "1.3 times KINDER THAN the next" */
};

static const struct question questions[] = {
        {"Throughput: ", FIGURE_RATE, false, " a second", "that of"},
        {"Latency (p99 when requests come at their own pace): ", FIGURE_P99, true, "", "quicker than"},
        {"Cost (processor time per request): ", FIGURE_CPU, false, "", "cheaper than"},
};

static void write_lead(FILE *out, const struct summary *s, size_t w, const struct question *q, const struct lead *lead)
{
	const char *workload = s->set->workloads[w].id;
	char value[SHOW_MAX];

	show_figure(q->figure, summary_cell(s, lead->modes[0], w)->figures[q->figure].value, value, sizeof(value));
	if (lead->n_level > NAMES_MAX || lead->n_level == lead->n) {
		fprintf(out, "nobody leads %s, where %zu of %zu cannot be told apart (the best: %s%s)", workload,
		        lead->n_level, lead->n, value, q->unit);
		return;
	}
	write_names(out, s, lead);
	fprintf(out, lead->n_level > 1 ? " share the lead in %s (%s%s" : " leads %s (%s%s", workload, value, q->unit);
	if (!isnan(lead->ratio))
		fprintf(out, ", %.1f times %s %s", lead->ratio, q->than,
		        s->set->modes[lead->modes[lead->n_level]].name);
	fputc(')', out);
}

/* One sentence over all workloads that count. Returns 0, or -ENOMEM. */
static int write_sentence(FILE *out, const struct summary *s, const struct question *q)
{
	int n = 0;

	for (size_t w = 0; w < s->set->n_workloads; w++) {
		const struct workload *workload = &s->set->workloads[w];
		struct lead lead;
		int rc;

		if (workload->open_loop != q->open_loop || workload->group[0])
			continue;
		rc = find_lead(&lead, s, w, q->figure);
		if (rc == 0 && lead.n > 1) {
			fputs(n++ ? "; " : q->head, out);
			write_lead(out, s, w, q, &lead);
		}
		free(lead.modes);
		if (rc < 0)
			return rc;
	}
	if (n > 0)
		fputs(".\n", out);
	return 0;
}

static double share_served(const struct cell *cell)
{
	return cell->figures[FIGURE_SERVED].value / cell->figures[FIGURE_OPENED].value;
}

/* Who left most without an answer, and how much is missing. */
static void write_note(FILE *out, const struct summary *s)
{
	size_t n_unserved = 0, n_gaps = 0;
	const struct cell *worst = NULL;

	for (size_t i = 0; i < s->set->n_modes * s->set->n_workloads; i++) {
		const struct cell *cell = &s->cells[i];

		n_gaps += cell->worst && cell->worst->status != TRIAL_SKIPPED;
		if (!summary_unserved(cell))
			continue;
		n_unserved++;
		if (!worst || share_served(cell) < share_served(worst))
			worst = cell;
	}
	if (n_unserved + n_gaps == 0)
		return;
	fputs("Note: ", out);
	if (worst)
		fprintf(out,
		        "not everybody was served in %zu case%s; %s, say, answered %.0f of %.0f connections in %s%s",
		        n_unserved, n_unserved == 1 ? "" : "s", s->set->modes[worst->mode].name,
		        worst->figures[FIGURE_SERVED].value, worst->figures[FIGURE_OPENED].value,
		        s->set->workloads[worst->workload].id, n_gaps ? "; " : "");
	if (n_gaps > 0)
		fprintf(out, "%zu case%s could not be measured, or not in full", n_gaps, n_gaps == 1 ? "" : "s");
	fputs(".\n", out);
}

static size_t most_trials(const struct summary *s)
{
	size_t most = 0;

	for (size_t i = 0; i < s->set->n_modes * s->set->n_workloads; i++)
		most = s->cells[i].n_ok > most ? s->cells[i].n_ok : most;
	return most;
}

int answer_write(FILE *out, const struct summary *s, struct ts_err *err)
{
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (write_sentence(out, s, &questions[i]) < 0)
			return ts_err_set(err, ENOMEM, "no memory for the answer");
	if (s->set->n_trials > 0 && most_trials(s) < 3)
		fputs("Note: with fewer than three trials nothing can be told apart; TRIALS=3 or SUITE=standard "
		      "measures more.\n",
		      out);
	write_note(out, s);
	return 0;
}

#include "answer.h"
#include "lead.h"
#include "show.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL_MAX 64 /* workloads in one clause */

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

/* "epoll and uring share the lead in crowd (20k a second, 1.3 times that of poll)". */
static void write_lead(FILE *out, const struct summary *s, size_t w, const struct question *q, const struct lead *lead)
{
	const char *workload = s->set->workloads[w].id;
	char value[SHOW_MAX], names[LEAD_NAMES_MAX * 80];

	show_figure(q->figure, summary_cell(s, lead->modes[0], w)->figures[q->figure].value, value, sizeof(value));
	if (!lead_is_clear(lead))
		fprintf(out, "in %s %zu of %zu are level", workload, lead->n_level, lead->n);
	else
		fprintf(out, "%s %s %s", lead_names(lead, s, names, sizeof(names)),
		        lead->n_level > 1 ? "share the lead in" : "leads", workload);
	fprintf(out, " (%s%s", value, q->unit);
	if (!isnan(lead->ratio.value))
		fprintf(out, ", %.1f times %s %s", lead->ratio.value, q->than,
		        s->set->modes[lead->modes[lead->n_level]].name);
	fputc(')', out);
}

/* The workloads in which nobody can be told from anybody, in one clause: "no difference shows in a, b and c". */
struct level {
	const char *ids[LEVEL_MAX];
	size_t n;
};

static void write_level(FILE *out, const struct level *level, int n_before, const struct question *q)
{
	if (level->n == 0)
		return;
	fprintf(out, "%sno difference shows in ", n_before ? "; " : q->head);
	for (size_t i = 0; i < level->n; i++)
		fprintf(out, "%s%s", i == 0 ? "" : i + 1 == level->n ? " and " : ", ", level->ids[i]);
}

/* One sentence over all workloads that count. Returns 0, or -ENOMEM. */
static int write_sentence(FILE *out, const struct summary *s, const struct question *q)
{
	struct level level = {.n = 0};
	int n = 0;

	for (size_t w = 0; w < s->set->n_workloads; w++) {
		const struct workload *workload = &s->set->workloads[w];
		struct lead lead;
		int rc;

		if (workload->open_loop != q->open_loop || workload->group[0])
			continue;
		rc = lead_find(&lead, s, w, q->figure);
		if (rc == 0 && lead.n > 1 && lead.n_level == lead.n && level.n < LEVEL_MAX) {
			level.ids[level.n++] = workload->id;
		} else if (rc == 0 && lead.n > 1) {
			fputs(n++ ? "; " : q->head, out);
			write_lead(out, s, w, q, &lead);
		}
		lead_release(&lead);
		if (rc < 0)
			return rc;
	}
	write_level(out, &level, n, q);
	if (n > 0 || level.n > 0)
		fputs(".\n", out);
	return 0;
}

static double share_served(const struct cell *cell)
{
	return cell->figures[FIGURE_SERVED].value / cell->figures[FIGURE_OPENED].value;
}

static double share_failed(const struct cell *cell)
{
	return cell->n_failed / fmax(cell->n_requests, 1);
}

/* Who left most without an answer, whose answers failed most, and how much is missing. */
static void write_note(FILE *out, const struct summary *s)
{
	size_t n_unserved = 0, n_failing = 0, n_gaps = 0;
	const struct cell *worst = NULL, *wrong = NULL;
	char failed[SHOW_MAX];

	for (size_t i = 0; i < s->set->n_modes * s->set->n_workloads; i++) {
		const struct cell *cell = &s->cells[i];

		n_gaps += cell->worst && cell->worst->status != TRIAL_SKIPPED;
		n_failing += summary_failing(cell);
		if (summary_failing(cell) && (!wrong || share_failed(cell) > share_failed(wrong)))
			wrong = cell;
		n_unserved += summary_unserved(cell);
		if (summary_unserved(cell) && (!worst || share_served(cell) < share_served(worst)))
			worst = cell;
	}
	if (n_unserved + n_failing + n_gaps == 0)
		return;
	fputs("Note: ", out);
	if (worst)
		fprintf(out,
		        "not everybody was served in %zu case%s; %s, say, answered %.0f of %.0f connections in %s%s",
		        n_unserved, n_unserved == 1 ? "" : "s", s->set->modes[worst->mode].name,
		        worst->figures[FIGURE_SERVED].value, worst->figures[FIGURE_OPENED].value,
		        s->set->workloads[worst->workload].id, n_failing + n_gaps ? "; " : "");
	if (wrong)
		fprintf(out, "answers failed in %zu case%s, of %s in %s, say, %s%s", n_failing,
		        n_failing == 1 ? "" : "s", s->set->modes[wrong->mode].name,
		        s->set->workloads[wrong->workload].id, show_failed(wrong, failed, sizeof(failed)),
		        n_gaps ? "; " : "");
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

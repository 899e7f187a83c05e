#include "compare.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESAMPLES   1000
#define LEAST_PAIRS 3   /* fewer decide nothing */
#define SIZE_PAIRS  6   /* fewer have no interval of their own, and decide by statistics alone */
#define STAT_SHARE  0.4 /* of the floor: what is smaller is no difference, whatever p says */
#define NOISE_CELLS 8   /* A/A needs so many cells to mean something */

const struct compare_figure compare_figures[COMPARE_FIGURES] = {
        {FIGURE_RATE, 0.10},
        {FIGURE_CPU, 0.05},
        {FIGURE_P50, 0.05},
};

const char *compare_verdict_text(enum compare_verdict verdict)
{
	static const char *const texts[] = {"faster", "slower", "same", "cannot be told"};

	return texts[verdict];
}

/* The distance of a ratio from 1, alike for twice and for half. */
static double distance(double ratio)
{
	return fabs(log(ratio));
}

const char *compare_words(const struct compare_row *row, char *buf, size_t size)
{
	double reach = fmax(fabs(row->ratio.low - 1), fabs(row->ratio.high - 1));

	if (row->other_rate)
		snprintf(buf, size, "other rates");
	else if (row->verdict == COMPARE_SAME)
		snprintf(buf, size, "the same within %.0f %%", ceil(reach * 100));
	else
		snprintf(buf, size, "%s", compare_verdict_text(row->verdict));
	return buf;
}

/* The logarithms of the pairs' ratios: their variance, and of few pairs the mean, which is then the row's ratio. */
static void measure_pairs(struct compare_row *row, const double *base, const double *head, double *logs)
{
	for (size_t i = 0; i < row->n_pairs; i++)
		logs[i] = log(head[i] / base[i]);
	if (row->n_pairs < 2 || !isfinite(ts_stats_mean(logs, row->n_pairs)))
		return;
	row->variance = pow(ts_stats_stddev(logs, row->n_pairs), 2);
	if (row->n_pairs < SIZE_PAIRS)
		row->ratio.value = exp(ts_stats_mean(logs, row->n_pairs));
}

void compare_measure(struct compare_row *row, enum figure figure, const double *base, size_t n_base, const double *head,
                     size_t n_head, double scale, struct ts_random *random)
{
	double *scaled = malloc(2 * (n_head + 1) * sizeof(*scaled));

	row->figure = figure;
	row->n_base = n_base;
	row->n_head = n_head;
	row->n_pairs = n_base < n_head ? n_base : n_head;
	row->base = ts_stats_median_ci(base, n_base, RESAMPLES, random);
	row->head = ts_stats_median_ci(head, n_head, RESAMPLES, random);
	row->ratio = (struct ts_interval){NAN, NAN, NAN};
	row->p = row->p_adjusted = row->effect = row->variance = NAN;
	if (!scaled || row->n_pairs < 1) {
		free(scaled);
		return;
	}
	for (size_t i = 0; i < n_head; i++)
		scaled[i] = head[i] * scale;
	row->ratio = ts_stats_ratio_ci(base, scaled, row->n_pairs, RESAMPLES, random);
	measure_pairs(row, base, scaled, scaled + n_head + 1);
	if (row->n_pairs >= 2)
		row->p = ts_stats_mann_whitney(base, n_base, scaled, n_head);
	row->effect = ts_stats_cliffs_delta(scaled, n_head, base, n_base);
	free(scaled);
}

void compare_decide(struct compare_row *row, double alpha, double max_regression)
{
	const struct ts_interval *r = &row->ratio;
	bool up = r->value > 1, higher_is_better = figure_row(row->figure)->better == FIGURE_HIGHER;
	double floor = log1p(row->floor);
	bool clear, proven, large;

	row->regression = false;
	row->verdict = COMPARE_UNTOLD;
	if (row->other_rate || row->n_pairs < LEAST_PAIRS || !(r->low > 0) || !(r->high > 0))
		return;
	clear = up ? r->low > 1 : r->high < 1;
	proven = clear && row->p_adjusted < alpha && distance(r->value) >= STAT_SHARE * floor;
	large = row->n_pairs >= SIZE_PAIRS && clear && distance(r->low) >= floor && distance(r->high) >= floor;
	if (proven || large)
		row->verdict = up == higher_is_better ? COMPARE_FASTER : COMPARE_SLOWER;
	else if (distance(r->low) <= floor && distance(r->high) <= floor)
		row->verdict = COMPARE_SAME;
	if (row->verdict == COMPARE_SLOWER)
		row->regression = higher_is_better ? r->value < 1 - max_regression : r->value > 1 + max_regression;
}

/* --- two runs ----------------------------------------------------------------------------------------------------- */

/* The cell's odd trials against its even ones: the same program, twice. NaN with fewer than four trials. */
static double self_distance(const double *x, size_t n)
{
	double odd[64], even[64];
	size_t half = n / 2 < 64 ? n / 2 : 64;

	if (n < 4)
		return NAN;
	for (size_t i = 0; i < half; i++) {
		odd[i] = x[2 * i];
		even[i] = x[2 * i + 1];
	}
	return distance(ts_stats_median(odd, half) / ts_stats_median(even, half));
}

struct work {
	double *base, *head, *noise, *p;
	struct compare_row **alike;
	size_t n_noise;
	struct ts_random *random;
};

/* What head's values are multiplied by, to be free of the machine's part. An open loop's rate is what was asked for. */
static double scale_of(const struct compare *c, enum figure figure, bool open_loop)
{
	double machine = c->machine.applied ? c->machine.ratio.value : 1;

	return figure != FIGURE_RATE ? 1 / machine : open_loop ? 1 : machine;
}

static void measure_figure(struct compare *c, const struct summary *base, const struct summary *head, size_t f,
                           struct work *work)
{
	enum figure figure = compare_figures[f].figure;

	work->n_noise = 0;
	for (size_t i = f; i < c->n_rows; i += COMPARE_FIGURES) {
		struct compare_row *row = &c->rows[i];
		const struct cell *a = summary_find(base, row->mode, row->workload);
		const struct cell *b = summary_find(head, row->mode, row->workload);
		size_t n = summary_values(base, a, figure, work->base), m = summary_values(head, b, figure, work->head);
		double self[2] = {self_distance(work->base, n), self_distance(work->head, m)};
		bool open_loop = base->set->workloads[a->workload].open_loop;

		row->other_rate = open_loop && !compare_same_rate(a, b);
		compare_measure(row, figure, work->base, n, work->head, m, scale_of(c, figure, open_loop),
		                work->random);
		for (int k = 0; k < 2; k++)
			if (!isnan(self[k]))
				work->noise[work->n_noise++] = self[k];
	}
	c->noise[f] = work->n_noise >= NOISE_CELLS ? expm1(ts_stats_quantile(work->noise, work->n_noise, 0.9)) : NAN;
}

/* Rows of one figure and one workload were measured alike. The first of each kind takes the others along. */
static void moderate(struct compare *c, struct compare_row **alike)
{
	for (size_t i = 0; i < c->n_rows; i++) {
		size_t n = 0;
		bool is_first = true;

		for (size_t k = i % COMPARE_FIGURES; k < c->n_rows && is_first; k += COMPARE_FIGURES) {
			if (strcmp(c->rows[k].workload, c->rows[i].workload) != 0 || c->rows[k].other_rate)
				continue;
			is_first = k >= i;
			alike[n++] = &c->rows[k];
		}
		if (is_first)
			compare_moderate(alike, n);
	}
}

/* Holm over all rows that have a p, in one family; what cannot be compared is not of it. */
static void adjust(struct compare *c, double *p)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_rows; i++)
		if (!isnan(c->rows[i].p) && !c->rows[i].other_rate)
			p[n++] = c->rows[i].p;
	ts_stats_holm(p, n);
	n = 0;
	for (size_t i = 0; i < c->n_rows; i++)
		if (!isnan(c->rows[i].p) && !c->rows[i].other_rate)
			c->rows[i].p_adjusted = p[n++];
}

static void decide(struct compare *c)
{
	for (size_t i = 0; i < c->n_rows; i++) {
		struct compare_row *row = &c->rows[i];
		size_t f = i % COMPARE_FIGURES;

		row->floor = compare_figures[f].floor;
		if (c->noise[f] > row->floor)
			row->floor = c->noise[f];
		if (c->machine.applied)
			row->floor = fmax(row->floor, expm1(compare_machine_reach(&c->machine)));
		compare_decide(row, c->alpha, c->max_regression);
	}
}

/* A row for each figure of each mode and workload that both have measured. */
static int list_rows(struct compare *c, const struct summary *base, const struct summary *head)
{
	size_t n_cells = base->set->n_modes * base->set->n_workloads, n_head = 0, n_both = 0;

	c->rows = calloc(n_cells * COMPARE_FIGURES + 1, sizeof(*c->rows));
	if (!c->rows)
		return -ENOMEM;
	for (size_t i = 0; i < head->set->n_modes * head->set->n_workloads; i++)
		n_head += head->cells[i].n_ok > 0;
	for (size_t i = 0; i < n_cells; i++) {
		const char *mode = base->set->modes[base->cells[i].mode].name;
		const char *workload = base->set->workloads[base->cells[i].workload].id;
		const struct cell *other = summary_find(head, mode, workload);

		if (base->cells[i].n_ok == 0)
			continue;
		if (!other || other->n_ok == 0) {
			c->n_missing++;
			continue;
		}
		n_both++;
		for (size_t f = 0; f < COMPARE_FIGURES; f++, c->n_rows++) {
			c->rows[c->n_rows].mode = mode;
			c->rows[c->n_rows].workload = workload;
		}
	}
	c->n_missing += n_head - n_both;
	return 0;
}

int compare_make(struct compare *c, const struct summary *base, const struct summary *head, struct ts_err *err)
{
	struct work work = {0};
	int rc = list_rows(c, base, head);

	work.base = calloc(base->set->n_trials + 1, sizeof(double));
	work.head = calloc(head->set->n_trials + 1, sizeof(double));
	work.noise = calloc(2 * c->n_rows + 1, sizeof(double));
	work.p = calloc(c->n_rows + 1, sizeof(double));
	work.alike = calloc(c->n_rows + 1, sizeof(void *));
	work.random = ts_random_new(SUMMARY_SEED);
	if (rc < 0 || !work.base || !work.head || !work.noise || !work.p || !work.alike || !work.random) {
		rc = ts_err_set(err, ENOMEM, "no memory for the comparison");
	} else {
		rc = compare_machine_measure(&c->machine, base, head, c->as_measured, work.random, err);
		for (size_t f = 0; f < COMPARE_FIGURES; f++)
			measure_figure(c, base, head, f, &work);
		moderate(c, work.alike);
		adjust(c, work.p);
		decide(c);
	}
	ts_random_free(work.random);
	free(work.base);
	free(work.head);
	free(work.noise);
	free(work.p);
	free(work.alike);
	return rc;
}

void compare_release(struct compare *c)
{
	free(c->rows);
	c->rows = NULL;
}

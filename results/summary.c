#include "summary.h"
#include "ts_json.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct cell *summary_cell(const struct summary *s, size_t mode, size_t workload)
{
	return &s->cells[mode * s->set->n_workloads + workload];
}

const struct cell *summary_find(const struct summary *s, const char *mode, const char *workload)
{
	for (size_t m = 0; mode && workload && m < s->set->n_modes; m++)
		for (size_t w = 0; w < s->set->n_workloads; w++)
			if (strcmp(s->set->modes[m].name, mode) == 0 && strcmp(s->set->workloads[w].id, workload) == 0)
				return summary_cell(s, m, w);
	return NULL;
}

bool summary_unserved(const struct cell *cell)
{
	double enough = cell->sessions ? 0.9 : 0.995;

	return cell->figures[FIGURE_SERVED].value < enough * cell->figures[FIGURE_OPENED].value;
}

bool summary_failing(const struct cell *cell)
{
	return cell->n_failed > 0.001 * cell->n_requests;
}

bool summary_unfit(const struct cell *cell)
{
	return summary_unserved(cell) || summary_failing(cell);
}

static bool belongs(const struct trial *trial, const struct cell *cell)
{
	return trial->mode == cell->mode && trial->workload == cell->workload;
}

static bool usable(const struct trial *trial, const struct cell *cell)
{
	return belongs(trial, cell) && trial->status == TRIAL_OK && trial->load;
}

size_t summary_values(const struct summary *s, const struct cell *cell, enum figure figure, double *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s->set->n_trials; i++) {
		const struct trial *trial = &s->set->trials[i];

		if (usable(trial, cell) && !isnan(trial->figures[figure]))
			out[n++] = trial->figures[figure];
	}
	return n;
}

int summary_histogram(const struct summary *s, const struct cell *cell, const char *path, struct ts_hist *h,
                      struct ts_err *err)
{
	struct ts_hist *one = ts_hist_new();
	int n = 0;

	if (!one)
		return ts_err_set(err, ENOMEM, "no memory for a histogram");
	ts_hist_reset(h);
	for (size_t i = 0; i < s->set->n_trials && n >= 0; i++) {
		const struct trial *trial = &s->set->trials[i];
		const char *text = usable(trial, cell) ? ts_json_text(trial->load, path, NULL) : NULL;

		if (!text)
			continue;
		if (ts_hist_decode(one, text, err) < 0) {
			ts_err_prefix(err, -EINVAL, path);
			n = ts_err_prefix(err, -EINVAL, trial->file);
			break;
		}
		ts_hist_add(h, one);
		n++;
	}
	ts_hist_free(one);
	return n;
}

/* The percentiles of the merged histogram take the place of the median of the trials' percentiles. */
static int merge_percentiles(struct summary *s, struct cell *cell, struct ts_hist *h, struct ts_err *err)
{
	static const struct {
		const char *path;
		enum figure figure;
		double percentile;
	} rows[] = {
	        {"latency.response.histogram", FIGURE_P50, 50},
	        {"latency.response.histogram", FIGURE_P90, 90},
	        {"latency.response.histogram", FIGURE_P99, 99},
	        {"latency.response.histogram", FIGURE_P999, 99.9},
	        {"latency.service.histogram", FIGURE_SERVICE_P99, 99},
	        {"latency.connect.histogram", FIGURE_CONNECT_P50, 50},
	        {"latency.connect.histogram", FIGURE_CONNECT_P99, 99},
	};
	int n = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (i == 0 || strcmp(rows[i].path, rows[i - 1].path) != 0)
			n = summary_histogram(s, cell, rows[i].path, h, err);
		if (n < 0)
			return n;
		if (n > 0 && h->n > 0)
			cell->figures[rows[i].figure].value = (double)ts_hist_percentile(h, rows[i].percentile);
	}
	return 0;
}

/* The commonest class of error of a result; NULL when it has none. */
static const char *main_failure(const cJSON *load)
{
	const cJSON *row, *most = NULL;

	cJSON_ArrayForEach (row, ts_json_at(load, "errors"))
		if (!most || ts_json_int(row, "count", 0) > ts_json_int(most, "count", 0))
			most = row;
	return most ? ts_json_text(most, "class", NULL) : NULL;
}

static void count_requests(struct cell *cell, const struct trial *trial)
{
	double failed = trial->figures[FIGURE_FAILED], completed = trial->figures[FIGURE_COMPLETED];

	if (isnan(failed) || isnan(completed))
		return;
	cell->n_failed += failed;
	cell->n_requests += failed + completed;
	if (failed > 0 && !cell->failure)
		cell->failure = main_failure(trial->load);
}

static void count_trials(const struct runset *set, struct cell *cell)
{
	for (size_t i = 0; i < set->n_trials; i++) {
		const struct trial *trial = &set->trials[i];

		if (!belongs(trial, cell))
			continue;
		cell->n_trials++;
		if (usable(trial, cell)) {
			cell->n_ok++;
			cell->sessions = ts_json_int(trial->load, "plan.session", 0) > 0;
			cell->remark = trial->reason;
			count_requests(cell, trial);
		} else if (!cell->worst) {
			cell->worst = trial;
		}
	}
}

static int make_cell(struct summary *s, struct cell *cell, double *values, struct ts_hist *h, struct ts_err *err)
{
	struct ts_random *random = ts_random_new(SUMMARY_SEED);

	if (!random)
		return ts_err_set(err, ENOMEM, "no memory for the summary");
	count_trials(s->set, cell);
	for (int f = 0; f < FIGURE_N; f++) {
		size_t n = summary_values(s, cell, (enum figure)f, values);

		cell->figures[f] = ts_stats_median_ci(values, n, SUMMARY_RESAMPLES, random);
	}
	ts_random_free(random);
	return cell->n_ok > 0 ? merge_percentiles(s, cell, h, err) : 0;
}

int summary_make(struct summary *s, const struct runset *set, struct ts_err *err)
{
	size_t n = set->n_modes * set->n_workloads;
	double *values = calloc(set->n_trials + 1, sizeof(*values));
	struct ts_hist *h = ts_hist_new();
	int rc = 0;

	s->set = set;
	s->cells = calloc(n + 1, sizeof(*s->cells));
	if (!values || !h || !s->cells)
		rc = ts_err_set(err, ENOMEM, "no memory for the summary");
	for (size_t i = 0; values && h && s->cells && i < n && rc == 0; i++) {
		s->cells[i].mode = i / set->n_workloads;
		s->cells[i].workload = i % set->n_workloads;
		rc = make_cell(s, &s->cells[i], values, h, err);
	}
	ts_hist_free(h);
	free(values);
	return rc;
}

void summary_release(struct summary *s)
{
	free(s->cells);
	s->cells = NULL;
}

size_t summary_rank(const struct summary *s, size_t workload, enum figure figure, size_t *modes)
{
	enum figure_better better = figure_row(figure)->better;
	size_t n = 0;

	for (size_t m = 0; m < s->set->n_modes; m++) {
		double value = summary_cell(s, m, workload)->figures[figure].value;
		size_t at = n;

		if (isnan(value))
			continue;
		while (better != FIGURE_NEITHER && at > 0) { /* insertion: equal ones keep the set's order */
			double before = summary_cell(s, modes[at - 1], workload)->figures[figure].value;

			if (better == FIGURE_HIGHER ? value <= before : value >= before)
				break;
			modes[at] = modes[at - 1];
			at--;
		}
		modes[at] = m;
		n++;
	}
	return n;
}

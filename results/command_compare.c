#include "command.h"
#include "compare.h"
#include "document.h"
#include "show.h"
#include "table.h"
#include "ts_json.h"
#include "ts_opt.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct settings {
	double alpha, max_regression;
	bool as_measured;
	const char *json;
};

static const struct ts_opt options[] = {
        {.type = TS_OPT_REAL,
         .name = "max-regression",
         .arg = "SHARE",
         .fallback = "5%",
         .min = "0",
         .max = "1",
         .offset = offsetof(struct settings, max_regression),
         .help = "a figure that is slower by more than this is a regression"},
        {.type = TS_OPT_REAL,
         .name = "alpha",
         .arg = "SHARE",
         .fallback = "5%",
         .min = "0",
         .max = "1",
         .offset = offsetof(struct settings, alpha),
         .help = "chance of a false alarm by statistics, over the whole table"},
        {.type = TS_OPT_FLAG,
         .name = "as-measured",
         .offset = offsetof(struct settings, as_measured),
         .help = "do not free the ratios of what the machine's own speed changed between the runs"},
        {.type = TS_OPT_TEXT,
         .name = "json",
         .arg = "FILE",
         .offset = offsetof(struct settings, json),
         .help = "write the comparison as JSON (\"-\": to standard output, and nothing else)"},
        {.type = TS_OPT_END},
};

static const struct ts_opt_program program = {
        .name = "tsreport compare",
        .operands = "BASE HEAD",
        .min_operands = 2,
        .max_operands = 2,
        .summary = "compare two runs (or two result files) by throughput, processor time and median latency",
        .details = "For each mode and workload that both have: faster, slower, the same within x %, or cannot be told. "
                   "A ratio is head "
                   "divided by base, of trials paired in their order, with its 95 % interval. A difference is called "
                   "one when the "
                   "statistics carry it (Mann-Whitney, below six trials a moderated t, with Holm's correction over the "
                   "table, and "
                   "the paired interval leaves out 1), or, from six trials on, when the whole interval is beyond the "
                   "floor: 10 % for throughput, 5 % for the others, more where the runs differ more from themselves. "
                   "Fewer than three trials a side decide nothing.\n"
                   "The machine is not the same at all times. What a request costs the generator at one and the same "
                   "rate tells how much slower it was, and the ratios are freed of that (--as-measured: not). An open "
                   "loop "
                   "that asked for other rates in the two runs is not compared: make bench BASE=RUN asks for those of "
                   "RUN.\n"
                   "Exit status: 0 no regression; 1 a regression; 2 wrong usage; 3 a file is not what it should be.\n",
        .options = options,
};

/* --- for people --------------------------------------------------------------------------------------------------- */

static const char *const titles[] = {"<workload", "<mode",  "requests/s", "<",       "CPU/request",
                                     "<",         "median", "<",          "<verdict"};

static enum table_look look_of(enum compare_verdict verdict)
{
	return verdict == COMPARE_FASTER   ? TABLE_GOOD
	       : verdict == COMPARE_SLOWER ? TABLE_BAD
	       : verdict == COMPARE_SAME   ? TABLE_PLAIN
	                                   : TABLE_FAINT;
}

/* One verdict for a mode and workload: its figures' own, when they agree. */
static const char *overall(const struct compare_row *rows)
{
	bool has[COMPARE_N] = {false};

	for (int f = 0; f < COMPARE_FIGURES; f++)
		has[rows[f].verdict] = true;
	if (has[COMPARE_FASTER] && has[COMPARE_SLOWER])
		return "faster and slower";
	if (has[COMPARE_SLOWER])
		return "slower";
	if (has[COMPARE_FASTER])
		return "faster";
	return has[COMPARE_UNTOLD] ? "cannot be told" : "the same";
}

static void add_row(struct table *t, const struct compare_row *rows)
{
	bool regression = false;
	enum compare_verdict worst = COMPARE_UNTOLD;
	char words[64];

	table_row(t);
	table_set(t, 0, TABLE_PLAIN, "%s", rows[0].workload);
	table_set(t, 1, TABLE_PLAIN, "%s", rows[0].mode);
	for (size_t f = 0; f < COMPARE_FIGURES; f++) {
		const struct compare_row *row = &rows[f];
		enum table_look look = look_of(row->verdict);

		if (isnan(row->ratio.value))
			table_set(t, 2 + 2 * f, look, "-");
		else if (isnan(row->ratio.low))
			table_set(t, 2 + 2 * f, look, "%.3f", row->ratio.value);
		else
			table_set(t, 2 + 2 * f, look, "%.3f [%.3f, %.3f]", row->ratio.value, row->ratio.low,
			          row->ratio.high);
		table_set(t, 3 + 2 * f, look, "%s", compare_words(row, words, sizeof(words)));
		regression = regression || row->regression;
		if (row->verdict == COMPARE_SLOWER || worst == COMPARE_UNTOLD)
			worst = row->verdict;
	}
	table_set(t, 8, look_of(worst), "%s%s", overall(rows), regression ? ", a regression" : "");
}

static void count(const struct compare *c, size_t *verdicts, size_t *regressions)
{
	for (size_t i = 0; i < c->n_rows; i++) {
		verdicts[c->rows[i].verdict]++;
		*regressions += c->rows[i].regression;
	}
}

static void print_machine(const struct compare *c)
{
	const struct ts_interval *r = &c->machine.ratio;

	if (isnan(r->value))
		printf("the machine: nothing tells how fast it was in the two runs\n");
	else
		printf("the machine: a request cost the generator %.3f times as much [%.3f, %.3f] at the same rates; "
		       "the "
		       "ratios are %s\n",
		       r->value, r->low, r->high, c->machine.applied ? "freed of that" : "as measured");
}

static int print_table(const struct compare *c)
{
	size_t n[COMPARE_N] = {0}, n_regressions = 0, n_other_rates = 0;
	struct table table;
	int rc;

	table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < c->n_rows; i += COMPARE_FIGURES)
		add_row(&table, &c->rows[i]);
	rc = table_print(&table, stdout, table_colour(stdout));
	table_release(&table);
	count(c, n, &n_regressions);
	printf("\nratios are head / base, paired, with their 95 %% interval\n");
	print_machine(c);
	for (size_t f = 0; f < COMPARE_FIGURES; f++)
		if (!isnan(c->noise[f]))
			printf("A/A, the runs against themselves: %s differs by up to %.1f %%\n",
			       figure_row(compare_figures[f].figure)->title, 100 * c->noise[f]);
	printf("%zu figures: %zu faster, %zu slower, %zu the same, %zu cannot be told; %zu regressions beyond %.3g "
	       "%%\n",
	       c->n_rows, n[COMPARE_FASTER], n[COMPARE_SLOWER], n[COMPARE_SAME], n[COMPARE_UNTOLD], n_regressions,
	       100 * c->max_regression);
	for (size_t i = 0; i < c->n_rows; i++)
		n_other_rates += c->rows[i].other_rate;
	if (n_other_rates > 0)
		printf("%zu figures were measured at rates that differ by more than a tenth, and are not compared: "
		       "make bench "
		       "BASE=RUN takes RUN's\n",
		       n_other_rates);
	if (c->n_missing > 0)
		printf("%zu modes and workloads were measured in one of the runs only\n", c->n_missing);
	return rc;
}

/* --- for programs ------------------------------------------------------------------------------------------------- */

static void add_sample(cJSON *object, const char *name, const struct ts_interval *x, size_t n)
{
	cJSON *sample = ts_json_add_object(object, name);

	ts_json_add_int(sample, "trials_count", (int64_t)n);
	ts_json_add_real(sample, "median", x->value);
	ts_json_add_real(sample, "low", x->low);
	ts_json_add_real(sample, "high", x->high);
}

static void add_json_row(cJSON *rows, const struct compare_row *row)
{
	cJSON *object = ts_json_add_object(rows, NULL);
	char words[64], base[SHOW_MAX], head[SHOW_MAX], sentence[320];

	ts_json_add_text(object, "mode", row->mode);
	ts_json_add_text(object, "workload", row->workload);
	ts_json_add_text(object, "figure", figure_row(row->figure)->name);
	ts_json_add_bool(object, "higher_is_better", figure_row(row->figure)->better == FIGURE_HIGHER);
	add_sample(object, "base", &row->base, row->n_base);
	add_sample(object, "head", &row->head, row->n_head);
	add_sample(object, "ratio", &row->ratio, row->n_pairs);
	ts_json_add_real(object, "p_value", row->p);
	ts_json_add_real(object, "p_adjusted", row->p_adjusted);
	ts_json_add_real(object, "effect", row->effect);
	ts_json_add_real(object, "floor", row->floor);
	ts_json_add_text(object, "verdict", compare_verdict_text(row->verdict));
	ts_json_add_bool(object, "regression", row->regression);
	ts_json_add_bool(object, "other_rate", row->other_rate);
	snprintf(sentence, sizeof(sentence), "%s under %s, %s: %s (from %s to %s)", row->mode, row->workload,
	         figure_row(row->figure)->title, compare_words(row, words, sizeof(words)),
	         show_figure(row->figure, row->base.value, base, sizeof(base)),
	         show_figure(row->figure, row->head.value, head, sizeof(head)));
	ts_json_add_text(object, "sentence", sentence);
}

static void add_machine(cJSON *root, const struct compare_machine *machine)
{
	cJSON *object = ts_json_add_object(root, "machine");

	add_sample(object, "ratio", &machine->ratio, machine->n_pairs);
	ts_json_add_bool(object, "applied", machine->applied);
}

static int write_json(const struct compare *c, const char *const *paths, const char *file, struct ts_err *err)
{
	cJSON *root = cJSON_CreateObject(), *summary, *rows;
	size_t n[COMPARE_N] = {0}, n_regressions = 0;
	int rc;

	count(c, n, &n_regressions);
	ts_json_add_text(root, "schema", "tsbench.compare/1");
	ts_json_add_text(root, "base", paths[0]);
	ts_json_add_text(root, "head", paths[1]);
	ts_json_add_real(root, "alpha", c->alpha);
	ts_json_add_real(root, "max_regression", c->max_regression);
	ts_json_add_int(root, "seed", SUMMARY_SEED);
	ts_json_add_text(root, "verdict", n_regressions ? "regression" : "ok");
	add_machine(root, &c->machine);
	summary = ts_json_add_object(root, "summary");
	ts_json_add_int(summary, "faster_count", (int64_t)n[COMPARE_FASTER]);
	ts_json_add_int(summary, "slower_count", (int64_t)n[COMPARE_SLOWER]);
	ts_json_add_int(summary, "same_count", (int64_t)n[COMPARE_SAME]);
	ts_json_add_int(summary, "untold_count", (int64_t)n[COMPARE_UNTOLD]);
	ts_json_add_int(summary, "regressions_count", (int64_t)n_regressions);
	ts_json_add_int(summary, "missing_count", (int64_t)c->n_missing);
	rows = ts_json_add_array(root, "rows");
	for (size_t i = 0; i < c->n_rows; i++)
		add_json_row(rows, &c->rows[i]);
	rc = document_check(root, "compare", err);
	if (rc == 0)
		rc = ts_json_write(file, root, err);
	cJSON_Delete(root);
	return rc;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

struct side {
	struct runset set;
	struct summary summary;
};

static int open_side(struct side *side, const char *path, struct ts_err *err)
{
	int rc = runset_load(&side->set, &path, 1, err);

	return rc < 0 ? rc : summary_make(&side->summary, &side->set, err);
}

static void close_side(struct side *side)
{
	summary_release(&side->summary);
	runset_release(&side->set);
}

/* Two lone result files are compared with each other, whatever their names are. */
static void align_names(struct side *base, struct side *head)
{
	if (base->set.run || head->set.run || base->set.n_trials != 1 || head->set.n_trials != 1)
		return;
	head->set.modes[0].name = base->set.modes[0].name;
	head->set.workloads[0].id = base->set.workloads[0].id;
}

int command_compare(int argc, char **argv, const struct ts_log *log)
{
	struct settings settings = {0};
	struct ts_opt_list operands = {0};
	struct side base = {0}, head = {0};
	struct compare compare = {0};
	struct ts_err err = {0};
	size_t n[COMPARE_N] = {0}, n_regressions = 0;
	int rc = ts_opt_parse(&program, argc, argv, &settings, &operands, NULL, &err);

	compare.alpha = settings.alpha;
	compare.max_regression = settings.max_regression;
	compare.as_measured = settings.as_measured;
	if (rc == 0)
		rc = open_side(&base, operands.items[0], &err);
	if (rc == 0)
		rc = open_side(&head, operands.items[1], &err);
	if (rc == 0)
		align_names(&base, &head);
	if (rc == 0)
		rc = compare_make(&compare, &base.summary, &head.summary, &err);
	if (rc == 0 && compare.n_rows == 0)
		rc = ts_err_set(&err, ENOENT, "%s and %s have no mode and workload in common that was measured",
		                operands.items[0], operands.items[1]);
	if (rc == 0 && settings.json)
		rc = write_json(&compare, operands.items, settings.json, &err);
	if (rc == 0 && !(settings.json && strcmp(settings.json, "-") == 0))
		rc = print_table(&compare);
	count(&compare, n, &n_regressions);
	compare_release(&compare);
	close_side(&base);
	close_side(&head);
	ts_opt_list_release(&operands);
	if (rc < 0)
		return ts_log_fail(log, &err);
	return n_regressions > 0 ? TS_EXIT_SHORT : TS_EXIT_OK;
}

#include "probe.h"
#include "search.h"
#include "ts_json.h"
#include "ts_random.h"
#include "ts_stats.h"
#include "ts_units.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESAMPLES 500
#define SATURATED 0.97 /* achieved below this part of the offer: beyond the knee */

int sweep_parse(struct sweep *s, const char *text, struct ts_err *err)
{
	char copy[96], *to, *steps, *end;

	snprintf(copy, sizeof(copy), "%s", text);
	to = strchr(copy, ':');
	steps = to ? strchr(to + 1, ':') : NULL;
	if (!steps)
		goto wrong;
	*to++ = '\0';
	*steps++ = '\0';
	s->n_steps = (int)strtol(steps, &end, 10);
	if (ts_units_rate(copy, &s->from_per_s) == 0 && ts_units_rate(to, &s->to_per_s) == 0 && *end == '\0' &&
	    s->from_per_s > 0 && s->to_per_s >= s->from_per_s && s->n_steps >= 1 && s->n_steps <= 1000)
		return 0;
wrong:
	return ts_err_usage(err, "must be FROM:TO:STEPS, rates and a number of them, such as 1k:20k:8");
}

double sweep_rate(const struct sweep *s, int step)
{
	return s->n_steps == 1 ? s->from_per_s
	                       : s->from_per_s + (s->to_per_s - s->from_per_s) * step / (s->n_steps - 1);
}

/* --- the knee ----------------------------------------------------------------------------------------------------- */

static double misfit(const double *offered, const double *achieved, size_t n, double capacity)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		double d = achieved[i] - fmin(offered[i], capacity);
		sum += d * d;
	}
	return sum;
}

double search_knee(const double *offered, const double *achieved, size_t n)
{
	double low = INFINITY, high = 0, ratio = (sqrt(5) - 1) / 2;
	bool saturated = false;

	for (size_t i = 0; i < n; i++) {
		low = fmin(low, fmin(offered[i], achieved[i]));
		high = fmax(high, offered[i]);
		saturated |= achieved[i] < SATURATED * offered[i];
	}
	if (!saturated)
		return NAN;
	for (int i = 0; i < 100; i++) { /* golden section: the misfit falls, then rises */
		double a = high - ratio * (high - low), b = low + ratio * (high - low);
		if (misfit(offered, achieved, n, a) < misfit(offered, achieved, n, b))
			high = b;
		else
			low = a;
	}
	return (low + high) / 2;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The knee of samples drawn with replacement: where 95 % of them lie. */
static struct ts_interval knee_interval(const double *offered, const double *achieved, size_t n, uint64_t seed)
{
	struct ts_interval knee = {search_knee(offered, achieved, n), NAN, NAN};
	struct ts_random *random = ts_random_new(seed);
	double *x = calloc(2 * n, sizeof(*x)), knees[RESAMPLES];
	size_t n_knees = 0;

	if (random && x && !isnan(knee.value) && n >= 3) {
		for (int r = 0; r < RESAMPLES; r++) {
			for (size_t i = 0; i < n; i++) {
				size_t k = ts_random_below(random, n);
				x[i] = offered[k];
				x[n + i] = achieved[k];
			}
			knees[n_knees] = search_knee(x, x + n, n);
			n_knees += !isnan(knees[n_knees]);
		}
		qsort(knees, n_knees, sizeof(*knees), by_value);
		knee.low = ts_stats_quantile(knees, n_knees, 0.025);
		knee.high = ts_stats_quantile(knees, n_knees, 0.975);
	}
	free(x);
	ts_random_free(random);
	return knee;
}

/* --- the measurements --------------------------------------------------------------------------------------------- */

struct tour {
	struct prober prober;
	struct sweep sweep;
	struct probe *done; /* owned; n of n_all */
	size_t n, n_all;
	cJSON *json; /* of one run: the one with the highest rate below saturation, else the last */
	double json_rate_per_s;
};

static bool measured(const struct tour *t, double rate_per_s, size_t times)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += fabs(t->done[i].rate_per_s - rate_per_s) < 1e-6 * rate_per_s;
	return n >= times;
}

static void keep_json(struct tour *t, cJSON *json, const struct probe *p)
{
	double rate_per_s = p->achieved_ratio >= SATURATED ? p->rate_per_s : 0;

	if (t->json && rate_per_s < t->json_rate_per_s) {
		cJSON_Delete(json);
		return;
	}
	cJSON_Delete(t->json);
	t->json = json;
	t->json_rate_per_s = rate_per_s;
}

static void add_sweep(struct tour *t, struct search_result *r)
{
	double *x = calloc(2 * t->n + 1, sizeof(*x));
	struct ts_interval knee = {NAN, NAN, NAN};
	cJSON *o, *array;
	char text[3][32];

	for (size_t i = 0; x && i < t->n; i++) {
		x[i] = t->done[i].rate_per_s;
		x[t->n + i] = t->done[i].achieved_per_s;
	}
	if (x && t->n > 0)
		knee = knee_interval(x, x + t->n, t->n, (uint64_t)t->prober.plan->seed);
	free(x);
	cJSON_DeleteItemFromObject(t->json, "sweep");
	cJSON_ReplaceItemInObject(t->json, "partial", cJSON_CreateBool(t->n < t->n_all));
	o = ts_json_add_object(t->json, "sweep");
	ts_json_add_text(o, "rates", t->prober.plan->sweep_text);
	ts_json_add_int(o, "repeats", t->prober.plan->n_repeats);
	ts_json_add_int(o, "measurements_count", (int64_t)t->n_all);
	ts_json_add_bool(o, "complete", t->n == t->n_all);
	ts_json_add_real(o, "knee_per_s", knee.value);
	ts_json_add_real(o, "knee_low_per_s", knee.low);
	ts_json_add_real(o, "knee_high_per_s", knee.high);
	array = ts_json_add_array(o, "probes");
	for (size_t i = 0; i < t->n; i++)
		probe_add_json(array, &t->done[i]);
	if (isnan(knee.value))
		snprintf(r->summary, sizeof(r->summary), "%zu of %zu measurements: %s", t->n, t->n_all,
		         t->n < t->n_all ? "stopped before the knee was known" : "the knee was not reached");
	else
		snprintf(r->summary, sizeof(r->summary),
		         "%zu of %zu measurements: the knee is at %s/s, 95%% between %s and %s", t->n, t->n_all,
		         ts_units_show_count(knee.value, text[0], sizeof(text[0])),
		         ts_units_show_count(knee.low, text[1], sizeof(text[1])),
		         ts_units_show_count(knee.high, text[2], sizeof(text[2])));
}

/* What an earlier sweep of the same rates has left behind. */
static int take_up(struct tour *t, struct ts_err *err)
{
	const char *path = t->prober.plan->resume_path;
	const cJSON *probes, *item;

	if (!path || access(path, F_OK) != 0)
		return 0;
	t->json = ts_json_load(path, err);
	if (!t->json)
		return -EINVAL;
	if (strcmp(ts_json_text(t->json, "sweep.rates", ""), t->prober.plan->sweep_text) != 0)
		return ts_err_set(err, EINVAL, "--resume=%s: holds no sweep of %s", path, t->prober.plan->sweep_text);
	probes = ts_json_at(t->json, "sweep.probes");
	cJSON_ArrayForEach (item, probes) {
		struct probe *p = &t->done[t->n];
		if (t->n == t->n_all)
			break;
		*p = (struct probe){
		        .rate_per_s = ts_json_real(item, "rate_per_s", NAN),
		        .achieved_per_s = ts_json_real(item, "achieved_per_s", NAN),
		        .achieved_ratio = ts_json_real(item, "achieved_ratio", NAN),
		        .error_rate = ts_json_real(item, "error_rate", NAN),
		        .p50_ns = ts_json_real(item, "p50_ns", NAN),
		        .p99_ns = ts_json_real(item, "p99_ns", NAN),
		        .actual = NAN,
		        .valid = ts_json_bool(item, "valid", false),
		};
		if (!isnan(p->rate_per_s) && !isnan(p->achieved_per_s))
			t->n++;
		if (p->achieved_ratio >= SATURATED && p->rate_per_s > t->json_rate_per_s)
			t->json_rate_per_s = p->rate_per_s;
	}
	return 0;
}

/* All rates, each round in an order of its own, so that a drift of the machine does not look like the rates' doing. */
static int travel(struct tour *t, struct search_result *r, struct ts_err *err)
{
	struct ts_random *random = ts_random_new((uint64_t)t->prober.plan->seed);
	int *order = calloc((size_t)t->sweep.n_steps + 1, sizeof(*order)), result = random && order ? 0 : -ENOMEM;

	for (int round = 0; result == 0 && round < t->prober.plan->n_repeats; round++) {
		for (int i = 0; i < t->sweep.n_steps; i++)
			order[i] = i;
		ts_random_shuffle(random, order, (size_t)t->sweep.n_steps, sizeof(*order));
		for (int i = 0; result == 0 && i < t->sweep.n_steps; i++) {
			double rate_per_s = sweep_rate(&t->sweep, order[i]);
			cJSON *json = NULL;
			if (measured(t, rate_per_s, (size_t)round + 1))
				continue;
			result = probe_run(&t->prober, rate_per_s, &t->done[t->n], &json, err);
			if (result < 0)
				break;
			if (t->prober.signal || t->prober.gone) { /* a run that was cut short is no measurement */
				if (t->json)
					cJSON_Delete(json);
				else
					t->json = json;
				result = -EINTR;
				break;
			}
			keep_json(t, json, &t->done[t->n++]);
			add_sweep(t, r);
			if (t->prober.plan->resume_path)
				result = ts_json_write(t->prober.plan->resume_path, t->json, err);
		}
	}
	free(order);
	ts_random_free(random);
	return result;
}

int search_sweep(struct search_result *r, const struct plan *plan, struct progress *progress, struct ts_err *err)
{
	struct tour t = {.prober = {.plan = plan, .progress = progress}};
	int result;

	memset(r, 0, sizeof(*r));
	sweep_parse(&t.sweep, plan->sweep_text, NULL);
	t.n_all = (size_t)t.sweep.n_steps * (size_t)plan->n_repeats;
	t.done = calloc(t.n_all + 1, sizeof(*t.done));
	if (!t.done)
		return ts_err_set(err, ENOMEM, "out of memory");
	result = take_up(&t, err);
	if (result == 0)
		result = travel(&t, r, err);
	if (t.json)
		add_sweep(&t, r);
	r->json = t.json;
	snprintf(r->trouble, sizeof(r->trouble), "%s", t.prober.trouble);
	r->status = t.prober.signal ? 128 + t.prober.signal : t.prober.gone ? TS_EXIT_ENVIRON : TS_EXIT_OK;
	free(t.done);
	if (result < 0 && result != -EINTR) {
		cJSON_Delete(r->json);
		r->json = NULL;
		return result;
	}
	return 0;
}

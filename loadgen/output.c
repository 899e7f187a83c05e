#include "output_inside.h"
#include "thresholds.h"
#include "ts_clock.h"
#include "ts_host.h"
#include "ts_json.h"
#include <math.h>

/* What only who verifies can know is null for who does not. */
static void add_ledger(cJSON *root, const char *name, const struct plan *plan, const struct ledger *l)
{
	static const char *const by_law[] = {"mismatched", "truncated", "corrupted", "stamps"};
	cJSON *o = ts_json_add_object(root, name);

#define X(field) ts_json_add_int(o, #field, (int64_t)l->field);
	LEDGER_FIELDS
#undef X
	for (size_t i = 0; plan->verify == VERIFY_OFF && i < sizeof(by_law) / sizeof(*by_law); i++)
		cJSON_ReplaceItemInObjectCaseSensitive(o, by_law[i], cJSON_CreateNull());
}

/* From the first to the last. */
static double attempted_per_s(const struct connection_counts *c)
{
	return c->last_ns > c->first_ns ? (double)(c->attempted - 1) * 1e9 / (double)(c->last_ns - c->first_ns) : NAN;
}

static void add_connections(cJSON *root, const struct run *r)
{
	cJSON *o = ts_json_add_object(root, "connections");
	const struct connection_counts *c = &r->total->connections;

	ts_json_add_int(o, "attempted", (int64_t)c->attempted);
	ts_json_add_int(o, "opened", (int64_t)c->opened);
	ts_json_add_int(o, "failed", (int64_t)c->failed);
	ts_json_add_int(o, "peak_open", (int64_t)c->peak_open);
	ts_json_add_int(o, "served", (int64_t)c->served);
	ts_json_add_int(o, "closed_by_server", (int64_t)c->closed_by_server);
	ts_json_add_int(o, "sessions_finished", (int64_t)c->sessions_finished);
	ts_json_add_real(o, "attempted_per_s", attempted_per_s(c));
	ts_json_add_real(o, "opening_s", r->opening_s);
}

static double since_start_s(const struct run *r, int64_t mono_ns)
{
	return r->sampler.begin_ns == INT64_MAX ? NAN
	                                        : (double)(mono_ns - r->sampler.begin_ns + r->plan->warmup_ns) / 1e9;
}

static void add_errors(cJSON *root, const struct run *r)
{
	cJSON *array = ts_json_add_array(root, "errors");

	for (int i = 0; i < ERROR_N; i++) {
		const struct error_entry *e = &r->total->errors.entry[i];
		cJSON *o;
		if (e->n == 0)
			continue;
		o = ts_json_add_object(array, NULL);
		ts_json_add_text(o, "class", error_name((enum error_class)i));
		ts_json_add_int(o, "count", (int64_t)(e->n - e->n_warmup));
		ts_json_add_int(o, "warmup_count", (int64_t)e->n_warmup);
		ts_json_add_real(o, "first_at_s", since_start_s(r, e->first_ns));
		ts_json_add_real(o, "last_at_s", since_start_s(r, e->last_ns));
		ts_json_add_text(o, "example", e->example[0] ? e->example : NULL);
		ts_json_add_text(o, "meaning", error_text((enum error_class)i));
	}
}

/* Apart from all figures, which are about the others; null when there are none. */
static void add_slow_readers(cJSON *root, const struct run *r)
{
	const struct shard *t = r->total;
	cJSON *o;

	if (r->plan->n_slow == 0) {
		ts_json_add_null(root, "slow_readers");
		return;
	}
	o = ts_json_add_object(root, "slow_readers");
	ts_json_add_int(o, "connections", r->plan->n_slow);
	add_ledger(o, "requests", r->plan, &t->slow);
	ts_json_add_real(o, "requests_per_s", (double)t->slow.in_time / r->duration_s);
	output_add_latency(o, "response", r, &t->slow_response, &t->slow_unanswered);
}

static void add_throughput(cJSON *root, const struct run *r)
{
	cJSON *o = ts_json_add_object(root, "throughput");
	const struct ledger *l = &r->total->figures;
	double d = r->duration_s > 0 ? r->duration_s : NAN;
	bool open_loop = r->plan->open_loop && l->scheduled > 0;

	ts_json_add_real(o, "requests_per_s", (double)l->in_time / d);
	ts_json_add_real(o, "sent_bytes_per_s", (double)l->sent_bytes / d);
	ts_json_add_real(o, "received_bytes_per_s", (double)l->received_bytes / d);
	ts_json_add_real(o, "offered_per_s", open_loop ? (double)l->scheduled / d : NAN);
	ts_json_add_real(o, "achieved_ratio", open_loop ? (double)l->in_time / (double)l->scheduled : NAN);
	ts_json_add_real(o, "duration_s", d);
}

static void add_fairness(cJSON *root, const struct run *r)
{
	cJSON *o = ts_json_add_object(root, "fairness");
	const struct fairness *f = &r->total->fairness;

	ts_json_add_real(o, "jain", fairness_jain(f));
	ts_json_add_real(o, "min_per_connection", f->n ? (double)f->min : NAN);
	ts_json_add_real(o, "max_per_connection", f->n ? (double)f->max : NAN);
}

static void add_validity(cJSON *root, const struct run *r)
{
	cJSON *o = ts_json_add_object(root, "validity"), *reasons;

	ts_json_add_text(o, "verdict", health_verdict_name(r->health.verdict));
	reasons = ts_json_add_array(o, "reasons");
	for (unsigned i = 0; i < r->health.n_reasons; i++)
		ts_json_add_text(reasons, NULL, r->health.reasons[i]);
}

/* The i-th threshold, and what was measured for it. */
static struct threshold threshold_of(const struct run *r, size_t i, double *actual)
{
	struct threshold t;

	threshold_parse(&t, r->plan->threshold_texts.items[i], NULL);
	*actual = threshold_actual(&t, r->total, r->duration_s);
	return t;
}

static void add_thresholds(cJSON *root, const struct run *r)
{
	cJSON *array = ts_json_add_array(root, "thresholds");

	for (size_t i = 0; i < r->plan->threshold_texts.n; i++) {
		double actual;
		struct threshold t = threshold_of(r, i, &actual);
		cJSON *o = ts_json_add_object(array, NULL);
		ts_json_add_text(o, "expression", r->plan->threshold_texts.items[i]);
		ts_json_add_real(o, "actual", actual);
		ts_json_add_bool(o, "passed", threshold_holds(&t, actual));
	}
}

bool output_thresholds_hold(const struct run *r)
{
	if (r->plan->until_text && r->stop != STOP_UNTIL)
		return false;
	for (size_t i = 0; i < r->plan->threshold_texts.n; i++) {
		double actual;
		struct threshold t = threshold_of(r, i, &actual);
		if (!threshold_holds(&t, actual))
			return false;
	}
	return true;
}

/* --until: the width that was reached, as a part of the value; null when there was too little to say. */
static void add_until(cJSON *root, const struct run *r)
{
	cJSON *o;

	if (!r->plan->until_text)
		return;
	o = ts_json_add_object(root, "until");
	ts_json_add_text(o, "expression", r->plan->until_text);
	ts_json_add_real(o, "reached", r->until_reached);
	ts_json_add_bool(o, "met", r->stop == STOP_UNTIL);
}

static void add_target(cJSON *root, const struct plan *plan)
{
	char uri[TS_ENDPOINT_TEXT_MAX];

	if (plan->n_targets == 1)
		ts_json_add_text(root, "target", ts_endpoint_text(&plan->targets[0], uri, sizeof(uri)));
	else
		output_add_targets(root, "target", plan);
}

cJSON *output_json(const struct run *r)
{
	cJSON *root = cJSON_CreateObject();
	char text[256];

	ts_json_add_text(root, "schema", "tsbench.load/1");
	add_target(root, r->plan);
	cJSON_AddItemToObject(root, "plan", output_plan(r->plan));
	cJSON_AddItemToObject(root, "host", ts_host_facts());
	ts_json_add_text(
	        root, "started_at",
	        ts_clock_text(r->started_wall_ns ? r->started_wall_ns : ts_clock_wall_ns(), text, sizeof(text)));
	ts_json_add_bool(root, "partial", r->partial);
	ts_json_add_text(root, "trouble", run_trouble(r, text, sizeof(text))[0] ? text : NULL);
	add_ledger(root, "requests", r->plan, &r->total->figures);
	add_ledger(root, "warmup", r->plan, &r->total->warmup);
	add_connections(root, r);
	add_errors(root, r);
	add_throughput(root, r);
	output_add_latencies(root, r);
	add_fairness(root, r);
	add_slow_readers(root, r);
	output_add_series(root, r);
	output_add_generator(root, r);
	output_add_server(root, r);
	add_validity(root, r);
	add_thresholds(root, r);
	add_until(root, r);
	return root;
}

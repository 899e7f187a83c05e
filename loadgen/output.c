#include "output.h"
#include "confidence.h"
#include "thresholds.h"
#include "ts_bounds.h"
#include "ts_clock.h"
#include "ts_host.h"
#include "ts_json.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_percentiles(cJSON *o, const char *name, const struct plan *plan, const struct ts_hist *h)
{
	cJSON *p = ts_json_add_object(o, name);
	char key[32];

	for (size_t i = 0; i < plan->n_percentiles; i++) {
		snprintf(key, sizeof(key), "%.10g", plan->percentiles[i]);
		ts_json_add_real(p, key, h->n ? (double)ts_hist_percentile(h, plan->percentiles[i]) : NAN);
	}
}

static void add_confidence(cJSON *o, const struct run *r)
{
	cJSON *all = ts_json_add_object(o, "confidence_95");
	char key[32];

	for (size_t i = 0; i < r->plan->n_percentiles; i++) {
		struct confidence c = confidence_of(r->sampler.batches, r->sampler.n_batches, r->plan->percentiles[i]);
		cJSON *one;
		snprintf(key, sizeof(key), "%.10g", r->plan->percentiles[i]);
		one = ts_json_add_object(all, key);
		ts_json_add_real(one, "low_ns", c.low_ns);
		ts_json_add_real(one, "high_ns", c.high_ns);
		ts_json_add_real(one, "effective_count", c.effective_n);
	}
}

static void add_histogram(cJSON *latency, const char *name, const struct ts_hist *h)
{
	char *text = h && h->n ? ts_hist_encode(h) : NULL;

	ts_json_add_text(latency, name, text);
	free(text);
}

/* unanswered: the part of h that was never answered, or NULL where there is no such thing. */
static cJSON *add_latency(cJSON *o, const char *name, const struct run *r, const struct ts_hist *h,
                          const struct ts_hist *unanswered)
{
	cJSON *latency = ts_json_add_object(o, name);

	ts_json_add_int(latency, "count", (int64_t)h->n);
	ts_json_add_real(latency, "min_ns", h->n ? (double)h->min_ns : NAN);
	ts_json_add_real(latency, "max_ns", h->n ? (double)h->max_ns : NAN);
	ts_json_add_real(latency, "mean_ns", ts_hist_mean(h));
	ts_json_add_real(latency, "stddev_ns", ts_hist_stddev(h));
	add_percentiles(latency, "percentiles", r->plan, h);
	ts_json_add_int(latency, "overflow_count", (int64_t)h->n_overflow);
	ts_json_add_int(latency, "unanswered_count", unanswered ? (int64_t)unanswered->n : 0);
	ts_bounds_add(latency, h, unanswered);
	add_histogram(latency, "histogram", h);
	add_histogram(latency, "unanswered_histogram", unanswered);
	return latency;
}

static void add_latencies(cJSON *root, const struct run *r)
{
	cJSON *o = ts_json_add_object(root, "latency");
	const struct shard *t = r->total;

	add_confidence(add_latency(o, "response", r, &t->response, &t->response_unanswered), r);
	add_latency(o, "service", r, &t->service, &t->service_unanswered);
	add_latency(o, "first_byte", r, &t->first_byte, NULL);
	add_latency(o, "connect", r, &t->connect, NULL);
	if (!r->plan->kernel_stamps)
		return;
	add_latency(o, "to_kernel", r, &t->to_kernel, NULL);
	add_latency(o, "in_network", r, &t->in_network, NULL);
	add_latency(o, "from_kernel", r, &t->from_kernel, NULL);
}

static void add_ledger(cJSON *root, const char *name, const struct ledger *l)
{
	cJSON *o = ts_json_add_object(root, name);

#define X(field) ts_json_add_int(o, #field, (int64_t)l->field);
	LEDGER_FIELDS
#undef X
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
		o = cJSON_CreateObject();
		cJSON_AddItemToArray(array, o);
		ts_json_add_text(o, "class", error_name((enum error_class)i));
		ts_json_add_int(o, "count", (int64_t)e->n);
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
	add_ledger(o, "requests", &t->slow);
	ts_json_add_real(o, "requests_per_s", (double)t->slow.in_time / r->duration_s);
	add_latency(o, "response", r, &t->slow_response, &t->slow_unanswered);
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

static double unless_0(int64_t ns)
{
	return ns > 0 ? (double)ns : NAN;
}

static void add_series(cJSON *root, const struct run *r)
{
	cJSON *array = ts_json_add_array(root, "series");

	for (size_t i = 0; i < r->sampler.n_series; i++) {
		const struct series_entry *e = &r->sampler.series[i];
		cJSON *o = cJSON_CreateObject(), *response;
		cJSON_AddItemToArray(array, o);
		ts_json_add_real(o, "at_s", e->at_s);
		ts_json_add_real(o, "duration_s", e->duration_s);
		ts_json_add_int(o, "scheduled", (int64_t)e->scheduled);
		ts_json_add_int(o, "completed", (int64_t)e->completed);
		ts_json_add_int(o, "failed", (int64_t)e->failed);
		ts_json_add_int(o, "open_count", (int64_t)e->open);
		response = ts_json_add_object(o, "response");
		ts_json_add_int(response, "count", (int64_t)e->n);
		ts_json_add_real(response, "p50_ns", unless_0(e->p50_ns));
		ts_json_add_real(response, "p90_ns", unless_0(e->p90_ns));
		ts_json_add_real(response, "p99_ns", unless_0(e->p99_ns));
		ts_json_add_real(response, "max_ns", unless_0(e->max_ns));
		ts_json_add_text(o, "histogram", e->histogram);
		if (!e->has_server) {
			ts_json_add_null(o, "server");
			continue;
		}
		cJSON *server = ts_json_add_object(o, "server");
		ts_json_add_real(server, "cpu_s", e->server_cpu_s);
		ts_json_add_int(server, "rss_bytes", e->server_rss_bytes);
		ts_json_add_int(server, "descriptors_count", e->server_descriptors);
	}
}

static void add_generator(cJSON *root, const struct run *r)
{
	cJSON *o = ts_json_add_object(root, "generator"), *lag;
	const struct generator *g = &r->total->generator;
	const struct ts_hist *h = &r->total->send_lag;
	uint64_t n = r->total->figures.completed + r->total->warmup.completed;

	ts_json_add_real(o, "cpu_user_s", r->cpu_user_s);
	ts_json_add_real(o, "cpu_system_s", r->cpu_system_s);
	ts_json_add_int(o, "max_rss_bytes", r->max_rss_bytes);
	ts_json_add_int(o, "processes_count", r->n_processes);
	ts_json_add_int(o, "threads_count", r->n_processes * r->n_threads);
	ts_json_add_real(o, "load_cpu_s", g->cpu_s);
	ts_json_add_real(o, "cpu_per_request_ns", n ? g->cpu_s * 1e9 / (double)n : NAN);
	ts_json_add_real(o, "watched_s", g->watched_s);
	ts_json_add_real(o, "busy_s", g->busy_s);
	ts_json_add_real(o, "run_wait_s", g->run_wait_s);
	ts_json_add_real(o, "longest_gap_s", (double)g->longest_gap_ns / 1e9);
	ts_json_add_int(o, "gaps_count", (int64_t)g->n_gaps);
	ts_json_add_int(o, "clock_steps_count", (int64_t)g->clock_steps);
	ts_json_add_real(o, "steal_s", r->sampler.steal_s);
	ts_json_add_real(o, "throttled_periods_count", r->n_throttled < 0 ? NAN : (double)r->n_throttled);
	ts_json_add_real(o, "running_tasks_peak_count", r->sampler.load_max);
	ts_json_add_real(o, "arrivals_anderson_darling", g->ad_statistic);
	ts_json_add_real(o, "arrivals_dispersion", g->dispersion);
	ts_json_add_int(o, "bytes_per_connection", worker_bytes_per_connection(r->plan));
	ts_json_add_bool(o, "kept_awake", r->awake_held);
	lag = ts_json_add_object(o, "send_lag");
	ts_json_add_int(lag, "count", (int64_t)h->n);
	ts_json_add_real(lag, "max_ns", h->n ? (double)h->max_ns : NAN);
	add_percentiles(lag, "percentiles", r->plan, h);
}

static void add_server(cJSON *root, const struct run *r)
{
	const struct server_samples *v = &r->sampler.server;
	cJSON *o;

	if (!v->any) {
		ts_json_add_null(root, "server");
		return;
	}
	o = ts_json_add_object(root, "server");
	ts_json_add_real(o, "cpu_user_s", fmax(0, v->last.cpu_user_s - v->first.cpu_user_s));
	ts_json_add_real(o, "cpu_system_s", fmax(0, v->last.cpu_system_s - v->first.cpu_system_s));
	ts_json_add_real(o, "cpu_unsure_s", server_samples_unsure_s(v));
	ts_json_add_int(o, "peak_rss_bytes", v->peak_rss_bytes);
	ts_json_add_int(o, "descriptors_count", v->peak_descriptors);
	ts_json_add_int(o, "threads_count", v->peak_threads);
	ts_json_add_int(o, "processes_count", v->peak_processes);
	ts_json_add_real(o, "switches_voluntary_count",
	                 fmax(0, (double)(v->last.n_switches_voluntary - v->first.n_switches_voluntary)));
	ts_json_add_real(o, "switches_involuntary_count",
	                 fmax(0, (double)(v->last.n_switches_involuntary - v->first.n_switches_involuntary)));
	ts_json_add_real(o, "tcp_retransmits_count", v->retransmits >= 0 ? (double)v->retransmits : NAN);
}

static void add_validity(cJSON *root, const struct run *r)
{
	cJSON *o = ts_json_add_object(root, "validity"), *reasons;

	ts_json_add_text(o, "verdict", health_verdict_name(r->health.verdict));
	reasons = ts_json_add_array(o, "reasons");
	for (unsigned i = 0; i < r->health.n_reasons; i++)
		cJSON_AddItemToArray(reasons, cJSON_CreateString(r->health.reasons[i]));
}

static void add_thresholds(cJSON *root, const struct run *r)
{
	cJSON *array = ts_json_add_array(root, "thresholds");

	for (size_t i = 0; i < r->plan->threshold_texts.n; i++) {
		const char *text = r->plan->threshold_texts.items[i];
		struct threshold t;
		cJSON *o = cJSON_CreateObject();
		double actual;
		threshold_parse(&t, text, NULL);
		actual = threshold_actual(&t, r->total, r->duration_s);
		cJSON_AddItemToArray(array, o);
		ts_json_add_text(o, "expression", text);
		ts_json_add_real(o, "actual", actual);
		ts_json_add_bool(o, "passed", threshold_holds(&t, actual));
	}
}

bool output_thresholds_hold(const struct run *r)
{
	if (r->plan->until_text && r->stop != STOP_UNTIL)
		return false;
	for (size_t i = 0; i < r->plan->threshold_texts.n; i++) {
		struct threshold t;
		threshold_parse(&t, r->plan->threshold_texts.items[i], NULL);
		if (!threshold_holds(&t, threshold_actual(&t, r->total, r->duration_s)))
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
	cJSON *array;

	if (plan->n_targets == 1) {
		ts_json_add_text(root, "target", ts_endpoint_text(&plan->targets[0], uri, sizeof(uri)));
		return;
	}
	array = ts_json_add_array(root, "target");
	for (size_t i = 0; i < plan->n_targets; i++)
		cJSON_AddItemToArray(array, cJSON_CreateString(ts_endpoint_text(&plan->targets[i], uri, sizeof(uri))));
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
	add_ledger(root, "requests", &r->total->figures);
	add_ledger(root, "warmup", &r->total->warmup);
	add_connections(root, r);
	add_errors(root, r);
	add_throughput(root, r);
	add_latencies(root, r);
	add_fairness(root, r);
	add_slow_readers(root, r);
	add_series(root, r);
	add_generator(root, r);
	add_server(root, r);
	add_validity(root, r);
	add_thresholds(root, r);
	add_until(root, r);
	return root;
}

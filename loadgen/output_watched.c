/* What was watched while the run went on: an interval after the other, tsload itself, and the server's processes. */
#include "output_inside.h"
#include "ts_json.h"
#include <math.h>

static double unless_0(int64_t ns)
{
	return ns > 0 ? (double)ns : NAN;
}

void output_add_series(cJSON *root, const struct run *r)
{
	cJSON *array = ts_json_add_array(root, "series");

	for (size_t i = 0; i < r->sampler.n_series; i++) {
		const struct series_entry *e = &r->sampler.series[i];
		cJSON *o = ts_json_add_object(array, NULL), *response;
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
		ts_json_add_real(server, "descriptors_count", unless_0(e->server_descriptors));
	}
}

void output_add_generator(cJSON *root, const struct run *r)
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
	cJSON_AddItemToObject(lag, "percentiles", output_percentiles(r->plan, h));
}

static double switches(const struct server_samples *v, int64_t first, int64_t last)
{
	return v->switches_lost ? NAN : fmax(0, (double)(last - first));
}

void output_add_server(cJSON *root, const struct run *r)
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
	ts_json_add_real(o, "descriptors_count", unless_0(v->peak_descriptors));
	ts_json_add_int(o, "threads_count", v->peak_threads);
	ts_json_add_int(o, "processes_count", v->peak_processes);
	ts_json_add_real(o, "switches_voluntary_count",
	                 switches(v, v->first.n_switches_voluntary, v->last.n_switches_voluntary));
	ts_json_add_real(o, "switches_involuntary_count",
	                 switches(v, v->first.n_switches_involuntary, v->last.n_switches_involuntary));
	ts_json_add_real(o, "tcp_retransmits_count", v->retransmits >= 0 ? (double)v->retransmits : NAN);
}

#include "output_inside.h"
#include "preflight.h"
#include "ts_json.h"
#include "ts_live.h"
#include "ts_log.h"
#include <math.h>
#include <stdio.h>

static void add_choice(cJSON *o, const char *name, const char *words, int index)
{
	char word[32];
	ts_json_add_text(o, name, ts_opt_choice_word(words, index, word, sizeof(word)));
}

static void add_positive(cJSON *o, const char *name, double value, double unit)
{
	ts_json_add_real(o, name, value > 0 ? value / unit : NAN); /* 0: not asked for */
}

static void add_texts(cJSON *o, const char *name, const struct ts_opt_list *list)
{
	cJSON *array = ts_json_add_array(o, name);

	for (size_t i = 0; i < list->n; i++)
		ts_json_add_text(array, NULL, list->items[i]);
}

void output_add_targets(cJSON *o, const char *name, const struct plan *p)
{
	cJSON *array = ts_json_add_array(o, name);
	char uri[TS_ENDPOINT_TEXT_MAX];

	for (size_t i = 0; i < p->n_targets; i++)
		ts_json_add_text(array, NULL, ts_endpoint_text(&p->targets[i], uri, sizeof(uri)));
}

static void add_load(cJSON *o, const struct plan *p)
{
	ts_json_add_text(o, "loop", p->sessions_open ? "open_sessions" : p->open_loop ? "open" : "closed");
	ts_json_add_int(o, "connections", p->n_connections);
	ts_json_add_int(o, "threads", p->n_threads);
	add_positive(o, "duration_s", (double)p->duration_ns, 1e9);
	add_positive(o, "requests", (double)p->n_requests, 1);
	add_positive(o, "rate_per_s", p->rate_per_s, 1);
	ts_json_add_text(o, "arrival", p->open_loop ? p->arrival_text : NULL);
	add_texts(o, "stages", &p->stage_texts);
	ts_json_add_int(o, "pipeline", p->n_pipeline);
	add_positive(o, "window", (double)plan_window(p), 1);
	ts_json_add_text(o, "size", p->size_text);
	ts_json_add_real(o, "mean_size_bytes", size_mean(&p->size));
	add_positive(o, "session", (double)p->n_session, 1);
	add_positive(o, "session_rate_per_s", p->session_rate_per_s, 1);
	add_positive(o, "connect_rate_per_s", p->connect_rate_per_s, 1);
	ts_json_add_int(o, "idle", p->n_idle);
	add_positive(o, "slow_share", p->slow_share, 1);
	add_positive(o, "slow_read_bytes_per_s", p->n_slow > 0 ? (double)p->slow_bytes_per_s : 0, 1);
	ts_json_add_real(o, "warmup_s", (double)p->warmup_ns / 1e9);
	ts_json_add_real(o, "timeout_s", (double)p->timeout_ns / 1e9);
	ts_json_add_real(o, "drain_s", (double)p->drain_ns / 1e9);
	ts_json_add_real(o, "give_up_s", (double)p->give_up_ns / 1e9);
	ts_json_add_real(o, "tolerance_s", (double)p->tolerance_ns / 1e9);
	ts_json_add_text(o, "source", p->source_text);
	add_choice(o, "framing", PLAN_FRAMINGS, p->framing);
	ts_json_add_bool(o, "messages_end_in_lf", p->lf);
	ts_json_add_bool(o, "messages_end_in_cr_lf", p->cr);
	ts_json_add_text(o, "time", p->time_text);
	ts_json_add_text(o, "separator", p->separator_text);
	add_choice(o, "verify", PLAN_VERIFIES, p->verify);
	ts_json_add_int(o, "seed", p->seed);
}

cJSON *output_plan(const struct plan *p)
{
	cJSON *o = cJSON_CreateObject(), *cpus, *percentiles;

	output_add_targets(o, "targets", p);
	add_load(o, p);
	ts_json_add_int(o, "processes", preflight_processes(p));
	cpus = ts_json_add_array(o, "cpus");
	for (size_t i = 0; i < p->cpus.n; i++)
		ts_json_add_int(cpus, NULL, p->cpus.ids[i]);
	add_choice(o, "pace", PLAN_PACES, p->pace);
	ts_json_add_bool(o, "keep_awake", p->keep_awake);
	ts_json_add_bool(o, "kernel_stamps", p->kernel_stamps);
	ts_json_add_real(o, "interval_s", (double)p->interval_ns / 1e9);
	add_positive(o, "server_pid", (double)p->server_pid, 1);
	percentiles = ts_json_add_array(o, "percentiles");
	for (size_t i = 0; i < p->n_percentiles; i++)
		ts_json_add_real(percentiles, NULL, p->percentiles[i]);
	add_texts(o, "thresholds", &p->threshold_texts);
	ts_json_add_text(o, "until", p->until_text);
	ts_json_add_text(o, "find_max", p->find_max_text);
	ts_json_add_text(o, "sweep", p->sweep_text);
	ts_json_add_int(o, "repeats", p->n_repeats);
	ts_json_add_text(o, "resume", p->resume_path);
	add_choice(o, "progress", TS_LIVE_CHOICES, p->progress);
	add_choice(o, "log_level", TS_LOG_LEVELS, p->log_level);
	ts_json_add_text(o, "json", p->json_path);
	ts_json_add_text(o, "hdr_log", p->hdr_path);
	return o;
}

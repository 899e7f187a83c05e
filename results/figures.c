#include "figures.h"
#include "ts_json.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

static const struct figure_row rows[] = {
#define FIGURE_ROW(ID, name, title, unit, better, path) {#name, title, unit, path, FIGURE_##better},
#include "figures.def"
#undef FIGURE_ROW
};

const struct figure_row *figure_row(enum figure figure)
{
	return &rows[figure];
}

int figure_find(const char *name)
{
	for (int i = 0; i < FIGURE_N; i++)
		if (strcmp(rows[i].name, name) == 0)
			return i;
	return -1;
}

static double sum_of(const cJSON *counts)
{
	double sum = 0;
	const cJSON *item;

	if (!counts)
		return NAN;
	cJSON_ArrayForEach (item, counts) {
		if (cJSON_IsNumber(item))
			sum += item->valuedouble;
	}
	return sum;
}

/*
 * How many requests the server answered in its whole life, by its own account. It counts what one receive brought,
 * which may be a part of a large request, or many small ones that were in flight together. So it is bytes that tell:
 * those that it received, over the mean size of a request. Only where that is unknown its messages stand for requests.
 */
static double requests_of_life(const cJSON *load, const cJSON *server)
{
	double mean_bytes = ts_json_real(load, "requests.sent_bytes", NAN) / ts_json_real(load, "requests.sent", NAN);
	double received_bytes = ts_json_real(server, "received_bytes", NAN);

	if (mean_bytes > 0 && isfinite(mean_bytes) && !isnan(received_bytes))
		return received_bytes / mean_bytes;
	return ts_json_real(server, "messages_count", NAN) + ts_json_real(server, "datagrams_count", 0);
}

/* Two ticks: what the samples of several processes may miss, where the result does not say it. */
#define UNSURE_S    0.02
#define UNSURE_PART 0.05 /* of the figure: more is no figure */

static double unsure_s(const cJSON *load)
{
	bool one_process = ts_json_real(load, "server.processes_count", NAN) <= 1;

	return ts_json_real(load, "server.cpu_unsure_s", one_process ? 0 : UNSURE_S);
}

/* Over the same span as the requests; slow readers' requests, which are counted apart, are among them. */
static double sampled_us(const cJSON *load, double completed)
{
	double all = completed + ts_json_real(load, "slow_readers.requests.completed", 0);
	double cpu_s = ts_json_real(load, "server.cpu_user_s", NAN) + ts_json_real(load, "server.cpu_system_s", NAN);

	/* none at all: the samples missed the load */
	return completed > 0 && cpu_s > 0 && unsure_s(load) <= UNSURE_PART * cpu_s ? cpu_s * 1e6 / all : NAN;
}

/* The server's own account of its life since it was ready, over all that it answered. */
static double own_us(const cJSON *load, const cJSON *server)
{
	double answered = requests_of_life(load, server);
	double cpu_s = ts_json_real(server, "cpu_user_s", NAN) + ts_json_real(server, "cpu_system_s", NAN) -
	               ts_json_real(server, "cpu_until_ready_s", 0);

	return answered > 0 ? cpu_s * 1e6 / answered : NAN;
}

/*
 * Processor time per request. The generator samples the server while it counts requests: that is the figure, exact for
 * processes that live on. Where children ended meanwhile, their part comes in ticks of 10 ms, which is too coarse for a
 * short trial. If they came and went with the clients' sessions, as those of fork do, the server's own account is the
 * figure: all its life was like the measured part. Else, and for servers that tell nothing, it is unknown, unless ticks
 * are little beside it.
 */
static double cpu_per_request_us(const cJSON *load, const cJSON *server, double completed)
{
	bool sessions = ts_json_real(load, "plan.session", 0) > 0 && !(ts_json_real(load, "plan.idle", 0) > 0);
	bool says_how_sure = !isnan(ts_json_real(load, "server.cpu_unsure_s", NAN));
	double own = own_us(load, server);

	if (unsure_s(load) > 0 && (sessions || !says_how_sure) && !isnan(own))
		return own;
	return cJSON_IsObject(ts_json_at(load, "server")) ? sampled_us(load, completed) : own;
}

/* The load alone, where the result says that: not the start, nor the report. */
static double generator_us(const cJSON *load, double completed)
{
	double load_ns = ts_json_real(load, "generator.cpu_per_request_ns", NAN);
	double cpu_s =
	        ts_json_real(load, "generator.cpu_user_s", NAN) + ts_json_real(load, "generator.cpu_system_s", NAN);

	if (load_ns > 0)
		return load_ns / 1000;
	return completed > 0 && cpu_s > 0 ? cpu_s * 1e6 / completed : NAN;
}

/* These come from the server's own counts, warm-up included: so they are divided by all that it answered. */
static void read_server(double *out, const cJSON *load, const cJSON *server)
{
	double answered = requests_of_life(load, server);

	if (!(answered > 0))
		return;
	out[FIGURE_CALLS] = sum_of(ts_json_at(server, "system_calls")) / answered;
	out[FIGURE_SWITCHES] = (ts_json_real(server, "switches_voluntary_count", NAN) +
	                        ts_json_real(server, "switches_involuntary_count", NAN)) /
	                       answered;
}

/*
 * How many connections were there to be served. Lasting clients are as many as were asked for: beside idle ones only
 * those talk, and one that gave up and came back is the same client again.
 */
static double opened_to_talk(const cJSON *load)
{
	double opened = ts_json_real(load, "connections.opened", NAN);

	if (ts_json_real(load, "plan.session", 0) > 0)
		return opened;
	return fmin(opened, ts_json_real(load, "plan.connections", opened));
}

void figures_read(double *out, const cJSON *load, const cJSON *server)
{
	for (int i = 0; i < FIGURE_N; i++)
		out[i] = rows[i].path ? ts_json_real(load, rows[i].path, NAN) : NAN;
	out[FIGURE_OPENED] = opened_to_talk(load);
	out[FIGURE_SERVED] = ts_json_real(load, "connections.served", NAN);
	if (out[FIGURE_SERVED] > out[FIGURE_OPENED]) /* those who came back were served again */
		out[FIGURE_SERVED] = out[FIGURE_OPENED];
	out[FIGURE_RSS] = ts_json_real(load, "server.peak_rss_bytes", ts_json_real(server, "peak_rss_bytes", NAN));
	out[FIGURE_CPU] = cpu_per_request_us(load, server, out[FIGURE_COMPLETED]);
	out[FIGURE_GENERATOR] = generator_us(load, out[FIGURE_COMPLETED]);
	if (server)
		read_server(out, load, server);
}

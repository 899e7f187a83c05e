/*
 * One result out of many. What one member measured travels in five messages, in this order:
 *
 *     summary   the plain numbers below, and how long the others are
 *     shard     ledger, errors, histograms: added by shard_merge, as those of threads and processes are
 *     batches   histograms of stretches of time, for the confidence
 *     series    its entries; the pointers in them mean nothing here
 *     texts     the histograms of the entries, each with its terminator ("" for none)
 *
 * Monotonic clocks of two hosts have nothing to do with each other: a member's moments are moved so that its load began
 * when the leader's did.
 */
#include "members.h"
#include "run.h"
#include "series.h"
#include "ts_host.h"
#include "ts_json.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_SUMMARY, TAG_SHARD, TAG_BATCHES, TAG_SERIES, TAG_TEXTS };

struct summary {
	char host[MPI_MAX_PROCESSOR_NAME];
	int64_t begin_ns, batch_ns; /* of the sampler */
	double cpu_user_s, cpu_system_s, steal_part, load_max;
	int64_t max_rss_bytes;
	int64_t n_throttled;
	uint64_t n_series, n_batches, n_texts_bytes;
	unsigned n_processes, n_threads;
	int signal;
	bool unreachable, awake_held;
};

static void summarize(struct summary *s, const struct run *r, size_t n_texts_bytes)
{
	int n;

	memset(s, 0, sizeof(*s));
	MPI_Get_processor_name(s->host, &n);
	s->begin_ns = r->sampler.begin_ns;
	s->batch_ns = r->sampler.batch_ns;
	s->cpu_user_s = r->cpu_user_s;
	s->cpu_system_s = r->cpu_system_s;
	s->steal_part = r->sampler.steal_s / ts_host_cores();
	s->load_max = r->sampler.load_max;
	s->max_rss_bytes = r->max_rss_bytes;
	s->n_throttled = r->n_throttled;
	s->n_series = n_texts_bytes > 0 ? r->sampler.n_series : 0; /* the totals do not depend on the series */
	s->n_batches = r->sampler.n_batches;
	s->n_texts_bytes = n_texts_bytes;
	s->n_processes = r->n_processes;
	s->n_threads = r->n_threads;
	s->signal = r->signal;
	s->unreachable = r->unreachable;
	s->awake_held = r->awake_held;
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

static void put(const void *bytes, size_t n, int tag)
{
	MPI_Send(bytes, (int)n, MPI_BYTE, 0, tag, MPI_COMM_WORLD);
}

static void hand_over(const struct run *r)
{
	const struct sampler *sampler = &r->sampler;
	struct summary summary;
	size_t n_texts_bytes;
	char *texts = series_texts(sampler, &n_texts_bytes);

	summarize(&summary, r, n_texts_bytes);
	put(&summary, sizeof(summary), TAG_SUMMARY);
	put(r->total, sizeof(*r->total), TAG_SHARD);
	put(sampler->batches, summary.n_batches * sizeof(*sampler->batches), TAG_BATCHES);
	put(sampler->series, summary.n_series * sizeof(*sampler->series), TAG_SERIES);
	put(texts, n_texts_bytes, TAG_TEXTS);
	free(texts);
}

/* --- receiving ---------------------------------------------------------------------------------------------------- */

/* Owned; never NULL for n == 0. Out of memory, the message stays where it is and the caller gives up. */
static void *take(size_t n, int tag, int from)
{
	void *bytes = malloc(n + 1);

	if (bytes)
		MPI_Recv(bytes, (int)n, MPI_BYTE, from, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
	return bytes;
}

static void add_summary(struct run *r, const struct summary *s)
{
	double steal_s = s->steal_part * ts_host_cores();

	r->cpu_user_s += s->cpu_user_s;
	r->cpu_system_s += s->cpu_system_s;
	r->max_rss_bytes += s->max_rss_bytes;
	if (s->n_throttled > 0) /* where it is unknown, the others count */
		r->n_throttled = (r->n_throttled < 0 ? 0 : r->n_throttled) + s->n_throttled;
	r->n_processes += s->n_processes;
	r->unreachable = r->unreachable || s->unreachable;
	r->awake_held = r->awake_held && s->awake_held;
	r->signal = r->signal ? r->signal : s->signal;
	r->sampler.steal_s = fmax(r->sampler.steal_s, steal_s); /* the worst host's */
	r->sampler.load_max = fmax(r->sampler.load_max, s->load_max);
}

static void note_member(cJSON *results, const struct summary *s, const struct shard *shard)
{
	cJSON *o = ts_json_add_object(results, NULL), *requests;

	ts_json_add_text(o, "name", s->host);
	ts_json_add_int(o, "workers_count", s->n_processes * s->n_threads);
	ts_json_add_int(o, "opened_count", (int64_t)shard->connections.opened);
	requests = ts_json_add_object(o, "requests");
	ts_json_add_int(requests, "scheduled", (int64_t)shard->figures.scheduled);
	ts_json_add_int(requests, "not_sent", (int64_t)shard->figures.not_sent);
	ts_json_add_int(requests, "completed", (int64_t)shard->figures.completed);
	ts_json_add_int(requests, "failed", (int64_t)shard->figures.failed);
	ts_json_add_int(requests, "in_flight_at_end", (int64_t)shard->figures.in_flight_at_end);
	ts_json_add_real(o, "cpu_user_s", s->cpu_user_s);
	ts_json_add_real(o, "cpu_system_s", s->cpu_system_s);
}

static int take_over(struct members *m, struct run *r, int from, struct ts_err *err)
{
	struct summary s;
	struct shard *shard;
	struct sampler other = {0};
	char *texts;
	bool all;

	MPI_Recv(&s, sizeof(s), MPI_BYTE, from, TAG_SUMMARY, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
	shard = take(sizeof(*shard), TAG_SHARD, from);
	other.batches = take(s.n_batches * sizeof(*other.batches), TAG_BATCHES, from);
	other.series = take(s.n_series * sizeof(*other.series), TAG_SERIES, from);
	texts = take(s.n_texts_bytes, TAG_TEXTS, from);
	all = shard && other.batches && other.series && texts;
	if (all) {
		other.n_batches = s.n_batches;
		other.n_series = s.n_series;
		other.batch_ns = s.batch_ns;
		if (s.begin_ns != INT64_MAX && r->sampler.begin_ns != INT64_MAX)
			shard_move(shard, r->sampler.begin_ns - s.begin_ns);
		note_member(m->results, &s, shard);
		add_summary(r, &s);
		shard_merge(r->total, shard);
		series_merge(&r->sampler, &other, texts);
	}
	free(texts);
	free(other.series);
	free(other.batches);
	free(shard);
	return all ? 0 : ts_err_set(err, ENOMEM, "out of memory for the results of host %s", s.host);
}

int members_gather(struct team *team, struct run *r, int result, struct ts_err *err)
{
	struct members *m = (struct members *)team;
	struct summary own;

	result = members_agree(m, result, err);
	if (result < 0)
		return result;
	if (m->rank > 0) {
		hand_over(r);
		return 0;
	}
	summarize(&own, r, 0);
	m->results = cJSON_CreateArray();
	note_member(m->results, &own, r->total);
	for (int from = 1; from < m->n && result == 0; from++)
		result = take_over(m, r, from, err);
	return result;
}

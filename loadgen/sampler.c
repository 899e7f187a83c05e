#include "sampler.h"
#include "ts_clock.h"
#include "ts_host.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARDS_PER_TICK 8 /* with more workers the ticks get longer: reading them all must stay cheap */

const struct shard *sampler_shard(const struct sampler *s, size_t i)
{
	return (const struct shard *)((const char *)s->shards + i * s->stride);
}

/* Segments sent again, of the whole host; proc_net_snmp: the line of names, then that of numbers. */
static int64_t read_retransmits(void)
{
	char line[1024];
	int64_t value = -1;
	int n_lines = 0;
	FILE *f = fopen("/proc/net/snmp", "re");

	if (!f)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, "Tcp:", 4) == 0 && ++n_lines == 2)
			if (sscanf(line, "Tcp: %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld", &value) != 1)
				break;
	fclose(f);
	return value;
}

int sampler_init(struct sampler *s, const struct plan *plan, const void *shards, size_t stride, size_t n_shards,
                 struct ts_err *err)
{
	memset(s, 0, sizeof(*s));
	s->plan = plan;
	s->shards = shards;
	s->stride = stride;
	s->n_shards = n_shards;
	s->tick_ns = SAMPLER_TICK_NS * (int64_t)(1 + n_shards / SHARDS_PER_TICK);
	if (plan->interval_ns < s->tick_ns)
		s->tick_ns = plan->interval_ns;
	s->batch_ns = s->tick_ns;
	s->interval = ts_hist_new();
	s->seen = calloc(TS_HIST_BUCKETS, sizeof(*s->seen));
	s->batches = calloc(SAMPLER_BATCHES, sizeof(*s->batches));
	s->begin_ns = INT64_MAX;
	if (s->interval && s->seen && s->batches)
		return 0;
	sampler_release(s);
	return ts_err_set(err, ENOMEM, "out of memory for the series");
}

void sampler_release(struct sampler *s)
{
	for (size_t i = 0; i < s->n_series; i++)
		free(s->series[i].histogram);
	free(s->series);
	free(s->batches);
	ts_hist_free(s->interval);
	free(s->seen);
	memset(s, 0, sizeof(*s));
}

/* All workers, added up as they are now. */
static struct watched watch(struct sampler *s)
{
	struct watched sum = {0};

	for (size_t i = 0; i < s->n_shards; i++)
		shard_watch(&sum, sampler_shard(s, i));
	if (sum.open > s->peak_open)
		s->peak_open = sum.open;
	return sum;
}

void sampler_begin(struct sampler *s, int64_t begin_ns)
{
	s->begin_ns = begin_ns;
	s->interval_begin_ns = begin_ns;
	s->next_tick_ns = begin_ns;
	s->next_interval_ns = begin_ns + s->plan->interval_ns;
	s->next_batch_ns = begin_ns + s->batch_ns;
	s->last_close_ns = INT64_MAX;
	if (s->plan->load_ns != PACER_NEVER) /* the last entry is closed by the end, so that none is a sliver */
		s->last_close_ns = begin_ns - s->plan->warmup_ns + s->plan->load_ns - s->plan->interval_ns / 2;
}

static double cpu_s(const struct ts_proc *p)
{
	return p->cpu_user_s + p->cpu_system_s;
}

/* What the server and the host had used before the measured part. */
static void look_first(struct sampler *s)
{
	s->has_begun = true;
	s->steal_begin_s = ts_host_steal_s();
	s->retransmits_before = read_retransmits();
	if (s->plan->server_pid > 0 && ts_proc_sample((pid_t)s->plan->server_pid, &s->server.first) == 0) {
		s->server.any = true;
		s->server.last = s->server.first;
		s->server_cpu_before_s = cpu_s(&s->server.first);
	}
}

/* Count n more in bucket i. */
static void add_bucket(struct ts_hist *h, unsigned i, uint64_t n)
{
	if (h->n == 0 || ts_hist_bucket_low(i) < h->min_ns)
		h->min_ns = ts_hist_bucket_low(i);
	if (h->n == 0 || ts_hist_bucket_high(i) > h->max_ns)
		h->max_ns = ts_hist_bucket_high(i);
	h->counts[i] += n;
	h->n += n;
}

/* The buckets that any worker has touched: a run uses a few thousand of them. */
WATCHES_RUNNING_SHARDS static bool used_buckets(const struct sampler *s, unsigned *low, unsigned *high)
{
	bool any = false;

	*low = TS_HIST_BUCKETS - 1;
	*high = 0;
	for (size_t k = 0; k < s->n_shards; k++) {
		const struct ts_hist *h = &sampler_shard(s, k)->response;
		unsigned from, to;
		if (h->n == 0)
			continue;
		any = true;
		from = ts_hist_index(h->min_ns < TS_HIST_MAX_NS ? h->min_ns : TS_HIST_MAX_NS);
		to = ts_hist_index(h->max_ns < TS_HIST_MAX_NS ? h->max_ns : TS_HIST_MAX_NS);
		*low = from < *low ? from : *low;
		*high = to > *high ? to : *high;
	}
	return any;
}

void sampler_close_batches(struct sampler *s)
{
	s->batches_are_closed = true;
}

/* The batch that is being filled; NULL: none is. */
static struct ts_hist *batch_at(struct sampler *s, int64_t now_ns)
{
	if (s->batches_are_closed)
		return NULL;
	if (now_ns >= s->next_batch_ns + s->batch_ns / 2 || s->n_batches == 0) {
		if (s->n_batches == SAMPLER_BATCHES)
			sampler_double_batches(s);
		s->n_batches++;
		s->next_batch_ns += s->n_batches > 1 ? s->batch_ns : 0;
	}
	return &s->batches[s->n_batches - 1];
}

/* What has come since the last time, in one pass. A late datagram takes back what it had been counted as, so that a
 * bucket may fall: nothing has come to it then. */
WATCHES_RUNNING_SHARDS static void add_news(struct sampler *s, struct ts_hist *batch)
{
	unsigned low, high;

	if (!used_buckets(s, &low, &high))
		return;
	for (unsigned i = low; i <= high; i++) {
		uint64_t sum = 0, before = s->seen[i];
		for (size_t k = 0; k < s->n_shards; k++)
			sum += sampler_shard(s, k)->response.counts[i];
		if (sum == before)
			continue;
		s->seen[i] = sum;
		if (sum < before)
			continue;
		add_bucket(s->interval, i, sum - before);
		if (batch)
			add_bucket(batch, i, sum - before);
	}
}

void sampler_double_batches(struct sampler *s)
{
	for (size_t i = 0; i < SAMPLER_BATCHES / 2; i++) {
		struct ts_hist *a = &s->batches[2 * i];
		ts_hist_add(a, &s->batches[2 * i + 1]);
		if (i > 0)
			s->batches[i] = *a;
	}
	for (size_t i = SAMPLER_BATCHES / 2; i < SAMPLER_BATCHES; i++)
		ts_hist_reset(&s->batches[i]);
	s->n_batches = (s->n_batches + 1) / 2;
	s->batch_ns *= 2;
}

static void keep_most(int64_t *most, int64_t now)
{
	if (now > *most)
		*most = now;
}

void server_samples_take(struct server_samples *v, const struct ts_proc *now)
{
	struct ts_proc before = v->last;

	v->last = *now;
	v->switches_lost |= now->reaped_faults_count > before.reaped_faults_count ||
	                    now->n_threads < before.n_threads ||
	                    now->n_switches_voluntary < before.n_switches_voluntary;
	if (cpu_s(now) < cpu_s(&before)) {
		v->last.cpu_user_s = before.cpu_user_s;
		v->last.cpu_system_s = before.cpu_system_s;
	}
	keep_most(&v->peak_rss_bytes, now->rss_bytes);
	keep_most(&v->peak_rss_bytes, now->peak_rss_bytes);
	keep_most(&v->peak_descriptors, now->n_descriptors);
	keep_most(&v->peak_threads, now->n_threads);
	keep_most(&v->peak_processes, now->n_processes);
}

double server_samples_unsure_s(const struct server_samples *v)
{
	return v->last.reaped_faults_count > v->first.reaped_faults_count ? v->last.cpu_unsure_s : 0;
}

static void sample_server(struct sampler *s)
{
	struct ts_proc now;

	if (s->server.any && ts_proc_sample((pid_t)s->plan->server_pid, &now) == 0)
		server_samples_take(&s->server, &now);
}

/* Read all workers once: what has come since the last time goes to the interval and to the batch. */
static void take_snapshot(struct sampler *s, int64_t now_ns)
{
	add_news(s, batch_at(s, now_ns));
	watch(s);
	s->load_max = fmax(s->load_max, ts_host_load());
}

static void fill_entry(struct sampler *s, struct series_entry *e, const struct ledger *l)
{
	struct ts_hist *h = s->interval;

	e->scheduled = l->scheduled - s->ledger_before.scheduled;
	e->completed = l->completed - s->ledger_before.completed;
	e->failed = l->failed - s->ledger_before.failed;
	e->n = h->n;
	if (h->n > 0) {
		e->p50_ns = ts_hist_percentile(h, 50);
		e->p90_ns = ts_hist_percentile(h, 90);
		e->p99_ns = ts_hist_percentile(h, 99);
		e->max_ns = h->max_ns;
		e->histogram = ts_hist_encode(h);
	}
	if (s->server.any) {
		double now_s = cpu_s(&s->server.last);
		e->has_server = true;
		e->server_cpu_s = now_s - s->server_cpu_before_s;
		s->server_cpu_before_s = now_s;
		e->server_rss_bytes = s->server.last.rss_bytes;
		e->server_descriptors = s->server.last.n_descriptors;
	}
}

static void close_interval(struct sampler *s, int64_t end_ns)
{
	struct series_entry *e;
	struct watched now;

	if (s->n_series == s->n_series_room) {
		size_t room = s->n_series_room ? s->n_series_room * 2 : 64;
		struct series_entry *series = realloc(s->series, room * sizeof(*series));
		if (!series)
			return; /* the totals do not depend on the series */
		s->series = series;
		s->n_series_room = room;
	}
	e = &s->series[s->n_series++];
	memset(e, 0, sizeof(*e));
	e->at_s = (double)(s->interval_begin_ns - s->begin_ns) / 1e9;
	e->duration_s = (double)(end_ns - s->interval_begin_ns) / 1e9;
	now = watch(s);
	e->open = now.open;
	fill_entry(s, e, &now.figures);
	s->ledger_before = now.figures;
	s->interval_begin_ns = end_ns;
	ts_hist_reset(s->interval);
}

void sampler_tick(struct sampler *s, int64_t now_ns)
{
	if (now_ns < s->begin_ns || now_ns < s->next_tick_ns)
		return;
	if (!s->has_begun)
		look_first(s);
	take_snapshot(s, now_ns);
	sample_server(s);
	s->next_tick_ns += s->tick_ns * (1 + (now_ns - s->next_tick_ns) / s->tick_ns);
	if (now_ns >= s->next_interval_ns && now_ns < s->last_close_ns) {
		close_interval(s, now_ns);
		s->next_interval_ns +=
		        s->plan->interval_ns * (1 + (now_ns - s->next_interval_ns) / s->plan->interval_ns);
	}
}

void sampler_drain(struct sampler *s, int64_t now_ns)
{
	if (!s->has_begun || (s->has_drained && now_ns < s->next_tick_ns))
		return;
	sample_server(s);
	s->has_drained = true;
	s->next_tick_ns = now_ns + s->tick_ns;
}

void sampler_drained(struct sampler *s)
{
	if (!s->has_begun)
		return;
	sample_server(s);
	s->has_drained = true;
}

void sampler_end(struct sampler *s, int64_t now_ns, int64_t end_ns)
{
	int64_t retransmits = read_retransmits();

	if (s->begin_ns == INT64_MAX || now_ns < s->begin_ns)
		return;
	if (!s->has_begun)
		look_first(s);
	take_snapshot(s, now_ns);
	if (!s->has_drained)
		sample_server(s);
	if (end_ns < s->interval_begin_ns)
		end_ns = now_ns > s->interval_begin_ns ? now_ns : s->interval_begin_ns;
	close_interval(s, end_ns);
	s->steal_s = ts_host_steal_s() - s->steal_begin_s;
	s->server.retransmits =
	        retransmits >= 0 && s->retransmits_before >= 0 ? retransmits - s->retransmits_before : -1;
}

/*
 * What is seen of a run while it runs: the series, one entry an interval; batches for the confidence of the
 * percentiles; samples of the server under load. All of it on one clock, by the supervising thread; workers are only
 * read.
 *
 * A batch is a histogram of the response times of a stretch of time. At most SAMPLER_BATCHES are kept: when they are
 * full, neighbours are added up and the stretch doubles, so that any run ends with 32 to 64 of them.
 */
#ifndef SAMPLER_H
#define SAMPLER_H

#include "ledger.h"
#include "plan.h"
#include "ts_proc.h"

#define SAMPLER_BATCHES 64
#define SAMPLER_TICK_NS 100000000LL

struct series_entry {
	double at_s, duration_s;
	uint64_t scheduled, completed, failed, open;
	uint64_t n;
	int64_t p50_ns, p90_ns, p99_ns, max_ns;
	char *histogram; /* owned; NULL when empty */
	bool has_server;
	double server_cpu_s; /* in this interval */
	int64_t server_rss_bytes, server_descriptors;
};

struct server_samples {
	bool any;
	struct ts_proc first, last;
	int64_t peak_rss_bytes, peak_descriptors, peak_threads, peak_processes;
	int64_t retransmits; /* of the whole host; -1: unknown */
	bool switches_lost;  /* a thread or a process ended, and its switches with it: nobody keeps them for us */
};

/* One sample more. Processor time may seem to fall a little when a child is reaped (ts_proc.h):
 * then it stands still. */
void server_samples_take(struct server_samples *v, const struct ts_proc *now);

/* What the processor time between the first sample and the last may be off by: 0 where no child was
 * reaped meanwhile. */
double server_samples_unsure_s(const struct server_samples *v);

struct sampler {
	const struct plan *plan;
	const struct shard *shards; /* borrowed */
	size_t stride, n_shards;    /* bytes from one shard to the next */
	int64_t begin_ns;           /* of the measured part */
	int64_t tick_ns, next_tick_ns, next_interval_ns, interval_begin_ns, next_batch_ns, batch_ns, last_close_ns;

	struct ts_hist *interval; /* owned: response times of the entry that is being filled */
	uint64_t *seen;           /* owned: counts of all workers, by bucket, at the last look */
	struct ledger ledger_before;
	struct series_entry *series; /* owned */
	size_t n_series, n_series_room;
	struct ts_hist *batches; /* owned array; the last of n_batches is being filled */
	size_t n_batches;
	bool batches_are_closed;
	struct server_samples server;
	double server_cpu_before_s;
	bool has_begun, has_drained;
	int64_t retransmits_before;
	double steal_begin_s, steal_s, load_max;
	uint64_t peak_open;
};

int sampler_init(struct sampler *s, const struct plan *plan, const void *shards, size_t stride, size_t n_shards,
                 struct ts_err *err);
void sampler_release(struct sampler *s);

/*
 * In this order. The server is looked at first when the measured part begins, and last when all have drained: replies
 * that come then are counted, too, but closing the connections is no part of the load.
 */
void sampler_begin(struct sampler *s, int64_t begin_ns);             /* the measured part will begin then */
void sampler_tick(struct sampler *s, int64_t now_ns);                /* at the begin, and at least each tick_ns */
void sampler_drain(struct sampler *s, int64_t now_ns);               /* at the end, and while workers drain */
void sampler_drained(struct sampler *s);                             /* when all have */
void sampler_end(struct sampler *s, int64_t now_ns, int64_t end_ns); /* closes the last entry */

/* What comes from now on enters the series and no batch: a figure that was found good enough stays the one reported. */
void sampler_close_batches(struct sampler *s);

/* Neighbours are added up, and each batch is twice as long. */
void sampler_double_batches(struct sampler *s);

const struct shard *sampler_shard(const struct sampler *s, size_t i);

#endif

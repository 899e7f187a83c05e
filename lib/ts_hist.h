/*
 * Histogram of durations with bounded relative error, in HdrHistogram's layout (three significant digits).
 *
 * One fixed geometry: 1 ns to 2^42 ns (73 minutes), 2,048 sub-buckets, so a value is known to 0.1 % and any two
 * histograms add up bucket by bucket, exactly. No pointer inside: it may live in shared memory. 264 KiB, of which a run
 * touches a few pages. Values above the top are counted in `n_overflow` and in the last bucket; those below 0 as 0.
 *
 * Threads: one writer. Another thread (or process) reads a running histogram by ts_hist_add into one of its own, whose
 * n is then the sum of its counts; records made meanwhile may be in it or not. All other functions want one at rest.
 *
 * Source: http://hdrhistogram.org; for the V2 encoding, drawn in ts_hist_codec.c, its Java class EncodableHistogram.
 */
#ifndef TS_HIST_H
#define TS_HIST_H

#include "ts_err.h"
#include <stddef.h>
#include <stdint.h>

#define TS_HIST_SUB_BITS 11 /* 2,048 sub-buckets: 3 significant digits */
#define TS_HIST_HALF     (1 << (TS_HIST_SUB_BITS - 1))
#define TS_HIST_TOP_BITS 42
#define TS_HIST_MAX_NS   ((1LL << TS_HIST_TOP_BITS) - 1)
#define TS_HIST_BUCKETS  ((TS_HIST_TOP_BITS - TS_HIST_SUB_BITS + 2) * TS_HIST_HALF)

struct ts_hist {
	uint64_t n;             /* values recorded, overflow included */
	uint64_t n_overflow;    /* above TS_HIST_MAX_NS */
	int64_t min_ns, max_ns; /* exact; 0 while n == 0 */
	uint64_t counts[TS_HIST_BUCKETS];
};

struct ts_hist *ts_hist_new(void); /* owned; NULL when out of memory */
void ts_hist_free(struct ts_hist *h);
void ts_hist_reset(struct ts_hist *h);

static inline unsigned ts_hist_index(int64_t ns)
{
	uint64_t v = (uint64_t)ns;
	unsigned top = 63u - (unsigned)__builtin_clzll(v | (TS_HIST_HALF * 2 - 1));
	unsigned shift = top - (TS_HIST_SUB_BITS - 1);
	return (shift << (TS_HIST_SUB_BITS - 1)) + (unsigned)(v >> shift);
}

/* One writer: a plain addition, but a reader in another thread sees the old count or the new one. */
#define TS_HIST_STORE(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)
#define TS_HIST_LOAD(field)         __atomic_load_n(&(field), __ATOMIC_RELAXED)

/* `times` may be (uint64_t)-1, to take back what was recorded before; minimum and maximum then stay,
 * unless it was all. */
void ts_hist_record_n(struct ts_hist *h, int64_t ns, uint64_t times);

/* One value, `times` times over (1 or more); about 2 ns. A value that changes neither minimum nor maximum, nor is above
 * the top, takes the short way. */
static inline void ts_hist_record_alike(struct ts_hist *h, int64_t ns, uint64_t times)
{
	if (__builtin_expect(ns < h->min_ns || ns > h->max_ns || ns > TS_HIST_MAX_NS, 0)) {
		ts_hist_record_n(h, ns, times);
		return;
	}
	unsigned i = ts_hist_index(ns);
	TS_HIST_STORE(h->n, h->n + times);
	TS_HIST_STORE(h->counts[i], h->counts[i] + times);
}

static inline void ts_hist_record(struct ts_hist *h, int64_t ns)
{
	ts_hist_record_alike(h, ns, 1);
}

/* Lowest and highest value of a bucket, and the middle that is reported for it. */
int64_t ts_hist_bucket_low(unsigned index);
int64_t ts_hist_bucket_high(unsigned index);
int64_t ts_hist_bucket_middle(unsigned index);
unsigned ts_hist_index_within(int64_t ns); /* as ts_hist_index; the last bucket for what is above the top */

/* How many values, counted from the smallest, are at least this share of n: 1 to n. */
uint64_t ts_hist_rank(uint64_t n, double percentile);

/*
 * The smallest value such that at least `percentile` (0 to 100) percent of all are not larger: the middle of its
 * bucket, within [min, max]; max where the value is above the top or is the last. 0 when empty: ask n first.
 */
int64_t ts_hist_percentile(const struct ts_hist *h, double percentile);
double ts_hist_mean(const struct ts_hist *h);                      /* from the middles of buckets; NaN when empty */
double ts_hist_stddev(const struct ts_hist *h);                    /* NaN when empty */
uint64_t ts_hist_count_above(const struct ts_hist *h, int64_t ns); /* values in buckets above that of ns */

/* dst += src, exactly. dst -= src is for intervals: src must be an earlier state of dst; min and max are then those of
 * the buckets, within the old ones. */
void ts_hist_add(struct ts_hist *dst, const struct ts_hist *src);
void ts_hist_subtract(struct ts_hist *dst, const struct ts_hist *src);

/* HdrHistogram V2, zlib-compressed, base64: what the official decoders read. Owned text (free), NULL out of memory. */
char *ts_hist_encode(const struct ts_hist *h);

/*
 * The inverse, for texts of this geometry. What the encoding does not hold is lost: min and max are those of the
 * buckets, n_overflow is 0 and what it counted is in the last bucket. -EINVAL: err says what is wrong, and h is empty.
 */
int ts_hist_decode(struct ts_hist *h, const char *text, struct ts_err *err);

#endif

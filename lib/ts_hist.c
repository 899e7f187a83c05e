#include "ts_hist.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ts_hist *ts_hist_new(void)
{
	return calloc(1, sizeof(struct ts_hist));
}

void ts_hist_free(struct ts_hist *h)
{
	free(h);
}

void ts_hist_reset(struct ts_hist *h)
{
	memset(h, 0, sizeof(*h));
}

void ts_hist_record_n(struct ts_hist *h, int64_t ns, uint64_t times)
{
	if (times == 0)
		return;
	if (ns < 0)
		ns = 0;
	if (h->n == 0 || ns < h->min_ns)
		TS_HIST_STORE(h->min_ns, ns);
	if (h->n == 0 || ns > h->max_ns)
		TS_HIST_STORE(h->max_ns, ns);
	TS_HIST_STORE(h->n, h->n + times);
	if (ns > TS_HIST_MAX_NS) {
		TS_HIST_STORE(h->n_overflow, h->n_overflow + times);
		ns = TS_HIST_MAX_NS;
	}
	unsigned i = ts_hist_index(ns);
	TS_HIST_STORE(h->counts[i], h->counts[i] + times);
	if (h->n == 0) {
		TS_HIST_STORE(h->min_ns, 0);
		TS_HIST_STORE(h->max_ns, 0);
	}
}

/*
 * Index 0 to 2,047 is the value itself; from there on each 1,024 indices are twice as wide as those before. The index
 * is shift * 1,024 + (value >> shift), and value >> shift lies in 1,024 .. 2,047 for every shift but 0.
 */
static unsigned bucket_shift(unsigned index)
{
	unsigned half = index / TS_HIST_HALF;

	return half < 2 ? 0 : half - 1;
}

int64_t ts_hist_bucket_low(unsigned index)
{
	unsigned shift = bucket_shift(index);

	return (int64_t)(index - shift * TS_HIST_HALF) << shift;
}

int64_t ts_hist_bucket_high(unsigned index)
{
	return ts_hist_bucket_low(index) + (1LL << bucket_shift(index)) - 1;
}

int64_t ts_hist_bucket_middle(unsigned index)
{
	return ts_hist_bucket_low(index) + (1LL << bucket_shift(index)) / 2;
}

unsigned ts_hist_index_within(int64_t ns)
{
	return ts_hist_index(ns < TS_HIST_MAX_NS ? ns : TS_HIST_MAX_NS);
}

/* The indices that can hold counts: first to last, both included. Only when n > 0. */
static unsigned first_index(const struct ts_hist *h)
{
	return ts_hist_index_within(h->min_ns);
}

static unsigned last_index(const struct ts_hist *h)
{
	return ts_hist_index_within(h->max_ns);
}

uint64_t ts_hist_rank(uint64_t n, double percentile)
{
	double share = percentile < 0 ? 0 : percentile > 100 ? 1 : percentile / 100;
	/* 99.9 / 100 * 1000 is a hair above 999: without the correction it would ask for the 1,000th value. */
	double rank = ceil(share * (double)n * (1 - 4e-16));

	return rank < 1 ? 1 : rank >= (double)n ? n : (uint64_t)rank;
}

int64_t ts_hist_percentile(const struct ts_hist *h, double percentile)
{
	if (h->n == 0)
		return 0;
	uint64_t rank = ts_hist_rank(h->n, percentile), seen = 0;
	if (rank == h->n || rank > h->n - h->n_overflow)
		return h->max_ns;
	for (unsigned i = first_index(h); i <= last_index(h); i++) {
		seen += h->counts[i];
		if (seen < rank)
			continue;
		int64_t ns = ts_hist_bucket_middle(i);
		return ns < h->min_ns ? h->min_ns : ns > h->max_ns ? h->max_ns : ns;
	}
	return h->max_ns;
}

double ts_hist_mean(const struct ts_hist *h)
{
	double sum = 0;

	if (h->n == 0)
		return NAN;
	for (unsigned i = first_index(h); i <= last_index(h); i++)
		sum += (double)h->counts[i] * (double)ts_hist_bucket_middle(i);
	return sum / (double)h->n;
}

double ts_hist_stddev(const struct ts_hist *h)
{
	double mean = ts_hist_mean(h), sum = 0;

	if (h->n == 0)
		return NAN;
	for (unsigned i = first_index(h); i <= last_index(h); i++) {
		double distance = (double)ts_hist_bucket_middle(i) - mean;
		sum += (double)h->counts[i] * distance * distance;
	}
	return sqrt(sum / (double)h->n);
}

uint64_t ts_hist_count_above(const struct ts_hist *h, int64_t ns)
{
	uint64_t n_above = 0;

	if (h->n == 0)
		return 0;
	if (ns >= TS_HIST_MAX_NS)
		return h->max_ns > ns ? h->n_overflow : 0;
	for (unsigned i = ts_hist_index(ns < 0 ? 0 : ns) + 1; i <= last_index(h); i++)
		n_above += h->counts[i];
	return n_above;
}

/* The number is that of the counts which were seen, so that the sum of a running histogram fits together, too. */
void ts_hist_add(struct ts_hist *dst, const struct ts_hist *src)
{
	int64_t min_ns = TS_HIST_LOAD(src->min_ns), max_ns = TS_HIST_LOAD(src->max_ns);
	uint64_t n = 0;

	for (unsigned i = ts_hist_index_within(min_ns); i <= ts_hist_index_within(max_ns); i++) {
		uint64_t count = TS_HIST_LOAD(src->counts[i]);
		dst->counts[i] += count;
		n += count;
	}
	if (n == 0)
		return;
	if (dst->n == 0 || min_ns < dst->min_ns)
		dst->min_ns = min_ns;
	if (dst->n == 0 || max_ns > dst->max_ns)
		dst->max_ns = max_ns;
	dst->n += n;
	dst->n_overflow += TS_HIST_LOAD(src->n_overflow);
}

/* What is left has no exact minimum or maximum any more: those of its buckets, within the old ones. */
static void find_extremes(struct ts_hist *h, unsigned first, unsigned last)
{
	while (first < last && h->counts[first] == 0)
		first++;
	while (last > first && h->counts[last] == 0)
		last--;
	int64_t low = ts_hist_bucket_low(first), high = ts_hist_bucket_high(last);
	if (low > h->min_ns)
		h->min_ns = low;
	if (high < h->max_ns && h->n_overflow == 0)
		h->max_ns = high;
}

void ts_hist_subtract(struct ts_hist *dst, const struct ts_hist *src)
{
	if (src->n == 0)
		return;
	unsigned first = first_index(dst), last = last_index(dst);
	for (unsigned i = first; i <= last; i++)
		dst->counts[i] -= src->counts[i];
	dst->n -= src->n;
	dst->n_overflow -= src->n_overflow;
	if (dst->n == 0)
		ts_hist_reset(dst);
	else
		find_extremes(dst, first, last);
}

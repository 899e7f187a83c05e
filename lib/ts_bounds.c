#include "ts_bounds.h"
#include <math.h>

#define CLEARLY 1.01

static unsigned index_of(int64_t ns)
{
	return ts_hist_index(ns < TS_HIST_MAX_NS ? ns : TS_HIST_MAX_NS);
}

static bool is_more(int64_t most_ns, int64_t least_ns)
{
	return (double)most_ns > CLEARLY * (double)least_ns;
}

int64_t ts_bounds_most_ns(const struct ts_hist *all, const struct ts_hist *unanswered, double percentile)
{
	uint64_t rank = ts_hist_rank(all->n, percentile), seen = 0;
	unsigned i;

	if (unanswered->n == 0)
		return ts_hist_percentile(all, percentile);
	if (rank > all->n - unanswered->n)
		return TS_BOUNDS_NONE;
	for (i = index_of(all->min_ns); i < index_of(all->max_ns); i++) {
		seen += all->counts[i] - unanswered->counts[i];
		if (seen >= rank)
			return ts_hist_bucket_high(i);
	}
	return all->max_ns;
}

static int64_t bucket_middle(unsigned i)
{
	return (ts_hist_bucket_low(i) + ts_hist_bucket_high(i)) / 2;
}

bool ts_bounds_is_least(const struct ts_hist *all, const struct ts_hist *unanswered, double percentile)
{
	return unanswered->n > 0 &&
	       is_more(ts_bounds_most_ns(all, unanswered, percentile), ts_hist_percentile(all, percentile));
}

/* Of the ranks in bucket i, those are exact that are reached by answered requests up to bucket k, the last that is not
 * clearly more. Both only rise. */
double ts_bounds_from(const struct ts_hist *all, const struct ts_hist *unanswered)
{
	uint64_t seen = 0, answered = 0, exact = 0;
	unsigned last, k;

	if (unanswered->n == 0)
		return NAN;
	last = index_of(all->max_ns);
	k = index_of(all->min_ns);
	for (unsigned i = k; i <= last; i++) {
		uint64_t before = seen, reached;
		seen += all->counts[i];
		for (; k <= last && !is_more(ts_hist_bucket_high(k), bucket_middle(i)); k++)
			answered += all->counts[k] - unanswered->counts[k];
		reached = answered < seen ? answered : seen;
		if (all->counts[i] > 0 && reached > before)
			exact = reached;
	}
	return 100.0 * (double)exact / (double)all->n;
}

#include "ts_bounds.h"
#include <math.h>

#define CLEARLY 1.01

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
	for (i = ts_hist_index_within(all->min_ns); i < ts_hist_index_within(all->max_ns); i++) {
		seen += all->counts[i] - unanswered->counts[i];
		if (seen >= rank)
			return ts_hist_bucket_high(i);
	}
	return all->max_ns;
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
	last = ts_hist_index_within(all->max_ns);
	k = ts_hist_index_within(all->min_ns);
	for (unsigned i = k; i <= last; i++) {
		uint64_t before = seen, reached;
		seen += all->counts[i];
		for (; k <= last && !is_more(ts_hist_bucket_high(k), ts_hist_bucket_middle(i)); k++)
			answered += all->counts[k] - unanswered->counts[k];
		reached = answered < seen ? answered : seen;
		if (all->counts[i] > 0 && reached > before)
			exact = reached;
	}
	return 100.0 * (double)exact / (double)all->n;
}

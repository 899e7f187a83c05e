#include "confidence.h"
#include "ts_stats.h"
#include <math.h>
#include <stdlib.h>

#define MIN_BATCHES 8
#define MAX_BATCHES 64

/* How many independent requests the batches are worth, where a share p of them is above the value. */
static double effective_size(const double *above, const double *n, size_t n_batches)
{
	double total = 0, all_above = 0, scatter = 0, p, mean_n, rows, variance;
	double share[MAX_BATCHES];

	for (size_t i = 0; i < n_batches; i++) {
		total += n[i];
		all_above += above[i];
	}
	p = all_above / total;
	if (p <= 0 || p >= 1)
		return total;
	mean_n = total / (double)n_batches;
	/* Ratio estimator: batches hold different numbers of requests. */
	for (size_t i = 0; i < n_batches; i++) {
		share[i] = (above[i] - p * n[i]) / mean_n;
		scatter += share[i] * share[i];
	}
	variance = scatter / (double)(n_batches - 1);
	if (variance <= 0)
		return total;
	rows = ts_stats_effective_n(share, n_batches); /* batches may depend on each other, too */
	if (!(rows > 1) || rows > (double)n_batches)
		rows = (double)n_batches;
	return fmin(total, p * (1 - p) / (variance / rows));
}

struct confidence confidence_of(const struct ts_hist *batches, size_t n_batches, double percentile)
{
	struct confidence c = {NAN, NAN, NAN, NAN};
	struct ts_hist *all = ts_hist_new();
	double above[MAX_BATCHES], n[MAX_BATCHES], q_low, q_high;
	size_t used = 0;

	if (!all)
		return c;
	for (size_t i = 0; i < n_batches && used < MAX_BATCHES; i++)
		if (batches[i].n > 0)
			ts_hist_add(all, &batches[i]);
	if (all->n == 0)
		goto done;
	c.value_ns = (double)ts_hist_percentile(all, percentile);
	for (size_t i = 0; i < n_batches && used < MAX_BATCHES; i++) {
		if (batches[i].n == 0)
			continue;
		n[used] = (double)batches[i].n;
		above[used++] = (double)ts_hist_count_above(&batches[i], (int64_t)c.value_ns);
	}
	if (used < MIN_BATCHES)
		goto done;
	c.effective_n = effective_size(above, n, used);
	ts_stats_quantile_ranks(percentile / 100, c.effective_n, &q_low, &q_high);
	if (isnan(q_low) || isnan(q_high))
		goto done;
	c.low_ns = (double)ts_hist_percentile(all, q_low * 100);
	c.high_ns = (double)ts_hist_percentile(all, q_high * 100);
done:
	ts_hist_free(all);
	return c;
}

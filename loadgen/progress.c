#include "progress.h"
#include "ts_clock.h"
#include "ts_units.h"
#include <stdio.h>
#include <string.h>

#define EVERY_TERMINAL_NS (250 * TS_MS)
#define EVERY_LINE_NS     TS_S

void progress_init(struct progress *p, const struct plan *plan)
{
	memset(p, 0, sizeof(*p));
	ts_live_init(&p->line, (enum ts_live_when)plan->progress);
	p->title = "";
}

static void time_left(const struct plan *plan, const struct sampler *s, int64_t now_ns, char *buf, size_t size)
{
	int64_t left_ns = s->begin_ns - plan->warmup_ns + plan->load_ns - now_ns;

	buf[0] = '\0';
	if (plan->load_ns == PACER_NEVER || s->begin_ns == INT64_MAX)
		return;
	snprintf(buf, size, ", %lld s left", (long long)((left_ns > 0 ? left_ns : 0) + TS_S - 1) / TS_S);
}

static void show_percentile(const struct ts_hist *h, double percentile, char *buf, size_t size)
{
	if (h->n > 0)
		ts_units_show_duration(ts_hist_percentile(h, percentile), buf, size);
	else
		snprintf(buf, size, "-");
}

void progress_show(struct progress *p, const struct plan *plan, const struct sampler *s, int64_t now_ns)
{
	struct watched all = {0};
	char rate[32], p50[32], p99[32], left[48], text[240];

	if (!p->line.on || now_ns < p->next_ns)
		return;
	p->next_ns = now_ns + (p->line.rewrites ? EVERY_TERMINAL_NS : EVERY_LINE_NS);
	for (size_t i = 0; i < s->n_shards; i++)
		shard_watch(&all, sampler_shard(s, i));
	ts_units_show_count(p->before_ns ? (double)(all.completed - p->completed_before) * 1e9 /
	                                           (double)(now_ns - p->before_ns)
	                                 : 0,
	                    rate, sizeof(rate));
	p->completed_before = all.completed;
	p->before_ns = now_ns;
	const struct ts_hist *live = s->n_batches > 0 ? &s->batches[s->n_batches - 1] : s->interval;
	show_percentile(live, 50, p50, sizeof(p50));
	show_percentile(live, 99, p99, sizeof(p99));
	time_left(plan, s, now_ns, left, sizeof(left));
	snprintf(text, sizeof(text), "%s%s/s, p50 %s, p99 %s, %llu failed, %llu open%s", p->title, rate, p50, p99,
	         (unsigned long long)all.failed, (unsigned long long)all.open, left);
	ts_live_put(&p->line, text);
}

void progress_wipe(struct progress *p)
{
	ts_live_wipe(&p->line);
	p->before_ns = 0; /* the next run counts from its own begin */
}

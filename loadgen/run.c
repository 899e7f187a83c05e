#include "run.h"
#include "cgroup.h"
#include "progress.h"
#include "supervise.h"
#include "ts_clock.h"
#include "ts_host.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static void add_up(struct run *r, struct crew *crew)
{
	struct generator *g = &r->total->generator;

	g->ad_statistic = g->dispersion = NAN;
	for (unsigned i = 0; i < crew->n_workers; i++) {
		struct place *place = &crew->arena->places[i];
		shard_merge(r->total, &place->shard);
		r->cpu_user_s += place->cpu_user_s;
		r->cpu_system_s += place->cpu_system_s;
		r->max_rss_bytes += place->max_rss_bytes;
	}
}

static double duration_s(const struct generator *g)
{
	return g->end_ns > g->begin_ns && g->begin_ns > 0 ? (double)(g->end_ns - g->begin_ns) / 1e9 : 0;
}

/* A short run may be over before --give-up: nothing was answered, and somebody said that nobody listens. */
static void note_unreachable(struct run *r)
{
	const struct shard *t = r->total;

	if (r->stop != STOP_NO || t->connections.served > 0 || t->figures.completed + t->warmup.completed > 0 ||
	    t->errors.entry[ERROR_refused].n == 0)
		return;
	r->unreachable = r->partial = true;
	r->stop = STOP_GONE;
}

static void judge(struct run *r)
{
	double medians_ns[SAMPLER_BATCHES];
	size_t n = 0;

	note_unreachable(r);
	for (size_t i = 0; i + 1 < r->sampler.n_batches; i++) /* the last batch is not full */
		if (r->sampler.batches[i].n > 0)
			medians_ns[n++] = (double)ts_hist_percentile(&r->sampler.batches[i], 50);
	struct health_facts facts = {
	        .total = r->total,
	        .open_loop = r->plan->open_loop,
	        .spins = r->plan->pace == PACE_SPIN,
	        .steady = r->plan->stage_texts.n == 0 && r->plan->schedule.arrival != PACER_TRACE,
	        .duration_s = r->duration_s,
	        .steal_s = r->sampler.steal_s,
	        .cores = ts_host_cores(),
	        .n_throttled = r->n_throttled,
	        .medians_ns = medians_ns,
	        .n_medians = n,
	        .asked_to_stop = r->stop == STOP_SIGNAL,
	};
	health_check(&r->health, &facts);
	if (r->died[0])
		health_blame(&r->health, HEALTH_INVALID, "%s: what it would have measured is missing", r->died);
}

/* /dev/cpu_dma_latency at 0 for as long as the descriptor is open: processors answer an interrupt at once. */
static int stay_awake(struct run *r)
{
	int32_t latency_us = 0;
	int fd;

	if (!r->plan->keep_awake)
		return -1;
	fd = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
	r->awake_held = fd >= 0 && write(fd, &latency_us, sizeof(latency_us)) == sizeof(latency_us);
	return fd;
}

static int prepare(struct run *r, struct crew *crew, struct team *team, struct ts_err *err)
{
	int result = crew_init(crew, r->plan, team, err);

	r->n_processes = crew->n_processes;
	r->n_threads = crew->n_threads;
	r->total = calloc(1, sizeof(*r->total));
	if (result == 0 && !r->total)
		result = ts_err_set(err, ENOMEM, "out of memory");
	if (result == 0)
		result = sampler_init(&r->sampler, r->plan, &crew->arena->places[0].shard, sizeof(struct place),
		                      crew->n_workers, err);
	return team ? team->join(team, crew->n_workers, result, err) : result;
}

static void add_own_usage(struct run *r, const struct rusage *before)
{
	struct rusage after;

	getrusage(RUSAGE_SELF, &after);
	r->cpu_user_s += (double)(after.ru_utime.tv_sec - before->ru_utime.tv_sec) +
	                 (double)(after.ru_utime.tv_usec - before->ru_utime.tv_usec) / 1e6;
	r->cpu_system_s += (double)(after.ru_stime.tv_sec - before->ru_stime.tv_sec) +
	                   (double)(after.ru_stime.tv_usec - before->ru_stime.tv_usec) / 1e6;
	r->max_rss_bytes += after.ru_maxrss * 1024;
}

/* Throttled periods of our control group beyond those before; -1: unknown. */
static int64_t throttled_since(int64_t n_before)
{
	int64_t n = cgroup_throttled(CGROUP_SELF, CGROUP_MOUNT);

	return n < 0 || n_before < 0 ? -1 : n - n_before;
}

static void measure(struct run *r, struct crew *crew, struct progress *progress)
{
	struct rusage before;
	int awake_fd = stay_awake(r);

	getrusage(RUSAGE_SELF, &before);
	crew_start(crew);
	if (supervise_opening(r, crew, progress) == 0)
		supervise_load(r, crew, progress);
	crew_wait(crew);
	if (awake_fd >= 0)
		close(awake_fd);
	if (progress)
		progress_wipe(progress);
	add_up(r, crew);
	add_own_usage(r, &before);
	sampler_end(&r->sampler, ts_clock_mono_ns(), r->total->generator.end_ns);
	r->until_reached = supervise_until_width(r);
	r->partial = r->stop == STOP_SIGNAL || r->stop == STOP_GONE;
	r->n_throttled = throttled_since(r->n_throttled);
}

/* What could not start is an error; what has died leaves a partial run. */
static int heed_failure(struct run *r, const struct crew *crew, struct ts_err *err)
{
	const struct place *failure = crew_first_failure(crew);

	if (!failure)
		return 0;
	if (failure->died) {
		snprintf(r->died, sizeof(r->died), "%.79s", failure->err.text);
		return 0;
	}
	*err = failure->err;
	return -EIO;
}

int run_plan_in_team(struct run *r, const struct plan *plan, struct progress *progress, struct team *team,
                     struct ts_err *err)
{
	struct crew crew;
	int result;

	memset(r, 0, sizeof(*r));
	r->plan = plan;
	r->until_reached = NAN;
	r->n_throttled = throttled_since(0);
	result = prepare(r, &crew, team, err);
	if (result < 0)
		goto unmap;
	measure(r, &crew, progress);
	result = heed_failure(r, &crew, err);
	if (team)
		result = team->gather(team, r, result, err);
	r->duration_s = duration_s(&r->total->generator);
	judge(r);
unmap:
	if (crew.arena)
		munmap(crew.arena, crew.n_bytes);
	r->sampler.shards = NULL;
	return result;
}

int run_plan(struct run *r, const struct plan *plan, struct progress *progress, struct ts_err *err)
{
	return run_plan_in_team(r, plan, progress, NULL, err);
}

void run_release(struct run *r)
{
	sampler_release(&r->sampler);
	free(r->total);
	r->total = NULL;
}

const char *run_trouble(const struct run *r, char *buf, size_t size)
{
	const struct errors *e = &r->total->errors;
	const struct error_entry *worst = NULL;
	char uri[TS_ENDPOINT_TEXT_MAX];
	int worst_id = 0;

	buf[0] = '\0';
	if (r->stop != STOP_GONE)
		return buf;
	if (r->died[0]) {
		snprintf(buf, size, "%s", r->died);
		return buf;
	}
	for (int i = 0; i < ERROR_N; i++)
		if (e->entry[i].n > 0 && (!worst || e->entry[i].n > worst->n)) {
			worst = &e->entry[i];
			worst_id = i;
		}
	ts_endpoint_text(&r->plan->targets[0], uri, sizeof(uri));
	if (r->unreachable || r->total->connections.served == 0)
		snprintf(buf, size, "%s: cannot connect: %s", uri,
		         worst ? error_text((enum error_class)worst_id) : "no answer");
	else
		snprintf(buf, size, "%s: the server has gone: %s", uri,
		         worst ? error_text((enum error_class)worst_id) : "no answer");
	return buf;
}

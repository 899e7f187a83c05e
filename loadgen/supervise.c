#include "supervise.h"
#include "confidence.h"
#include "thresholds.h"
#include "ts_clock.h"
#include "ts_signal.h"
#include <math.h>
#include <stdatomic.h>

/* From the word to the start: even the worker whose tick has just gone by hears it in time. */
#define START_AHEAD_NS (WORKER_TICK_MAX_NS + 5 * TS_MS)

#define POLL_NS (10 * TS_MS) /* the supervisor's own rhythm */

static void ask_to_stop(struct run *r, enum control_stop why)
{
	if (r->wish == STOP_NO)
		r->wish = why;
}

static void heed_signals(struct run *r, struct crew *crew)
{
	if (ts_signal_stop() == 0)
		return;
	if (r->wish == STOP_NO)
		r->signal = ts_signal_stop();
	ask_to_stop(r, STOP_SIGNAL);
	if (ts_signal_stop_count() > 1)
		atomic_store(&crew->arena->control.hurry, 1);
}

/* Where are all the workers (here: those of this host), and is the run to stop? One host decides alone; a team agrees.
 */
static void meet(struct run *r, struct crew *crew, int here)
{
	int stop = r->stop;

	if (crew->team)
		crew->team->meet(crew->team, here, r->wish, &crew->reached, &stop);
	else
		crew->reached = here, stop = r->wish;
	if (r->stop != STOP_NO || stop == STOP_NO)
		return;
	r->stop = (enum control_stop)stop;
	if (crew->team && stop == STOP_SIGNAL) /* a launcher that has asked kills a second later */
		atomic_store(&crew->arena->control.hurry, 1);
	atomic_store(&crew->arena->control.stop, stop);
}

/* The server has refused everything for a while, and nothing is open (datagrams: nothing has been answered). */
static bool server_is_gone(const struct crew *crew, int64_t start_ns, int64_t now_ns)
{
	int64_t limit_ns = crew->plan->give_up_ns, reply_ns = start_ns, refused_ns = 0;
	bool datagram = !ts_transport_is_stream(crew->plan->targets[0].transport);
	struct watched all = {0};

	if (limit_ns == 0)
		return false;
	for (unsigned i = 0; i < crew->n_workers; i++) {
		const struct shard *s = &crew->arena->places[i].shard;
		int64_t reply = atomic_load_explicit(&s->last_reply_ns, memory_order_relaxed);
		int64_t refused = atomic_load_explicit(&s->last_refused_ns, memory_order_relaxed);
		shard_watch(&all, s);
		reply_ns = reply > reply_ns ? reply : reply_ns;
		refused_ns = refused > refused_ns ? refused : refused_ns;
	}
	return refused_ns > reply_ns && now_ns - reply_ns > limit_ns && now_ns - refused_ns < 2 * TS_S &&
	       (all.open == 0 || datagram);
}

static bool nothing_opened(const struct crew *crew)
{
	struct watched all = {0};

	for (unsigned i = 0; i < crew->n_workers; i++)
		shard_watch(&all, &crew->arena->places[i].shard);
	return all.opened == 0 && all.failed_to_open > 0;
}

/* A server that refuses is perhaps not there yet, and is called again. No other failure gets better by waiting. */
static bool may_come_yet(const struct crew *crew, int64_t waited_ns)
{
	bool refuses = false;

	for (unsigned i = 0; i < crew->n_workers; i++)
		refuses |=
		        atomic_load_explicit(&crew->arena->places[i].shard.last_refused_ns, memory_order_relaxed) > 0;
	return refuses && (crew->plan->give_up_ns == 0 || waited_ns < crew->plan->give_up_ns);
}

double supervise_until_width(const struct run *r)
{
	struct confidence c;
	struct until until;

	if (!r->plan->until_text)
		return NAN;
	until_parse(&until, r->plan->until_text, NULL);
	c = confidence_of(r->sampler.batches, r->sampler.n_batches, until.percentile);
	return c.value_ns > 0 ? (c.high_ns - c.low_ns) / c.value_ns : NAN;
}

/* Is the figure known well enough? Looked at once a second. */
static void heed_until(struct run *r, int64_t now_ns, int64_t *next_ns)
{
	struct until until;

	if (!r->plan->until_text || now_ns < *next_ns || now_ns < r->sampler.begin_ns)
		return;
	*next_ns = now_ns + TS_S;
	until_parse(&until, r->plan->until_text, NULL);
	if (supervise_until_width(r) < until.bound) {
		sampler_close_batches(&r->sampler);
		ask_to_stop(r, STOP_UNTIL);
	}
}

/* The supervisor's rhythm, but no longer than until one of these, if it is to come: that is when the
 * server is sampled. */
static void nap(int64_t begin_ns, int64_t end_ns)
{
	int64_t now_ns = ts_clock_mono_ns(), until_ns = now_ns + POLL_NS;

	if (begin_ns > now_ns && begin_ns < until_ns)
		until_ns = begin_ns;
	else if (end_ns > now_ns && end_ns < until_ns)
		until_ns = end_ns;
	ts_clock_sleep_until(until_ns);
}

int supervise_opening(struct run *r, struct crew *crew, struct progress *progress)
{
	int64_t begin_ns = ts_clock_mono_ns();
	int here;

	while (crew->reached < SHARD_READY) {
		heed_signals(r, crew);
		if (crew_bury_the_dead(crew) || crew_first_failure(crew))
			ask_to_stop(r, STOP_GONE);
		here = crew_lowest_state(crew);
		if (r->wish == STOP_NO && here >= SHARD_READY && nothing_opened(crew)) {
			r->unreachable = !may_come_yet(crew, ts_clock_mono_ns() - begin_ns);
			if (r->unreachable)
				ask_to_stop(r, STOP_GONE);
			else
				here = SHARD_OPENING;
		}
		meet(r, crew, here);
		if (progress)
			progress_show(progress, r->plan, &r->sampler, ts_clock_mono_ns());
		nap(PACER_NEVER, PACER_NEVER);
	}
	r->opening_s = (double)(ts_clock_mono_ns() - begin_ns) / 1e9;
	return r->stop == STOP_NO ? 0 : -1;
}

/* The server, while workers drain and once when all have; then they close their connections. */
static void look_at_drain(struct run *r, struct crew *crew, int64_t now_ns, int64_t end_ns)
{
	struct control *control = &crew->arena->control;
	int state = crew_lowest_state(crew);

	if (state < SHARD_DRAINED && now_ns >= end_ns)
		sampler_drain(&r->sampler, now_ns);
	if (state == SHARD_DRAINED && !atomic_load(&control->looked)) {
		sampler_drained(&r->sampler);
		atomic_store(&control->looked, true);
	}
}

void supervise_load(struct run *r, struct crew *crew, struct progress *progress)
{
	int64_t start_ns, end_ns, next_until_ns = 0, now_ns;

	if (crew->team)
		crew->team->start(crew->team);
	start_ns = ts_clock_mono_ns() + START_AHEAD_NS;
	r->started_wall_ns = ts_clock_wall_ns() + START_AHEAD_NS;
	end_ns = r->plan->load_ns == PACER_NEVER ? INT64_MAX : start_ns + r->plan->load_ns;
	sampler_begin(&r->sampler, start_ns + r->plan->warmup_ns);
	atomic_store_explicit(&crew->arena->control.start_ns, start_ns, memory_order_release);
	while (crew->reached < SHARD_DONE) {
		now_ns = ts_clock_mono_ns();
		heed_signals(r, crew);
		if (crew_bury_the_dead(crew) || server_is_gone(crew, start_ns, now_ns))
			ask_to_stop(r, STOP_GONE);
		meet(r, crew, crew_lowest_state(crew));
		if (crew_lowest_state(crew) < SHARD_DRAINING) {
			sampler_tick(&r->sampler, now_ns);
			heed_until(r, now_ns, &next_until_ns);
		}
		look_at_drain(r, crew, now_ns, end_ns);
		if (progress)
			progress_show(progress, r->plan, &r->sampler, now_ns);
		nap(r->sampler.begin_ns, end_ns);
	}
}

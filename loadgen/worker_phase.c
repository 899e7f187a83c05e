#include "ts_clock.h"
#include "worker_inside.h"
#include <stdatomic.h>
#include <stdlib.h>

#define STRAY_NS      (50 * TS_MS) /* datagrams that come twice are waited for this long */
#define GAP_NS        (50 * TS_MS)
#define SWEEP_EACH_NS 5000 /* between two sweeps, for each client */
#define CLOCK_STEP_NS (5 * TS_MS)
#define CLOCK_READ_NS TS_MS /* two reads that took longer say nothing */

/* --- the phases --------------------------------------------------------------------------------------------------- */

void worker_set_state(struct worker *w, enum shard_state state)
{
	atomic_store_explicit(&w->shard->state, state, memory_order_release);
}

static bool has_datagrams(const struct worker *w)
{
	return w->n_clients > 0 && (w->clients[0].flags & CLIENT_DATAGRAM);
}

static void finish(struct worker *w)
{
	w->done = true;
	ev_break(w->loop, EVBREAK_ALL);
}

/* The generator's own health is watched over the measured part alone: neither over the warm-up nor over the drain. */
static void begin_watch(struct worker *w, int64_t now_ns)
{
	w->watch_ns = now_ns;
	w->busy_ns = ts_clock_thread_cpu_ns();
	w->run_wait_s = worker_run_wait_s();
}

static void end_watch(struct worker *w, int64_t now_ns)
{
	struct generator *g = &w->shard->generator;

	if (w->watch_ns == 0 || g->watched_s > 0)
		return;
	g->watched_s = (double)(now_ns - w->watch_ns) / 1e9;
	g->busy_s = (double)(ts_clock_thread_cpu_ns() - w->busy_ns) / 1e9;
	g->run_wait_s = worker_run_wait_s() - w->run_wait_s;
}

static void begin_drain(struct worker *w, int64_t now_ns)
{
	end_watch(w, now_ns);
	worker_send_due(w, now_ns); /* what was due until the very end */
	w->finished = true;
	w->drain_begin_ns = now_ns;
	if (now_ns < w->end_ns)
		w->end_ns = now_ns;
	w->drain_ns = now_ns + w->plan->drain_ns;
	if (has_datagrams(w) && w->drain_ns < now_ns + w->plan->timeout_ns + 2 * w->tick_ns && w->plan->drain_ns > 0)
		w->drain_ns =
		        now_ns + w->plan->timeout_ns + 2 * w->tick_ns; /* each datagram ends answered or given up */
	worker_set_state(w, SHARD_DRAINING);
}

void worker_check_finished(struct worker *w)
{
	if (!w->started || w->n_in_flight > w->slow.n_in_flight || w->n_ending > 0)
		return;
	if (w->quota == 0 && !w->finished)
		begin_drain(w, ts_clock_mono_ns());
	if (w->finished && w->n_in_flight == 0 && !has_datagrams(w) && !worker_request_due(w, ts_clock_mono_ns()))
		finish(w);
}

static void read_start(struct worker *w)
{
	int64_t start_ns = atomic_load_explicit(&w->control->start_ns, memory_order_acquire);

	if (start_ns == 0)
		return;
	w->start_ns = start_ns;
	w->measure_ns = start_ns + w->plan->warmup_ns;
	w->end_ns = start_ns + (w->plan->load_ns == PACER_NEVER ? PLAN_ENDLESS_NS : w->plan->load_ns);
	worker_set_state(w, SHARD_RUNNING);
	worker_rearm(w);
}

/* Datagrams that come twice are waited for a little, and late ones, where some were given up, for the whole drain. */
static int64_t stray_until(const struct worker *w)
{
	return w->drain_begin_ns + (w->late.n > 0 && w->plan->drain_ns > STRAY_NS ? w->plan->drain_ns : STRAY_NS);
}

static void advance(struct worker *w, int64_t now_ns)
{
	int stop = atomic_load_explicit(&w->control->stop, memory_order_relaxed);
	int state = atomic_load_explicit(&w->shard->state, memory_order_relaxed);

	if (state == SHARD_OPENING && w->n_settled >= w->n_clients) {
		worker_set_state(w, SHARD_READY);
		state = SHARD_READY;
	}
	if (state == SHARD_READY)
		read_start(w);
	if (stop != STOP_NO && !w->started)
		finish(w);
	else if (state == SHARD_RUNNING && w->started && (stop != STOP_NO || now_ns >= w->end_ns))
		begin_drain(w, now_ns);
	else if (state == SHARD_RUNNING && w->quota == 0)
		worker_check_finished(w); /* its share may have been no request at all */
	if (atomic_load_explicit(&w->shard->state, memory_order_relaxed) != SHARD_DRAINING)
		return;
	if (atomic_load_explicit(&w->control->hurry, memory_order_relaxed) || now_ns >= w->drain_ns ||
	    (w->n_in_flight == 0 && w->n_ending == 0 && !worker_request_due(w, now_ns) &&
	     (!has_datagrams(w) || now_ns >= stray_until(w))))
		finish(w);
}

/* --- the tick ----------------------------------------------------------------------------------------------------- */

void worker_watch_clock(struct worker *w)
{
	int64_t before_ns = ts_clock_mono_ns(), wall_ns = ts_clock_wall_ns(), after_ns = ts_clock_mono_ns();
	int64_t offset_ns = wall_ns - (before_ns + after_ns) / 2, step_ns = llabs(offset_ns - w->wall_offset_ns);

	if (after_ns - before_ns > CLOCK_READ_NS && w->wall_offset_ns != 0)
		return; /* held up between the two clocks: that is no step */

	if (w->wall_offset_ns != 0 && step_ns > CLOCK_STEP_NS) {
		w->shard->generator.clock_steps++;
		if (step_ns > w->shard->generator.largest_step_ns)
			w->shard->generator.largest_step_ns = step_ns;
	}
	w->wall_offset_ns = offset_ns;
}

/* Time that passed without this thread being asleep by its own will or at work: somebody held it up. */
static void watch_gap(struct worker *w, int64_t now_ns)
{
	struct generator *g = &w->shard->generator;
	int64_t cpu_ns = ts_clock_thread_cpu_ns();
	int64_t gap_ns = (now_ns - w->last_tick_ns) - (cpu_ns - w->last_cpu_ns) - w->tick_ns;

	if (w->watch_ns != 0 && !w->finished) {
		if (gap_ns > g->longest_gap_ns)
			g->longest_gap_ns = gap_ns;
		if (gap_ns > GAP_NS) {
			g->n_gaps++;
			g->gap_sum_ns += gap_ns;
		}
	}
	w->last_tick_ns = now_ns;
	w->last_cpu_ns = cpu_ns;
}

/* Visiting many clients costs: at most 1 % of the time goes to it, as long as time-outs stay true to a twentieth. */
static void sweep(struct worker *w, int64_t now_ns)
{
	int64_t apart_ns = w->n_clients * SWEEP_EACH_NS;

	for (uint32_t i = 0; i < w->n_clients; i++)
		client_sweep(w, &w->clients[i], now_ns);
	if (apart_ns > w->plan->timeout_ns / 20)
		apart_ns = w->plan->timeout_ns / 20;
	w->next_sweep_ns = now_ns + apart_ns - w->tick_ns / 2;
}

void worker_on_tick(struct ev_loop *loop, ev_timer *timer, int revents)
{
	struct worker *w = ev_userdata(loop);
	int64_t now_ns = ts_clock_mono_ns();

	(void)timer, (void)revents;
	worker_watch_clock(w);
	watch_gap(w, now_ns);
	if (w->started && w->watch_ns == 0 && now_ns >= w->measure_ns)
		begin_watch(w, now_ns);
	if (now_ns >= w->next_sweep_ns)
		sweep(w, now_ns);
	advance(w, now_ns);
}

int worker_learn(struct worker *w, const struct learn_text *text, int64_t now_ns, struct learn_fault *fault)
{
	int result = learn_rule(&w->rule, &w->plan->stated, text, worker_wall(w, now_ns), fault);

	if (result == 0) {
		w->rule.check_time = w->plan->verify == VERIFY_FULL;
		w->rule.tolerance_ns = w->plan->tolerance_ns;
		w->rule_known = true;
	}
	return result;
}

void worker_resume(struct worker *w)
{
	for (uint32_t i = 0; i < w->n_clients; i++) {
		struct client *c = &w->clients[i];
		if (!(c->flags & CLIENT_PAUSED))
			continue;
		c->flags &= (uint8_t)~CLIENT_PAUSED;
		client_watch(w, c, c->n_unsent > 0 ? EV_READ | EV_WRITE : EV_READ);
	}
}

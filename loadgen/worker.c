#include "ts_clock.h"
#include "worker_inside.h"
#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define TICK_MIN_NS      TS_MS
#define ARRIVALS_APART_S 0.005
#define LOOK_NS          (200 * TS_MS) /* so long it waits for the look at the server */
#define LOOK_EACH_NS     (TS_MS / 5)
#define SPIN_CLOSE_NS    3000 /* a moment this near is waited for on the clock alone */

static void run_loop(struct worker *w)
{
	if (w->plan->pace != PACE_SPIN) {
		ev_run(w->loop, 0);
		return;
	}
	while (!w->done) {
		int64_t now_ns = ts_clock_mono_ns(), next_ns = worker_next_moment(w);
		if (w->started && next_ns <= now_ns)
			worker_serve_moment(w, now_ns);
		/* What is due after the end stays due and is not sent: the loop must go on all the same. */
		if (!w->started || w->finished || next_ns - now_ns > SPIN_CLOSE_NS)
			ev_run(w->loop, EVRUN_NOWAIT);
	}
}

/* A server is sampled before its connections are closed, which is no part of the load; but nobody waits for long. */
static void await_look(struct worker *w)
{
	int64_t now_ns = ts_clock_mono_ns(), until_ns = now_ns + LOOK_NS;

	while (w->plan->server_pid > 0 && w->started && now_ns < until_ns && !atomic_load(&w->control->looked) &&
	       !atomic_load(&w->control->hurry)) {
		ts_clock_sleep_until(now_ns + LOOK_EACH_NS);
		now_ns = ts_clock_mono_ns();
	}
}

void worker_run(struct worker *w)
{
	w->open_ns = ts_clock_mono_ns();
	worker_watch_clock(w);
	w->n_settled = w->plan->n_session > 0 ? w->n_active : 0; /* sessions begin with the load */
	for (uint32_t i = w->n_settled; i < w->n_clients; i++)
		client_want_open(w, &w->clients[i]);
	worker_set_state(w, SHARD_OPENING);
	worker_rearm(w);
	run_loop(w);
	worker_settle(w);
	worker_set_state(w, SHARD_DRAINED);
	await_look(w);
	worker_close_all(w);
	worker_set_state(w, SHARD_DONE);
}

static bool ring_init(struct ring *r, uint32_t n)
{
	r->n_room = n;
	r->items = calloc(n, sizeof(*r->items));
	return r->items != NULL;
}

static void init_clients(struct worker *w)
{
	memset(w->clients, 0, w->n_clients * sizeof(*w->clients));
	for (uint32_t i = 0; i < w->n_clients; i++) {
		struct client *c = &w->clients[i];
		c->io.fd = -1;
		c->index = i;
		c->slots = w->slots + (size_t)i * (size_t)w->plan->n_pipeline;
		c->target = (uint8_t)(client_id(w, c) % w->plan->n_targets);
		ts_reply_init(&c->reply);
		if (i >= w->n_active)
			c->flags |= CLIENT_IDLE;
		if (!ts_transport_is_stream(w->plan->targets[c->target].transport))
			c->flags |= CLIENT_DATAGRAM;
	}
}

/* n things dealt to n_parts in turn: how many does this part get? */
static uint32_t share(int64_t n, unsigned part, unsigned n_parts)
{
	return (uint32_t)(n / n_parts + (part < n % n_parts));
}

static int init_pacing(struct worker *w)
{
	const struct plan *plan = w->plan;
	struct pacer_stage stage = {.duration_ns = INT64_MAX / 4, .from_per_s = plan->connect_rate_per_s};

	w->window = share(plan_window(plan), w->index, w->n_workers);
	if (w->window == 0 && plan_window(plan) > 0)
		w->window = 1;
	w->quota = plan->n_requests > 0 ? share(plan->n_requests, w->index, w->n_workers) : UINT64_MAX;
	if (plan->open_loop && pacer_init(&w->pacer, &plan->schedule, w->index, w->n_workers) < 0)
		return -ENOMEM;
	if (plan->connect_rate_per_s > 0) {
		stage.to_per_s = stage.from_per_s;
		if (pacer_stage_add(&w->connect_schedule, &stage) < 0)
			return -ENOMEM;
		pacer_schedule_close(&w->connect_schedule);
		return pacer_init(&w->connect_pacer, &w->connect_schedule, w->index, w->n_workers);
	}
	return 0;
}

/* The arrivals are sampled where one rate is asked for throughout: far enough apart that a timer's own lag does not
 * count. */
static void init_arrivals(struct worker *w)
{
	double rate_per_s = w->plan->rate_per_s / w->n_workers, every = rate_per_s * ARRIVALS_APART_S;

	if (!w->plan->open_loop || rate_per_s <= 0 || w->plan->load_ns == PACER_NEVER)
		return;
	every = fmax(every, rate_per_s * (double)w->plan->load_ns / 1e9 / WORKER_ARRIVALS);
	w->arrivals_every = (uint32_t)ceil(fmax(every, 1));
}

static int init_loop(struct worker *w, struct ts_err *err)
{
	w->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	w->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (!w->loop || w->timer_fd < 0)
		return ts_err_set(err, errno, "cannot make an event loop: %s", strerror(errno));
	ev_set_userdata(w->loop, w);
	w->tick_ns = w->plan->timeout_ns / 20;
	if (w->tick_ns > WORKER_TICK_MAX_NS)
		w->tick_ns = WORKER_TICK_MAX_NS;
	if (w->tick_ns < TICK_MIN_NS)
		w->tick_ns = TICK_MIN_NS;
	ev_io_init(&w->pace_io, worker_on_pace, w->timer_fd, EV_READ);
	ev_timer_init(&w->tick, worker_on_tick, 0.001, (double)w->tick_ns / 1e9);
	ev_io_start(w->loop, &w->pace_io);
	ev_timer_start(w->loop, &w->tick);
	if (w->plan->pace == PACE_TICK && w->plan->open_loop) {
		ev_timer_init(&w->pace_tick, worker_on_pace_tick, 0.001, 0.001);
		ev_timer_start(w->loop, &w->pace_tick);
	}
	return 0;
}

struct worker *worker_new(const struct plan *plan, struct control *control, struct shard *shard, unsigned index,
                          unsigned n_workers, struct ts_err *err)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		goto no_memory;
	w->plan = plan;
	w->control = control;
	w->shard = shard;
	w->index = index;
	w->n_workers = n_workers;
	w->timer_fd = -1;
	w->end_ns = w->drain_ns = INT64_MAX / 2;
	w->n_active = share(plan->n_connections, index, n_workers);
	w->n_clients = w->n_active + share(plan->n_idle, index, n_workers);
	w->clients = aligned_alloc(CLIENT_LINE_BYTES, w->n_clients * sizeof(*w->clients));
	w->slots = calloc((size_t)w->n_clients * (size_t)plan->n_pipeline, sizeof(*w->slots));
	w->arrivals_ns = calloc(WORKER_ARRIVALS, sizeof(*w->arrivals_ns));
	if (plan->kernel_stamps)
		w->transmitted_ns = calloc(w->n_clients, sizeof(*w->transmitted_ns));
	w->random = ts_random_new((uint64_t)plan->seed * 1000003 + index);
	if (!w->clients || (plan->kernel_stamps && !w->transmitted_ns) || !w->slots || !w->arrivals_ns || !w->random ||
	    !ring_init(&w->free_clients, w->n_clients) || !ring_init(&w->to_open, w->n_clients) || init_pacing(w) < 0)
		goto no_memory;
	init_clients(w);
	if (slow_init(w, share(plan->n_slow, index, n_workers)) < 0)
		goto no_memory;
	init_arrivals(w);
	if (init_loop(w, err) == 0)
		return w;
	worker_free(w);
	return NULL;
no_memory:
	if (w)
		worker_free(w);
	ts_err_set(err, ENOMEM, "out of memory for %lld connections and %lld idle ones", (long long)plan->n_connections,
	           (long long)plan->n_idle);
	return NULL;
}

void worker_free(struct worker *w)
{
	if (w->loop)
		ev_loop_destroy(w->loop);
	if (w->timer_fd >= 0)
		close(w->timer_fd);
	pacer_release(&w->pacer);
	pacer_release(&w->connect_pacer);
	pacer_schedule_release(&w->connect_schedule);
	late_release(&w->late);
	slow_release(&w->slow);
	ts_random_free(w->random);
	free(w->free_clients.items);
	free(w->to_open.items);
	free(w->arrivals_ns);
	free(w->transmitted_ns);
	free(w->slots);
	free(w->clients);
	free(w);
}

int64_t worker_bytes_per_connection(const struct plan *plan)
{
	return (int64_t)(sizeof(struct client) + 2 * sizeof(uint32_t) + 16) +
	       plan->n_pipeline * (int64_t)sizeof(struct slot);
}

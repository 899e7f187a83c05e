#include "worker.h"
#include "health.h"
#include "ts_clock.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define OPEN_AT_ONCE     256 /* connections opened in one go, before the loop serves the others */
#define TICK_MIN_NS      TS_MS
#define TICK_MAX_NS      (20 * TS_MS)
#define SEND_GRACE_NS    (20 * TS_MS) /* after the end of the load, for what was due just before it */
#define STRAY_NS         (50 * TS_MS) /* datagrams that come twice are waited for this long */
#define GAP_NS           (50 * TS_MS)
#define SWEEP_EACH_NS    5000 /* between two sweeps, for each client */
#define ARRIVALS_APART_S 0.005
#define CLOCK_STEP_NS    (5 * TS_MS)
#define SPIN_CLOSE_NS    3000  /* a moment this near is waited for on the clock alone */
#define LINGER_OFF_ABOVE 10000 /* connections that are reset rather than closed at the end */

/* --- the schedule ------------------------------------------------------------------------------------------------- */

int64_t worker_next(struct worker *w, int64_t now_ns)
{
	int64_t planned_ns;

	if (!w->started || w->quota == 0)
		return PACER_NEVER;
	if (!w->plan->open_loop) {
		if (w->finished || now_ns >= w->end_ns || (w->window > 0 && w->n_in_flight >= w->window))
			return PACER_NEVER;
		w->quota--;
		return now_ns;
	}
	if (pacer_peek(&w->pacer) == PACER_NEVER || (w->finished && now_ns > w->end_ns + SEND_GRACE_NS))
		return PACER_NEVER;
	planned_ns = w->start_ns + pacer_peek(&w->pacer);
	if (planned_ns > now_ns || planned_ns >= w->end_ns)
		return PACER_NEVER;
	pacer_take(&w->pacer);
	w->quota--;
	return planned_ns;
}

/* A session is due: its first request waits in slot 0 for the connection. */
static void begin_session(struct worker *w, struct client *c, int64_t now_ns)
{
	int64_t planned_ns = worker_next(w, now_ns);

	if (planned_ns == PACER_NEVER)
		return;
	client_slot(w, c, 0)->planned_ns = planned_ns;
	c->flags |= CLIENT_PENDING;
	worker_ledger(w, planned_ns)->scheduled++;
	w->n_in_flight++;
	client_want_open(w, c);
}

/* Must agree with worker_next: a client that is taken from the ring for nothing would be offered again for ever. */
static bool request_due(const struct worker *w, int64_t now_ns)
{
	int64_t planned_ns;

	if (!w->plan->open_loop || !w->started || w->free_clients.n == 0 || w->quota == 0 ||
	    pacer_peek(&w->pacer) == PACER_NEVER || (w->finished && now_ns > w->end_ns + SEND_GRACE_NS))
		return false;
	planned_ns = w->start_ns + pacer_peek(&w->pacer);
	return planned_ns <= now_ns && planned_ns < w->end_ns;
}

static void send_due(struct worker *w, int64_t now_ns)
{
	while (request_due(w, now_ns)) {
		struct client *c = &w->clients[ring_pop(&w->free_clients)];
		c->flags &= (uint8_t)~CLIENT_OFFERED;
		if (w->plan->sessions_open && c->state == CLIENT_CLOSED)
			begin_session(w, c, now_ns);
		else if (c->state == CLIENT_OPEN)
			client_fill(w, c, now_ns);
	}
}

/* Clients take turns: who was answered goes to the end of the queue. */
void worker_serve_window(struct worker *w, int64_t now_ns)
{
	while (w->free_clients.n > 0 && w->n_in_flight < w->window && w->quota > 0 && !w->finished &&
	       now_ns < w->end_ns) {
		struct client *c = &w->clients[ring_pop(&w->free_clients)];
		c->flags &= (uint8_t)~CLIENT_OFFERED;
		if (c->state == CLIENT_OPEN)
			client_fill(w, c, now_ns);
	}
}

static bool open_due(const struct worker *w, int64_t now_ns)
{
	if (w->to_open.n == 0)
		return false;
	return w->plan->connect_rate_per_s == 0 || w->open_ns + pacer_peek(&w->connect_pacer) <= now_ns;
}

static void open_some(struct worker *w, int64_t now_ns)
{
	for (int n = 0; n < OPEN_AT_ONCE && open_due(w, now_ns); n++) {
		struct client *c = &w->clients[ring_pop(&w->to_open)];
		if (w->plan->connect_rate_per_s > 0)
			pacer_take(&w->connect_pacer);
		if (c->state != CLIENT_QUEUED)
			continue;
		if (w->finished || (w->started && now_ns >= w->end_ns)) {
			c->state = CLIENT_CLOSED;
			continue;
		}
		client_open(w, c, ts_clock_mono_ns());
	}
}

void worker_queue_open(struct worker *w, struct client *c)
{
	/* Openings that nobody wanted in the meantime are not made up for in a burst. */
	if (w->to_open.n == 0 && w->plan->connect_rate_per_s > 0)
		pacer_give_up(&w->connect_pacer, ts_clock_mono_ns() - w->open_ns);
	ring_push(&w->to_open, c->index);
	worker_rearm(w);
}

void worker_offer(struct worker *w, struct client *c, int64_t now_ns)
{
	(void)now_ns;
	if (c->flags & (CLIENT_OFFERED | CLIENT_IDLE))
		return;
	c->flags |= CLIENT_OFFERED;
	ring_push(&w->free_clients, c->index);
	if (w->free_clients.n == 1)
		worker_rearm(w);
}

/* --- the timer ---------------------------------------------------------------------------------------------------- */

static int64_t next_moment(const struct worker *w)
{
	int64_t next_ns = PACER_NEVER;

	if (!w->started)
		next_ns = w->start_ns ? w->start_ns : PACER_NEVER;
	else if (w->plan->open_loop && w->free_clients.n > 0 && w->quota > 0 && pacer_peek(&w->pacer) != PACER_NEVER)
		next_ns = w->start_ns + pacer_peek(&w->pacer);
	if (w->to_open.n > 0) {
		int64_t open_ns = w->plan->connect_rate_per_s > 0 ? w->open_ns + pacer_peek(&w->connect_pacer) : 1;
		next_ns = open_ns < next_ns ? open_ns : next_ns;
	}
	return next_ns;
}

/* Setting the timer also takes back that it has rung, so it never needs to be read. */
void worker_rearm(struct worker *w)
{
	int64_t next_ns = next_moment(w);
	struct itimerspec at = {0};

	if (w->plan->pace != PACE_TIMER && w->started && w->to_open.n == 0)
		next_ns = PACER_NEVER;
	if (next_ns == w->armed_ns)
		return;
	w->armed_ns = next_ns;
	if (next_ns != PACER_NEVER) {
		at.it_value.tv_sec = next_ns / TS_S;
		at.it_value.tv_nsec = next_ns % TS_S;
	}
	timerfd_settime(w->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

/* Seconds that this thread was ready to run and waited for a processor; proc(5), schedstat. */
static double run_wait_s(void)
{
	unsigned long long cpu, wait = 0;
	FILE *f = fopen("/proc/thread-self/schedstat", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%llu %llu", &cpu, &wait) != 2)
		wait = 0;
	fclose(f);
	return (double)wait / 1e9;
}

static void begin_load(struct worker *w, int64_t now_ns)
{
	w->started = true;
	w->cpu_ns = ts_clock_thread_cpu_ns();
	w->run_wait_s = run_wait_s();
	for (uint32_t i = 0; i < w->n_clients; i++) {
		struct client *c = &w->clients[i];
		if (w->plan->sessions_open)
			worker_offer(w, c, now_ns);
		else if (c->state == CLIENT_OPEN && w->window > 0)
			worker_offer(w, c, now_ns);
		else if (c->state == CLIENT_OPEN)
			client_fill(w, c, now_ns);
		else if (c->state == CLIENT_CLOSED && w->plan->n_session > 0)
			client_want_open(w, c);
	}
	worker_serve_window(w, now_ns);
}

static void serve_moment(struct worker *w, int64_t now_ns)
{
	if (!w->started && w->start_ns && now_ns >= w->start_ns)
		begin_load(w, now_ns);
	send_due(w, now_ns);
	open_some(w, now_ns);
}

static void on_pace(struct ev_loop *loop, ev_io *io, int revents)
{
	struct worker *w = ev_userdata(loop);

	(void)io, (void)revents;
	serve_moment(w, ts_clock_mono_ns());
	w->armed_ns = -1; /* it has rung: set it again in any case */
	worker_rearm(w);
}

static void on_pace_tick(struct ev_loop *loop, ev_timer *timer, int revents)
{
	(void)timer, (void)revents;
	send_due(ev_userdata(loop), ts_clock_mono_ns());
}

/* --- the phases --------------------------------------------------------------------------------------------------- */

static void set_state(struct worker *w, enum shard_state state)
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

static void begin_drain(struct worker *w, int64_t now_ns)
{
	w->finished = true;
	w->drain_begin_ns = now_ns;
	if (now_ns < w->end_ns)
		w->end_ns = now_ns;
	w->drain_ns = now_ns + w->plan->drain_ns;
	if (has_datagrams(w) && w->drain_ns < now_ns + w->plan->timeout_ns + 2 * w->tick_ns && w->plan->drain_ns > 0)
		w->drain_ns =
		        now_ns + w->plan->timeout_ns + 2 * w->tick_ns; /* each datagram ends answered or given up */
	set_state(w, SHARD_DRAINING);
}

void worker_check_finished(struct worker *w)
{
	if (!w->started || w->n_in_flight > 0 || w->n_ending > 0)
		return;
	if (w->quota == 0 && !w->finished)
		begin_drain(w, ts_clock_mono_ns());
	if (w->finished && !has_datagrams(w))
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
	set_state(w, SHARD_RUNNING);
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

	if (state == SHARD_OPENING && w->n_settled == w->n_clients) {
		set_state(w, SHARD_READY);
		state = SHARD_READY;
	}
	if (state == SHARD_READY)
		read_start(w);
	if (stop != STOP_NO && !w->started)
		finish(w);
	else if (state == SHARD_RUNNING && w->started && (stop != STOP_NO || now_ns >= w->end_ns))
		begin_drain(w, now_ns);
	if (atomic_load_explicit(&w->shard->state, memory_order_relaxed) != SHARD_DRAINING)
		return;
	if (atomic_load_explicit(&w->control->hurry, memory_order_relaxed) || now_ns >= w->drain_ns ||
	    (w->n_in_flight == 0 && w->n_ending == 0 && (!has_datagrams(w) || now_ns >= stray_until(w))))
		finish(w);
}

/* --- the tick ----------------------------------------------------------------------------------------------------- */

static void watch_clock(struct worker *w)
{
	int64_t offset_ns = ts_clock_wall_ns() - ts_clock_mono_ns();
	int64_t step_ns = llabs(offset_ns - w->wall_offset_ns);

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

	if (w->last_tick_ns != 0 && w->started && !w->finished) {
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

static void on_tick(struct ev_loop *loop, ev_timer *timer, int revents)
{
	struct worker *w = ev_userdata(loop);
	int64_t now_ns = ts_clock_mono_ns();

	(void)timer, (void)revents;
	watch_clock(w);
	watch_gap(w, now_ns);
	if (now_ns >= w->next_sweep_ns)
		sweep(w, now_ns);
	advance(w, now_ns);
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

/* --- the end ------------------------------------------------------------------------------------------------------ */

/* What the schedule asked for and nobody sent. */
static void count_not_sent(struct worker *w, int64_t now_ns)
{
	int64_t until_ns = now_ns < w->end_ns ? now_ns : w->end_ns;
	uint64_t n;

	if (!w->plan->open_loop || !w->started)
		return;
	n = pacer_give_up(&w->pacer, (until_ns < w->measure_ns ? until_ns : w->measure_ns) - w->start_ns);
	n = n < w->quota ? n : w->quota;
	w->quota -= n;
	w->shard->warmup.scheduled += n;
	w->shard->warmup.not_sent += n;
	n = pacer_give_up(&w->pacer, until_ns - w->start_ns);
	n = n < w->quota ? n : w->quota;
	w->shard->figures.scheduled += n;
	w->shard->figures.not_sent += n;
}

static void count_in_flight(struct worker *w, const struct client *c, int64_t now_ns)
{
	for (unsigned i = 0, n = 0; i < (unsigned)w->plan->n_pipeline && n < c->n_in_flight; i++) {
		const struct slot *slot = client_slot(w, c, i);
		struct ledger *ledger;
		if (slot->size == 0)
			continue;
		n++;
		ledger = worker_ledger(w, slot->planned_ns);
		ledger->in_flight_at_end++;
		if (slot->sent_ns != 0 && (c->flags & CLIENT_DATAGRAM))
			ledger->lost++;
		if (slot->sent_ns != 0 && now_ns - slot->sent_ns >= w->plan->drain_ns / 2 && w->plan->drain_ns > 0)
			client_unanswered(w, slot, now_ns);
	}
	if (c->flags & CLIENT_PENDING) {
		int64_t planned_ns = client_slot(w, c, 0)->planned_ns;
		worker_ledger(w, planned_ns)->not_sent++; /* its connection was still being made */
	}
}

static void close_all(struct worker *w)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};
	bool many = w->plan->n_connections + w->plan->n_idle > LINGER_OFF_ABOVE;

	for (uint32_t i = 0; i < w->n_clients; i++) {
		struct client *c = &w->clients[i];
		if (c->io.fd >= 0) {
			if (many)
				setsockopt(c->io.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
			close(c->io.fd);
		}
		ts_reply_release(&c->reply);
	}
}

/* Requests that had to wait for a connection say nothing about how well the generator keeps its schedule. */
static void test_arrivals(struct worker *w)
{
	struct generator *g = &w->shard->generator;

	g->ad_statistic = g->dispersion = NAN;
	if (w->arrivals_every == 0 || w->n_waited * 100 > w->pacer.n_taken)
		return;
	health_test_arrivals(w->arrivals_ns, w->n_arrivals, w->arrivals_every, w->plan->rate_per_s / w->n_workers,
	                     w->plan->schedule.arrival, &g->ad_statistic, &g->dispersion);
	if (isnan(g->dispersion))
		return;
	g->n_arrivals_tested = 1;
	g->n_arrivals_failed =
	        health_arrivals_differ(g->ad_statistic, g->dispersion, w->n_arrivals, w->plan->schedule.arrival);
}

static void settle_accounts(struct worker *w)
{
	int64_t now_ns = ts_clock_mono_ns();
	struct generator *g = &w->shard->generator;

	test_arrivals(w);
	count_not_sent(w, now_ns);
	for (uint32_t i = 0; i < w->n_clients; i++) {
		count_in_flight(w, &w->clients[i], now_ns);
		if (i < w->n_active)
			fairness_add(&w->shard->fairness, w->clients[i].n_completed);
	}
	if (w->started) {
		g->cpu_s = (double)(ts_clock_thread_cpu_ns() - w->cpu_ns) / 1e9;
		g->run_wait_s = run_wait_s() - w->run_wait_s;
		g->begin_ns = w->measure_ns;
		g->end_ns = now_ns < w->end_ns ? now_ns : w->end_ns;
	}
}

/* --- life --------------------------------------------------------------------------------------------------------- */

static void run_loop(struct worker *w)
{
	if (w->plan->pace != PACE_SPIN) {
		ev_run(w->loop, 0);
		return;
	}
	while (!w->done) {
		int64_t now_ns = ts_clock_mono_ns(), next_ns = next_moment(w);
		if (w->started && next_ns <= now_ns)
			serve_moment(w, now_ns);
		else if (!w->started || next_ns - now_ns > SPIN_CLOSE_NS)
			ev_run(w->loop, EVRUN_NOWAIT);
	}
}

void worker_run(struct worker *w)
{
	w->open_ns = ts_clock_mono_ns();
	watch_clock(w);
	if (w->plan->n_session == 0)
		for (uint32_t i = 0; i < w->n_clients; i++)
			client_want_open(w, &w->clients[i]);
	else
		w->n_settled = w->n_clients; /* sessions begin with the load */
	set_state(w, SHARD_OPENING);
	worker_rearm(w);
	run_loop(w);
	settle_accounts(w);
	close_all(w);
	set_state(w, SHARD_DONE);
}

static bool ring_init(struct ring *r, uint32_t n)
{
	r->n_room = n;
	r->items = calloc(n, sizeof(*r->items));
	return r->items != NULL;
}

static void init_clients(struct worker *w)
{
	for (uint32_t i = 0; i < w->n_clients; i++) {
		struct client *c = &w->clients[i];
		c->io.fd = -1;
		c->index = i;
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
	if (w->tick_ns > TICK_MAX_NS)
		w->tick_ns = TICK_MAX_NS;
	if (w->tick_ns < TICK_MIN_NS)
		w->tick_ns = TICK_MIN_NS;
	ev_io_init(&w->pace_io, on_pace, w->timer_fd, EV_READ);
	ev_timer_init(&w->tick, on_tick, 0.001, (double)w->tick_ns / 1e9);
	ev_io_start(w->loop, &w->pace_io);
	ev_timer_start(w->loop, &w->tick);
	if (w->plan->pace == PACE_TICK && w->plan->open_loop) {
		ev_timer_init(&w->pace_tick, on_pace_tick, 0.001, 0.001);
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
	w->clients = calloc(w->n_clients, sizeof(*w->clients));
	w->slots = calloc((size_t)w->n_clients * (size_t)plan->n_pipeline, sizeof(*w->slots));
	w->arrivals_ns = calloc(WORKER_ARRIVALS, sizeof(*w->arrivals_ns));
	w->random = ts_random_new((uint64_t)plan->seed * 1000003 + index);
	if (!w->clients || !w->slots || !w->arrivals_ns || !w->random || !ring_init(&w->free_clients, w->n_clients) ||
	    !ring_init(&w->to_open, w->n_clients) || init_pacing(w) < 0)
		goto no_memory;
	init_clients(w);
	init_arrivals(w);
	if (init_loop(w, err) == 0)
		return w;
	worker_free(w);
	return NULL;
no_memory:
	if (w)
		worker_free(w);
	ts_err_set(err, ENOMEM, "out of memory for %lld connections", (long long)(plan->n_connections + plan->n_idle));
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
	ts_random_free(w->random);
	free(w->free_clients.items);
	free(w->to_open.items);
	free(w->arrivals_ns);
	free(w->slots);
	free(w->clients);
	free(w);
}

int64_t worker_bytes_per_connection(const struct plan *plan)
{
	return (int64_t)(sizeof(struct client) + 2 * sizeof(uint32_t) + 16) +
	       plan->n_pipeline * (int64_t)sizeof(struct slot);
}

#include "ts_clock.h"
#include "worker_inside.h"
#include <sys/timerfd.h>

#define OPEN_AT_ONCE  256          /* connections opened in one go, before the loop serves the others */
#define SEND_GRACE_NS (20 * TS_MS) /* after the end of the load, for what was due just before it */

/* --- the schedule ------------------------------------------------------------------------------------------------- */

int64_t worker_next_planned(struct worker *w, int64_t now_ns)
{
	int64_t planned_ns;

	if (!w->started || w->quota == 0)
		return PACER_NEVER;
	if (pacer_peek(&w->pacer) == PACER_NEVER || (w->finished && now_ns > w->end_ns + SEND_GRACE_NS))
		return PACER_NEVER;
	planned_ns = w->start_ns + pacer_peek(&w->pacer);
	if (planned_ns > now_ns || planned_ns >= w->end_ns)
		return PACER_NEVER;
	pacer_take(&w->pacer);
	w->quota -= worker_measures(w, planned_ns);
	return planned_ns;
}

/* A session is due: its first request waits in slot 0 for the connection. */
static void begin_session(struct worker *w, struct client *c, int64_t now_ns)
{
	int64_t planned_ns = worker_next_planned(w, now_ns);

	if (planned_ns == PACER_NEVER)
		return;
	client_slot(w, c, 0)->planned_ns = planned_ns;
	c->flags |= CLIENT_PENDING;
	worker_ledger(w, planned_ns)->scheduled++;
	w->n_in_flight++;
	client_want_open(w, c);
}

/*
 * When the next request is due for which a client is free, or PACER_NEVER. Must agree with worker_next_planned: a
 * client that is taken from the ring for nothing would be offered again for ever, and a timer for nothing would ring
 * for ever.
 */
static int64_t request_moment(const struct worker *w)
{
	int64_t planned_ns;

	if (!w->plan->open_loop || !w->started || w->done || w->free_clients.n == 0 || w->quota == 0 ||
	    pacer_peek(&w->pacer) == PACER_NEVER || (w->finished && ts_clock_mono_ns() > w->end_ns + SEND_GRACE_NS))
		return PACER_NEVER;
	planned_ns = w->start_ns + pacer_peek(&w->pacer);
	return planned_ns < w->end_ns ? planned_ns : PACER_NEVER;
}

bool worker_request_due(const struct worker *w, int64_t now_ns)
{
	return request_moment(w) <= now_ns;
}

void worker_send_due(struct worker *w, int64_t now_ns)
{
	while (worker_request_due(w, now_ns)) {
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

/* Nothing is left to ask: the load is over, or all requests are taken. A session that was due before opens all the
 * same. */
static bool is_for_nothing(const struct worker *w, const struct client *c, int64_t now_ns)
{
	if (c->flags & CLIENT_PENDING || !w->started)
		return false;
	return w->finished || now_ns >= w->end_ns || (w->quota == 0 && !(c->flags & CLIENT_IDLE));
}

static void open_some(struct worker *w, int64_t now_ns)
{
	for (int n = 0; n < OPEN_AT_ONCE && open_due(w, now_ns); n++) {
		struct client *c = &w->clients[ring_pop(&w->to_open)];
		if (w->plan->connect_rate_per_s > 0)
			pacer_take(&w->connect_pacer);
		if (c->state != CLIENT_QUEUED)
			continue;
		if (is_for_nothing(w, c, now_ns)) {
			c->state = CLIENT_CLOSED;
			continue;
		}
		client_open(w, c, ts_clock_mono_ns());
	}
}

void worker_queue_open(struct worker *w, struct client *c)
{
	/* Openings that nobody wanted in the meantime are not made up for in a burst, but for the last one. */
	if (w->to_open.n == 0 && w->plan->connect_rate_per_s > 0) {
		int64_t turn_ns = (int64_t)(1e9 * w->n_workers / w->plan->connect_rate_per_s);
		pacer_give_up(&w->connect_pacer, ts_clock_mono_ns() - w->open_ns - turn_ns);
	}
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

int64_t worker_next_moment(const struct worker *w)
{
	int64_t next_ns = request_moment(w);

	if (!w->started && w->start_ns)
		next_ns = w->start_ns;
	if (w->to_open.n > 0) {
		int64_t open_ns = w->plan->connect_rate_per_s > 0 ? w->open_ns + pacer_peek(&w->connect_pacer) : 1;
		next_ns = open_ns < next_ns ? open_ns : next_ns;
	}
	return next_ns;
}

/* Setting the timer also takes back that it has rung, so it never needs to be read. */
void worker_rearm(struct worker *w)
{
	int64_t next_ns = worker_next_moment(w);
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

static void begin_load(struct worker *w, int64_t now_ns)
{
	w->started = true;
	w->cpu_ns = ts_clock_thread_cpu_ns();
	for (uint32_t i = 0; i < w->n_clients; i++) {
		struct client *c = &w->clients[i];
		if (w->plan->sessions_open && !(c->flags & CLIENT_IDLE))
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

void worker_serve_moment(struct worker *w, int64_t now_ns)
{
	if (!w->started && w->start_ns && now_ns >= w->start_ns)
		begin_load(w, now_ns);
	worker_send_due(w, now_ns);
	open_some(w, now_ns);
}

void worker_on_pace(struct ev_loop *loop, ev_io *io, int revents)
{
	struct worker *w = ev_userdata(loop);

	(void)io, (void)revents;
	worker_serve_moment(w, ts_clock_mono_ns());
	w->armed_ns = -1; /* it has rung: set it again in any case */
	worker_rearm(w);
}

void worker_on_pace_tick(struct ev_loop *loop, ev_timer *timer, int revents)
{
	(void)timer, (void)revents;
	worker_send_due(ev_userdata(loop), ts_clock_mono_ns());
}

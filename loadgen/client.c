#include "client.h"
#include "kstamps.h"
#include "source.h"
#include "ts_clock.h"
#include "worker.h"
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKOFF_FIRST_MS 10
#define BACKOFF_LAST_MS  1000

static void on_event(struct ev_loop *loop, ev_io *io, int revents);
static void opened(struct worker *w, struct client *c, int64_t now_ns);

/* --- opening and closing ------------------------------------------------------------------------------------------ */

void client_want_open(struct worker *w, struct client *c)
{
	c->state = CLIENT_QUEUED;
	worker_queue_open(w, c);
}

static void settle(struct worker *w, struct client *c)
{
	if (!(c->flags & CLIENT_SETTLED)) {
		c->flags |= CLIENT_SETTLED;
		w->n_settled++;
	}
}

/* Try again later, and ever later: a dead server must not be hammered. */
static void back_off(struct client *c, int64_t now_ns)
{
	c->state = CLIENT_CLOSED;
	c->since_ns = now_ns + c->backoff_ms * TS_MS;
	c->backoff_ms = c->backoff_ms == 0
	                        ? BACKOFF_FIRST_MS
	                        : (uint16_t)(c->backoff_ms < BACKOFF_LAST_MS / 2 ? c->backoff_ms * 2 : BACKOFF_LAST_MS);
}

/* A session whose connection could not be made: its first request fails with it, and the client is free again. */
static void fail_pending(struct worker *w, struct client *c, enum error_class id, int64_t now_ns)
{
	int64_t planned_ns = now_ns;

	if (c->flags & CLIENT_PENDING) {
		c->flags &= (uint8_t)~CLIENT_PENDING;
		planned_ns = client_slot(w, c, 0)->planned_ns;
		worker_ledger(w, planned_ns)->failed++;
		w->n_in_flight--;
	} else if (w->plan->sessions_open && !(c->flags & CLIENT_IDLE)) {
		return;
	}
	worker_note_error(w, id, planned_ns, now_ns);
}

static void open_failed(struct worker *w, struct client *c, int error, int64_t now_ns)
{
	enum error_class id = error_of_connect(error);
	bool has_descriptor = c->io.fd >= 0;

	if (has_descriptor)
		client_close(w, c);
	w->shard->connections.failed++;
	if (id == ERROR_refused)
		atomic_store_explicit(&w->shard->last_refused_ns, now_ns, memory_order_relaxed);
	errors_example(&w->shard->errors, id, "connection %u: %s", client_id(w, c), strerror(error));
	settle(w, c);
	if (c->backoff_ms == 0)
		c->backoff_ms = BACKOFF_FIRST_MS;
	back_off(c, now_ns);
	fail_pending(w, c, id, now_ns);
	if (w->plan->sessions_open)
		worker_offer(w, c, now_ns);
}

static void try_connect(struct worker *w, struct client *c, int64_t now_ns)
{
	if (source_connect(w, c) == 0) {
		opened(w, c, now_ns);
	} else if (errno == EINPROGRESS || errno == EALREADY || errno == EINTR) {
		client_watch(w, c, EV_WRITE);
	} else if (errno != EAGAIN) { /* EAGAIN: a UNIX listener's queue is full; the sweep tries again */
		open_failed(w, c, errno, now_ns);
	}
}

void client_open(struct worker *w, struct client *c, int64_t now_ns)
{
	struct connection_counts *counts = &w->shard->connections;
	int fd, result;

	if (counts->attempted++ == 0)
		counts->first_ns = now_ns;
	counts->last_ns = now_ns;
	c->since_ns = now_ns;
	fd = ts_endpoint_socket(&w->plan->targets[c->target], SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		open_failed(w, c, -fd, now_ns);
		return;
	}
	c->state = CLIENT_CONNECTING;
	w->n_connecting++;
	if (c->slow)
		slow_prepare(w, fd, w->plan->targets[c->target].transport);
	ev_io_init(&c->io, on_event, fd, 0);
	c->io.data = w;
	result = source_bind(w, c, fd);
	if (result < 0)
		open_failed(w, c, -result, now_ns);
	else
		try_connect(w, c, now_ns);
}

static void opened(struct worker *w, struct client *c, int64_t now_ns)
{
	struct connection_counts *counts = &w->shard->connections;

	w->n_connecting--;
	c->state = CLIENT_OPEN;
	c->flags &= (uint8_t) ~(CLIENT_ANSWERED | CLIENT_FIRST_BYTE);
	if (!(c->flags & CLIENT_DATAGRAM))
		ts_hist_record(&w->shard->connect, ts_clock_mono_ns() - c->since_ns);
	c->since_ns = now_ns;
	c->n_session_left = (uint32_t)w->plan->n_session;
	ts_reply_release(&c->reply);
	ts_reply_init(&c->reply);
	if (!(c->flags & CLIENT_DATAGRAM))
		c->base = 0;
	counts->opened++;
	if (++counts->open > counts->peak_open)
		counts->peak_open = counts->open;
	settle(w, c);
	if (w->transmitted_ns && !c->slow)
		kstamps_enable(c->io.fd);
	client_watch(w, c, EV_READ);
	if (c->flags & CLIENT_PENDING) {
		int64_t planned_ns = client_slot(w, c, 0)->planned_ns;
		c->flags &= (uint8_t)~CLIENT_PENDING;
		worker_ledger(w, planned_ns)->scheduled--; /* client_add counts it again */
		w->n_in_flight--;
		client_add(w, c, planned_ns, 1);
	}
	if (w->started)
		client_fill(w, c, now_ns);
}

void client_close(struct worker *w, struct client *c)
{
	ev_io_stop(w->loop, &c->io);
	w->n_ending -= c->state == CLIENT_ENDING;
	if (c->state == CLIENT_CONNECTING)
		w->n_connecting--;
	else
		w->shard->connections.open--;
	if (w->learner.client == c) {
		w->learner.client = NULL;
		worker_resume(w);
	}
	close(c->io.fd);
	c->io.fd = -1;
	c->flags &= (uint8_t)~CLIENT_PAUSED;
	c->held = false;
	c->state = CLIENT_CLOSED;
	c->n_sent_bytes = 0;
	c->n_unsent = 0;
}

void client_rewatch(struct worker *w, struct client *c, int events)
{
	if (c->flags & CLIENT_PAUSED || c->held)
		events &= ~EV_READ;
	if ((c->io.events & (EV_READ | EV_WRITE)) == events && ev_is_active(&c->io))
		return;
	ev_io_stop(w->loop, &c->io);
	ev_io_set(&c->io, c->io.fd, events);
	if (events)
		ev_io_start(w->loop, &c->io);
}

static void on_event(struct ev_loop *loop, ev_io *io, int revents)
{
	struct client *c = (struct client *)io;
	struct worker *w = io->data;

	(void)loop;

	if (c->state == CLIENT_CONNECTING) {
		int error = 0;
		socklen_t n = sizeof(error);
		getsockopt(io->fd, SOL_SOCKET, SO_ERROR, &error, &n);
		if (error)
			open_failed(w, c, error, ts_clock_mono_ns());
		else
			opened(w, c, ts_clock_mono_ns());
		return;
	}
	if (revents & EV_READ) {
		if (c->flags & CLIENT_DATAGRAM)
			dgram_readable(w, c);
		else
			stream_readable(w, c);
	}
	if ((revents & EV_WRITE) && c->state == CLIENT_OPEN && c->n_unsent > 0) {
		if (c->flags & CLIENT_DATAGRAM)
			dgram_flush(w, c);
		else
			stream_flush(w, c);
	}
}

/* --- endings ------------------------------------------------------------------------------------------------------ */

void client_break(struct worker *w, struct client *c, enum error_class oldest, enum error_class others, int64_t now_ns)
{
	unsigned n = c->n_in_flight;

	for (unsigned i = 0; i < n; i++) {
		struct slot *slot = client_slot(w, c, i);
		client_fail_slot(w, c, slot, i == 0 ? oldest : others, now_ns);
		slot->size = 0;
	}
	if (n == 0) {
		worker_note_error(w, oldest, now_ns, now_ns);
		errors_example(&w->shard->errors, oldest, "connection %u, after request %u", client_id(w, c),
		               c->next_sequence - 1);
	}
	c->n_in_flight = 0;
	c->head = 0;
	client_close(w, c);
	back_off(c, now_ns);
	if (w->plan->sessions_open)
		worker_offer(w, c, now_ns);
	worker_check_finished(w);
}

void client_ended(struct worker *w, struct client *c, int64_t now_ns)
{
	bool was_session = c->state == CLIENT_ENDING;

	if (was_session)
		w->shard->connections.sessions_finished += c->n_session_left == 0;
	else
		w->shard->connections.closed_by_server++;
	client_close(w, c);
	if (w->plan->sessions_open) {
		worker_offer(w, c, now_ns);
	} else if (w->finished || now_ns >= w->end_ns || w->quota == 0) {
		c->since_ns = PACER_NEVER; /* nothing is left to ask */
	} else if (was_session || (c->flags & CLIENT_ANSWERED)) {
		client_want_open(w, c); /* a finished session or a one-shot server: the next one at once */
	} else {
		back_off(c, now_ns);
	}
	worker_check_finished(w);
}

/* A session begins with the load, or when the schedule says so: not by itself. */
static bool begins_with_load(const struct worker *w, const struct client *c)
{
	return w->plan->n_session > 0 && !(c->flags & CLIENT_IDLE) && (!w->started || w->plan->sessions_open);
}

void client_sweep(struct worker *w, struct client *c, int64_t now_ns)
{
	int64_t limit_ns = now_ns - w->plan->timeout_ns;
	bool waits_for_us = c->slow && slow_since_ns(w, c) >= limit_ns;

	switch (c->state) {
	case CLIENT_CONNECTING:
		if (c->since_ns < limit_ns)
			open_failed(w, c, ev_is_active(&c->io) ? ETIMEDOUT : EAGAIN, now_ns);
		else if (!ev_is_active(&c->io))
			try_connect(w, c, now_ns);
		break;
	case CLIENT_OPEN:
		if (c->flags & CLIENT_DATAGRAM && c->backoff_ms > 0) {
			c->backoff_ms = 0; /* it was refused; a tick's pause is over */
			c->since_ns = now_ns;
			client_again(w, c, now_ns);
		}
		if (c->n_in_flight == 0)
			break;
		if (c->flags & CLIENT_DATAGRAM) {
			dgram_sweep(w, c, now_ns);
		} else {
			const struct slot *oldest = client_slot(w, c, 0);
			if ((oldest->sent_ns ? oldest->sent_ns : oldest->planned_ns) < limit_ns && !waits_for_us) {
				learn_example(&w->learner, &w->shard->errors, ERROR_reply_timeout, NULL);
				client_break(w, c, ERROR_reply_timeout, ERROR_connection_dropped, now_ns);
			}
		}
		break;
	case CLIENT_ENDING:
		if (c->since_ns < limit_ns && !waits_for_us)
			client_break(w, c, ERROR_no_end, ERROR_no_end, now_ns);
		break;
	case CLIENT_CLOSED:
		if (c->since_ns <= now_ns && !begins_with_load(w, c) && !w->finished && now_ns < w->end_ns &&
		    w->quota > 0)
			client_want_open(w, c);
		break;
	}
}

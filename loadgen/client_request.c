/*
 * What a client does with requests, whatever its socket: takes what is due, and notes how each one ended.
 */
#include "client.h"
#include "worker.h"
#include <stdatomic.h>
#include <sys/socket.h>

void client_add(struct worker *w, struct client *c, int64_t planned_ns, unsigned n)
{
	struct slot *slot = client_slot(w, c, c->flags & CLIENT_DATAGRAM ? 0 : c->n_in_flight);

	for (unsigned i = 0; i < n; i++, slot = client_slot_after(w, c, slot)) {
		while (slot->size != 0) /* datagrams: answers come in any order */
			slot = client_slot_after(w, c, slot);
		slot->planned_ns = planned_ns;
		slot->sent_ns = 0;
		slot->size = size_draw(&w->plan->size, w->random);
		slot->sequence = c->next_sequence++;
	}
	c->n_in_flight += (uint16_t)n;
	c->n_unsent += (uint16_t)n;
	c->n_session_left -= c->n_session_left < n ? c->n_session_left : n;
	w->n_in_flight += n;
	w->slow.n_in_flight += c->slow ? n : 0;
	client_ledger(w, c, planned_ns)->scheduled += n;
}

static void end_session(struct worker *w, struct client *c, int64_t now_ns)
{
	shutdown(c->io.fd, SHUT_WR);
	c->state = CLIENT_ENDING;
	w->n_ending++;
	c->since_ns = now_ns;
	client_watch(w, c, EV_READ);
}

/* How many more requests it may have in flight. */
static unsigned room_of(const struct plan *plan, const struct client *c)
{
	unsigned n = (unsigned)plan->n_pipeline - c->n_in_flight;

	return plan->n_session > 0 && c->n_session_left < n ? c->n_session_left : n;
}

/* What the schedule has due; one, where others are free: they take the next. */
static void add_planned(struct worker *w, struct client *c, int64_t now_ns)
{
	unsigned n = w->free_clients.n > 0 ? 1 : room_of(w->plan, c);

	for (unsigned i = 0; i < n; i++) {
		int64_t planned_ns = worker_next_planned(w, now_ns);
		if (planned_ns == PACER_NEVER)
			break;
		client_add(w, c, planned_ns, 1);
	}
}

void client_fill(struct worker *w, struct client *c, int64_t now_ns)
{
	const struct plan *plan = w->plan;
	bool sessions = plan->n_session > 0, session_over;

	if (c->flags & CLIENT_IDLE || (c->flags & CLIENT_DATAGRAM && c->backoff_ms > 0))
		return;
	if (room_of(plan, c) > 0) {
		/* Within a session the next request follows the reply, as in a closed loop. */
		if (plan->open_loop && !plan->sessions_open)
			add_planned(w, c, now_ns);
		else
			client_add(w, c, now_ns, worker_next_at_once(w, now_ns, room_of(plan, c)));
	}
	session_over = sessions && c->n_session_left == 0;
	if (c->n_unsent > 0) {
		if (c->flags & CLIENT_DATAGRAM)
			dgram_flush(w, c);
		else
			stream_flush(w, c);
	}
	if (c->state != CLIENT_OPEN)
		return;
	/* A session without a further request ends, too: others may wait for the server behind it. */
	if ((session_over || (sessions && (w->quota == 0 || w->finished))) && c->n_in_flight == 0)
		end_session(w, c, now_ns);
	else if ((w->window > 0 || (plan->open_loop && !plan->sessions_open && !session_over)) &&
	         c->n_in_flight < plan->n_pipeline)
		worker_offer(w, c, now_ns);
}

void client_again(struct worker *w, struct client *c, int64_t now_ns)
{
	if (w->window > 0) {
		worker_offer(w, c, now_ns);
		worker_serve_window(w, now_ns);
	} else if (w->plan->open_loop && !w->plan->sessions_open && w->plan->n_session == 0 && w->free_clients.n > 0) {
		worker_offer(w, c, now_ns); /* who has been free for longer takes what is due */
	} else {
		client_fill(w, c, now_ns);
	}
}

void client_complete(struct worker *w, struct client *c, const struct slot *slot, unsigned n, int64_t now_ns)
{
	struct shard *shard = w->shard;
	struct ledger *ledger = client_ledger(w, c, slot->planned_ns);

	ledger->completed += n;
	w->n_in_flight -= n;
	w->slow.n_in_flight -= c->slow ? n : 0;
	if (now_ns <= w->end_ns)
		ledger->in_time += n;
	if (client_measures(w, c, slot->planned_ns)) {
		ts_hist_record_alike(&shard->response, now_ns - slot->planned_ns, n);
		ts_hist_record_alike(c->flags & CLIENT_FIRST_BYTE ? &shard->service : &shard->at_once,
		                     now_ns - slot->sent_ns, n);
		if (w->transmitted_ns)
			worker_split(w, c, slot, n, now_ns);
		c->n_completed += n;
	} else if (worker_measures(w, slot->planned_ns)) {
		ts_hist_record_alike(&shard->slow_response, now_ns - slot->planned_ns, n);
	}
	c->flags &= (uint8_t)~CLIENT_FIRST_BYTE;
}

void client_answered(struct worker *w, struct client *c, int64_t now_ns)
{
	c->since_ns = now_ns;
	c->backoff_ms = 0;
	if (!(c->flags & CLIENT_ANSWERED)) {
		c->flags |= CLIENT_ANSWERED;
		w->shard->connections.served++;
	}
	atomic_store_explicit(&w->shard->last_reply_ns, now_ns, memory_order_relaxed);
}

static void record_unanswered(struct ts_hist *all, struct ts_hist *unanswered, int64_t ns)
{
	ts_hist_record(all, ns);
	ts_hist_record(unanswered, ns);
}

/* A request that was never answered stays in the figures: it took at least as long as it was waited for. */
void client_unanswered(struct worker *w, const struct client *c, const struct slot *slot, int64_t now_ns)
{
	struct shard *shard = w->shard;

	client_ledger(w, c, slot->planned_ns)->unanswered++;
	if (!worker_measures(w, slot->planned_ns))
		return;
	if (c->slow) {
		record_unanswered(&shard->slow_response, &shard->slow_unanswered, now_ns - slot->planned_ns);
		return;
	}
	record_unanswered(&shard->response, &shard->response_unanswered, now_ns - slot->planned_ns);
	if (slot->sent_ns != 0)
		record_unanswered(&shard->service, &shard->service_unanswered, now_ns - slot->sent_ns);
}

static bool is_mismatch(enum error_class id)
{
	return id == ERROR_oversized_reply || (id >= ERROR_bad_format && id <= ERROR_wrong_data);
}

void client_fail_slot(struct worker *w, struct client *c, const struct slot *slot, enum error_class id, int64_t now_ns)
{
	struct ledger *ledger = client_ledger(w, c, slot->planned_ns);

	ledger->failed++;
	w->n_in_flight--;
	w->slow.n_in_flight -= c->slow;
	ledger->timed_out += id == ERROR_reply_timeout;
	if (id == ERROR_reply_timeout || id == ERROR_connection_dropped)
		client_unanswered(w, c, slot, now_ns);
	if (is_mismatch(id))
		ledger->mismatched++;
	worker_note_error(w, id, slot->planned_ns, now_ns);
	errors_example(&w->shard->errors, id, "connection %u, request %u, after %.3f ms", client_id(w, c),
	               slot->sequence, (double)(now_ns - slot->planned_ns) / 1e6);
}

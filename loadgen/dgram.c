/* A client on a datagram socket: one send and one receive for each message. */
#include "dgram_inside.h"
#include "ts_clock.h"
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

/* A dead port answers at once: do not spin on it. Above 0 it is a pause; the sweep ends it at its next tick. */
#define PAUSE_MS 10

struct slot *dgram_oldest_sent(const struct worker *w, const struct client *c)
{
	struct slot *oldest = NULL;

	for (unsigned i = 0; i < (unsigned)w->plan->n_pipeline; i++) {
		struct slot *slot = client_slot(w, c, i);
		if (slot->size != 0 && slot->sent_ns != 0 && (!oldest || slot->sequence < oldest->sequence))
			oldest = slot;
	}
	return oldest;
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

static void refused(struct worker *w, struct client *c, int64_t now_ns)
{
	struct slot *slot = dgram_oldest_sent(w, c);

	atomic_store_explicit(&w->shard->last_refused_ns, now_ns, memory_order_relaxed);
	if (!slot)
		return;
	client_fail_slot(w, c, slot, ERROR_refused, now_ns);
	dgram_free_slot(c, slot);
	c->backoff_ms = PAUSE_MS;
}

/* A UNIX socket forgets a peer that has gone: it is called again, for there may be another by now. */
static ssize_t send_message(struct worker *w, const struct client *c, size_t n)
{
	const struct ts_endpoint *target = &w->plan->targets[c->target];
	ssize_t sent = worker_send(w, c, n);

	if (sent < 0 && errno == ENOTCONN &&
	    connect(c->io.fd, (const struct sockaddr *)&target->addr, target->addr_len) == 0)
		sent = worker_send(w, c, n);
	return sent;
}

static void send_failed(struct worker *w, struct client *c, struct slot *slot, int error, int64_t now_ns)
{
	enum error_class id = error == ECONNREFUSED || error == ENOENT ? ERROR_refused : ERROR_send_failed;

	errors_example(&w->shard->errors, id, "send: %s", strerror(error));
	if (id == ERROR_refused)
		atomic_store_explicit(&w->shard->last_refused_ns, now_ns, memory_order_relaxed);
	client_fail_slot(w, c, slot, id, now_ns);
	dgram_free_slot(c, slot);
	c->backoff_ms = PAUSE_MS;
}

static void note_sent(struct worker *w, const struct client *c, const struct slot *slot, size_t n, int64_t now_ns)
{
	worker_ledger(w, now_ns)->sent_bytes += n;
	worker_ledger(w, slot->planned_ns)->sent++;
	if (w->plan->open_loop && worker_measures(w, slot->planned_ns))
		ts_hist_record(&w->shard->send_lag, client_lag_ns(c, slot, now_ns));
}

void dgram_flush(struct worker *w, struct client *c)
{
	while (c->n_unsent > 0) {
		struct slot *slot = dgram_slot(w, c, c->next_sequence - c->n_unsent);
		int64_t now_ns = ts_clock_mono_ns();
		ssize_t sent;

		dgram_message(w, c, slot->sequence, slot->size, w->out);
		slot->sent_ns = now_ns;
		sent = send_message(w, c, slot->size);
		if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS)) {
			slot->sent_ns = 0;
			break;
		}
		if (sent < 0 && errno == ECONNREFUSED && c->n_in_flight > c->n_unsent) {
			slot->sent_ns = 0; /* the answer to an earlier datagram; this one has not gone out */
			refused(w, c, now_ns);
			continue;
		}
		c->n_unsent--;
		/* It was tried in time, whatever came of it. */
		worker_note_sent(w, now_ns, slot->planned_ns < c->since_ns);
		if (sent < 0)
			send_failed(w, c, slot, errno, now_ns);
		else
			note_sent(w, c, slot, (size_t)sent, now_ns);
	}
	client_watch(w, c, c->n_unsent > 0 ? EV_READ | EV_WRITE : EV_READ);
}

/* --- receiving ---------------------------------------------------------------------------------------------------- */

void dgram_readable(struct worker *w, struct client *c)
{
	int64_t now_ns = 0;
	unsigned n_before = c->n_in_flight;

	/* One receive for each reply that may be waiting: a lock-step client never asks in vain. */
	for (unsigned k = 0; k < n_before || k == 0; k++) {
		ssize_t n = worker_receive(w, c);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		now_ns = ts_clock_mono_ns();
		if (n < 0) {
			refused(w, c, now_ns);
			break;
		}
		worker_ledger(w, now_ns)->received_bytes += (uint64_t)n;
		dgram_take(w, c, w->in, (size_t)n, now_ns);
	}
	if (now_ns == 0)
		return;
	if (c->backoff_ms == 0 && c->n_in_flight < n_before)
		client_again(w, c, now_ns);
	worker_check_finished(w);
}

/* --- giving up ---------------------------------------------------------------------------------------------------- */

static void give_up(struct worker *w, struct client *c, struct slot *slot, int64_t now_ns)
{
	struct late_request late = {dgram_key(c, slot->sequence), slot->planned_ns, slot->sent_ns, now_ns, true};

	if (slot->sent_ns != 0 && late_add(&w->late, &late) == 0)
		worker_ledger(w, slot->planned_ns)->lost++;
	if (slot->sent_ns == 0) /* the kernel took it at no time: waited for all the same */
		client_unanswered(w, c, slot, now_ns);
	client_fail_slot(w, c, slot, slot->sent_ns != 0 ? ERROR_reply_timeout : ERROR_send_failed, now_ns);
	dgram_free_slot(c, slot);
}

void dgram_sweep(struct worker *w, struct client *c, int64_t now_ns)
{
	int64_t limit_ns = now_ns - w->plan->timeout_ns;
	unsigned n_before = c->n_in_flight;

	for (unsigned i = 0; i < (unsigned)w->plan->n_pipeline; i++) {
		struct slot *slot = client_slot(w, c, i);
		if (slot->size != 0 && slot->sent_ns != 0 && slot->sent_ns < limit_ns)
			give_up(w, c, slot, now_ns);
	}
	/* What could not even be sent goes together: the unsent are the youngest, in one run of sequence numbers. */
	if (c->n_unsent > 0) {
		struct slot *first = dgram_slot(w, c, c->next_sequence - c->n_unsent);
		while (first && first->planned_ns < limit_ns && c->since_ns < limit_ns) {
			c->n_unsent--;
			give_up(w, c, first, now_ns);
			first = c->n_unsent > 0 ? dgram_slot(w, c, c->next_sequence - c->n_unsent) : NULL;
		}
	}
	if (c->n_in_flight < n_before)
		client_again(w, c, now_ns);
	worker_check_finished(w);
}

/*
 * A client on a datagram socket. Replies may be lost, late, twice, out of order, cut or changed on their way, and each
 * is counted as what it is: the data say which request they answer.
 *
 *   names a request in flight, legal      completed; reordered where a later request was answered before it
 *   names a request in flight, not legal  that request fails; truncated or corrupted
 *   names one that was given up, legal    late, and timed: the figures get the true time in place of the time waited
 *   names one that was answered, legal    duplicated
 *   names none of ours                    laid to the request in flight that it is most like; truncated or corrupted
 */
#include "client.h"
#include "payload.h"
#include "ts_clock.h"
#include "worker.h"
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

static size_t make_message(struct worker *w, const struct client *c, uint32_t sequence, uint32_t size, char *out)
{
	struct payload message = {client_id(w, c), sequence, size, w->plan->lf, w->plan->cr};

	payload_write(&message, 0, out, size);
	return size;
}

static struct slot *find_slot(const struct worker *w, const struct client *c, uint32_t sequence)
{
	for (unsigned i = 0; i < (unsigned)w->plan->n_pipeline; i++) {
		struct slot *slot = client_slot(w, c, i);
		if (slot->size != 0 && slot->sequence == sequence)
			return slot;
	}
	return NULL;
}

static struct slot *oldest_sent(const struct worker *w, const struct client *c)
{
	struct slot *oldest = NULL;

	for (unsigned i = 0; i < (unsigned)w->plan->n_pipeline; i++) {
		struct slot *slot = client_slot(w, c, i);
		if (slot->size != 0 && slot->sent_ns != 0 && (!oldest || slot->sequence < oldest->sequence))
			oldest = slot;
	}
	return oldest;
}

static void free_slot(struct client *c, struct slot *slot)
{
	slot->size = 0;
	c->n_in_flight--;
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

static void refused(struct worker *w, struct client *c, int64_t now_ns)
{
	struct slot *slot = oldest_sent(w, c);

	atomic_store_explicit(&w->shard->last_refused_ns, now_ns, memory_order_relaxed);
	if (!slot)
		return;
	client_fail_slot(w, c, slot, ERROR_refused, now_ns);
	free_slot(c, slot);
	c->backoff_ms = 10; /* a dead port answers at once: do not spin on it */
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

void dgram_flush(struct worker *w, struct client *c)
{
	while (c->n_unsent > 0) {
		struct slot *slot = find_slot(w, c, c->next_sequence - c->n_unsent);
		int64_t now_ns = ts_clock_mono_ns();
		size_t n = make_message(w, c, slot->sequence, slot->size, w->out);
		ssize_t sent;

		slot->sent_ns = now_ns;
		sent = send_message(w, c, n);
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
		worker_note_sent(w, now_ns,
		                 slot->planned_ns < c->since_ns); /* it was tried in time, whatever came of it */
		if (sent < 0) {
			enum error_class id =
			        errno == ECONNREFUSED || errno == ENOENT ? ERROR_refused : ERROR_send_failed;
			errors_example(&w->shard->errors, id, "send: %s", strerror(errno));
			if (id == ERROR_refused)
				atomic_store_explicit(&w->shard->last_refused_ns, now_ns, memory_order_relaxed);
			client_fail_slot(w, c, slot, id, now_ns);
			free_slot(c, slot);
			c->backoff_ms = 10;
			continue;
		}
		worker_ledger(w, now_ns)->sent_bytes += (uint64_t)sent;
		worker_ledger(w, slot->planned_ns)->sent++;
		if (w->plan->open_loop && worker_measures(w, slot->planned_ns))
			ts_hist_record(&w->shard->send_lag,
			               now_ns - (slot->planned_ns > c->since_ns ? slot->planned_ns : c->since_ns));
	}
	client_watch(w, c, c->n_unsent > 0 ? EV_READ | EV_WRITE : EV_READ);
}

/* --- receiving ---------------------------------------------------------------------------------------------------- */

/* Where the data of a reply begin: after "[time]" and the separator; n when there is no bracket. */
static size_t data_offset(const struct worker *w, const char *out, size_t n)
{
	const char *bracket = memchr(out, ']', n);
	size_t offset = bracket ? (size_t)(bracket - out) + 1 + w->rule.n_separator : n;

	return offset < n ? offset : n;
}

static bool legal(struct worker *w, struct client *c, uint32_t sequence, uint32_t size, int64_t sent_ns,
                  const char *out, size_t n, int64_t now_ns, enum ts_reply_verdict *verdict)
{
	make_message(w, c, sequence, size, w->expected);
	*verdict = ts_reply_datagram(&w->rule, w->expected, size, out, n, worker_wall(w, sent_ns),
	                             worker_wall(w, now_ns), NULL);
	return *verdict == TS_REPLY_LEGAL;
}

/* RFC 4737: a reply that comes after the reply to a later request. */
static void note_order(struct worker *w, struct client *c, uint32_t sequence, int64_t planned_ns)
{
	if (sequence < c->base)
		worker_ledger(w, planned_ns)->reordered++;
	else
		c->base = (uint64_t)sequence + 1;
}

static void take_legal(struct worker *w, struct client *c, struct slot *slot, int64_t now_ns)
{
	note_order(w, c, slot->sequence, slot->planned_ns);
	worker_ledger(w, slot->planned_ns)->stamps++;
	client_complete(w, c, slot, 1, now_ns);
	client_answered(w, c, now_ns);
	free_slot(c, slot);
}

static void take_late(struct worker *w, struct client *c, uint32_t sequence, const struct late_request *late,
                      int64_t now_ns)
{
	struct ledger *ledger = worker_ledger(w, late->planned_ns);

	note_order(w, c, sequence, late->planned_ns);
	ledger->late++;
	ledger->lost--;
	ledger->unanswered--;
	if (!worker_measures(w, late->planned_ns))
		return;
	ts_hist_record_n(&w->shard->response, late->given_up_ns - late->planned_ns, (uint64_t)-1);
	ts_hist_record_n(&w->shard->response_unanswered, late->given_up_ns - late->planned_ns, (uint64_t)-1);
	ts_hist_record_n(&w->shard->service, late->given_up_ns - late->sent_ns, (uint64_t)-1);
	ts_hist_record_n(&w->shard->service_unanswered, late->given_up_ns - late->sent_ns, (uint64_t)-1);
	ts_hist_record(&w->shard->response, now_ns - late->planned_ns);
	ts_hist_record(&w->shard->service, now_ns - late->sent_ns);
}

/* The request in flight whose message is most like these data. */
static struct slot *most_like(struct worker *w, struct client *c, const char *data, size_t n)
{
	struct slot *best = NULL;
	size_t best_equal = 0;

	for (unsigned i = 0; i < (unsigned)w->plan->n_pipeline; i++) {
		struct slot *slot = client_slot(w, c, i);
		size_t equal = 1;
		if (slot->size == 0 || slot->sent_ns == 0)
			continue;
		make_message(w, c, slot->sequence, slot->size, w->expected);
		for (size_t k = 0; k < n && k < slot->size; k++)
			equal += data[k] == w->expected[k];
		if (equal > best_equal) {
			best = slot;
			best_equal = equal;
		}
	}
	return best;
}

static void take_illegal(struct worker *w, struct client *c, struct slot *slot, enum ts_reply_verdict verdict,
                         const char *out, size_t n, int64_t now_ns)
{
	enum error_class id = error_of_verdict(verdict);
	struct ledger *ledger = worker_ledger(w, slot ? slot->planned_ns : now_ns);

	if (verdict == TS_REPLY_SHORT)
		ledger->truncated++;
	else
		ledger->corrupted++;
	errors_example_bytes(&w->shard->errors, slot ? id : ERROR_unsolicited, ts_reply_verdict_text(verdict), out, n);
	if (!slot) {
		errors_note(&w->shard->errors, ERROR_unsolicited, 1, now_ns);
		return;
	}
	client_fail_slot(w, c, slot, id, now_ns);
	if (id == ERROR_short_reply)
		ledger->mismatched++;
	free_slot(c, slot);
}

/* A reply that names no request in flight: is it to one that was, word for word? */
static bool take_old(struct worker *w, struct client *c, uint32_t sequence, const char *out, size_t n, size_t offset,
                     int64_t now_ns)
{
	struct late_request late;
	enum ts_reply_verdict verdict;
	uint64_t key = (uint64_t)c->index << 32 | sequence;
	bool check_time = w->rule.check_time, fits;

	if (n == offset || sequence >= c->next_sequence || n - offset > PLAN_DATAGRAM_MAX)
		return false;
	w->rule.check_time = false;
	fits = legal(w, c, sequence, (uint32_t)(n - offset), 0, out, n, now_ns, &verdict);
	w->rule.check_time = check_time;
	if (!fits)
		return false;
	if (late_take(&w->late, key, &late))
		take_late(w, c, sequence, &late, now_ns);
	else
		worker_ledger(w, now_ns)->duplicated++;
	return true;
}

static void judge(struct worker *w, struct client *c, const char *out, size_t n, int64_t now_ns)
{
	size_t offset = data_offset(w, out, n);
	enum ts_reply_verdict verdict = TS_REPLY_NO_BRACKET;
	uint32_t sequence;
	unsigned n_letters = payload_read_sequence(out + offset, n - offset, &sequence);
	struct slot *slot = NULL;

	if (n_letters > 0) {
		sequence = payload_widen(sequence, n_letters, c->next_sequence);
		slot = find_slot(w, c, sequence);
		if (slot && slot->sent_ns == 0)
			slot = NULL;
		if (slot && legal(w, c, sequence, slot->size, slot->sent_ns, out, n, now_ns, &verdict)) {
			take_legal(w, c, slot, now_ns);
			return;
		}
		if (!slot && take_old(w, c, sequence, out, n, offset, now_ns))
			return;
	}
	if (!slot) {
		slot = most_like(w, c, out + offset, n - offset);
		if (slot)
			legal(w, c, slot->sequence, slot->size, slot->sent_ns, out, n, now_ns, &verdict);
	}
	take_illegal(w, c, slot, verdict, out, n, now_ns);
}

/* Without verification only the numbers count. */
static void take_unverified(struct worker *w, struct client *c, const char *out, size_t n, int64_t now_ns)
{
	size_t offset = data_offset(w, out, n);
	uint32_t sequence;
	unsigned n_letters = payload_read_sequence(out + offset, n - offset, &sequence);
	struct slot *slot = n_letters ? find_slot(w, c, payload_widen(sequence, n_letters, c->next_sequence)) : NULL;

	if (slot)
		take_legal(w, c, slot, now_ns);
	else
		worker_ledger(w, now_ns)->duplicated++;
}

/* The first reply of the run: a datagram is whole, so it is learned from at once. */
static bool learn(struct worker *w, struct client *c, const char *out, size_t n, int64_t now_ns)
{
	const char *why = "";

	for (unsigned i = 0; i < (unsigned)w->plan->n_pipeline; i++) {
		const struct slot *slot = client_slot(w, c, i);
		if (slot->size == 0 || slot->sent_ns == 0)
			continue;
		make_message(w, c, slot->sequence, slot->size, w->expected);
		if (learn_rule(&w->rule, &w->plan->stated, w->expected, slot->size, out, n, worker_wall(w, now_ns),
		               &why) == 0) {
			w->rule.check_time = w->plan->verify == VERIFY_FULL;
			w->rule.tolerance_ns = w->plan->tolerance_ns;
			w->rule_known = true;
			return true;
		}
	}
	take_illegal(w, c, oldest_sent(w, c), TS_REPLY_NO_BRACKET, out, n, now_ns);
	return false;
}

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
		if (w->plan->verify == VERIFY_OFF)
			take_unverified(w, c, w->in, (size_t)n, now_ns);
		else if (w->rule_known || learn(w, c, w->in, (size_t)n, now_ns))
			judge(w, c, w->in, (size_t)n, now_ns);
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
	struct late_request late = {(uint64_t)c->index << 32 | slot->sequence, slot->planned_ns, slot->sent_ns, now_ns,
	                            true};

	if (slot->sent_ns != 0 && late_add(&w->late, &late) == 0)
		worker_ledger(w, slot->planned_ns)->lost++;
	if (slot->sent_ns == 0) /* the kernel took it at no time: waited for all the same */
		client_unanswered(w, c, slot, now_ns);
	client_fail_slot(w, c, slot, slot->sent_ns != 0 ? ERROR_reply_timeout : ERROR_send_failed, now_ns);
	free_slot(c, slot);
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
		struct slot *first = find_slot(w, c, c->next_sequence - c->n_unsent);
		while (first && first->planned_ns < limit_ns && c->since_ns < limit_ns) {
			c->n_unsent--;
			give_up(w, c, first, now_ns);
			first = c->n_unsent > 0 ? find_slot(w, c, c->next_sequence - c->n_unsent) : NULL;
		}
	}
	if (c->n_in_flight < n_before)
		client_again(w, c, now_ns);
	worker_check_finished(w);
}

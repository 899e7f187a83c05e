/*
 * Replies on a datagram socket may be lost, late, twice, out of order, cut or changed on their way, and each is counted
 * as what it is: the data say which request they answer.
 *
 *   names a request in flight, legal      completed; reordered where a later request was answered before it
 *   names a request in flight, not legal  that request fails; truncated or corrupted
 *   names one that was given up, legal    late, and timed: the figures get the true time in place of the time waited
 *   names one that was answered, legal    duplicated
 *   names none of ours                    laid to the request in flight that it is most like; truncated or corrupted
 */
#include "dgram_inside.h"
#include <string.h>

/* What has come, its bytes borrowed. */
struct arrival {
	const char *out;
	size_t n, offset; /* data begin at the offset, after "[time]" and the separator; n where there is no bracket */
	int64_t now_ns;
};

static size_t data_offset(const struct worker *w, const char *out, size_t n)
{
	const char *bracket = memchr(out, ']', n);
	size_t offset = bracket ? (size_t)(bracket - out) + 1 + w->rule.n_separator : n;

	return offset < n ? offset : n;
}

/* As the reply to this message. */
static enum ts_reply_verdict judge_as(struct worker *w, const struct client *c, const struct arrival *a,
                                      uint32_t sequence, uint32_t size, int64_t sent_ns)
{
	dgram_message(w, c, sequence, size, w->expected);
	return ts_reply_datagram(&w->rule, w->expected, size, a->out, a->n, worker_wall(w, sent_ns),
	                         worker_wall(w, a->now_ns), NULL);
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
	dgram_free_slot(c, slot);
}

/* The time that it was waited for makes room for the time that it took. */
static void correct(struct ts_hist *all, struct ts_hist *unanswered, int64_t waited_ns, int64_t took_ns)
{
	ts_hist_record_n(all, waited_ns, (uint64_t)-1);
	ts_hist_record_n(unanswered, waited_ns, (uint64_t)-1);
	ts_hist_record(all, took_ns);
}

static void take_late(struct worker *w, struct client *c, uint32_t sequence, const struct late_request *late,
                      int64_t now_ns)
{
	struct ledger *ledger = worker_ledger(w, late->planned_ns);
	struct shard *shard = w->shard;

	note_order(w, c, sequence, late->planned_ns);
	ledger->late++;
	ledger->lost--;
	ledger->unanswered--;
	if (!worker_measures(w, late->planned_ns))
		return;
	correct(&shard->response, &shard->response_unanswered, late->given_up_ns - late->planned_ns,
	        now_ns - late->planned_ns);
	correct(&shard->service, &shard->service_unanswered, late->given_up_ns - late->sent_ns, now_ns - late->sent_ns);
}

/* The request in flight whose message is most like these data. */
static struct slot *most_like(struct worker *w, const struct client *c, const struct arrival *a)
{
	struct slot *best = NULL;
	size_t best_equal = 0;

	for (unsigned i = 0; i < (unsigned)w->plan->n_pipeline; i++) {
		struct slot *slot = client_slot(w, c, i);
		size_t equal = 1;
		if (slot->size == 0 || slot->sent_ns == 0)
			continue;
		dgram_message(w, c, slot->sequence, slot->size, w->expected);
		for (size_t k = 0; k < a->n - a->offset && k < slot->size; k++)
			equal += a->out[a->offset + k] == w->expected[k];
		if (equal > best_equal) {
			best = slot;
			best_equal = equal;
		}
	}
	return best;
}

/* slot: the request that it is laid to, or NULL. */
static void take_illegal(struct worker *w, struct client *c, struct slot *slot, enum ts_reply_verdict verdict,
                         const struct arrival *a)
{
	enum error_class id = slot ? error_of_verdict(verdict) : ERROR_unsolicited;
	struct ledger *ledger = worker_ledger(w, slot ? slot->planned_ns : a->now_ns);

	if (verdict == TS_REPLY_SHORT)
		ledger->truncated++;
	else
		ledger->corrupted++;
	errors_example_bytes(&w->shard->errors, id, ts_reply_verdict_text(verdict), a->out, a->n);
	if (!slot) {
		worker_note_error(w, id, a->now_ns, a->now_ns);
		return;
	}
	client_fail_slot(w, c, slot, id, a->now_ns);
	if (id == ERROR_short_reply)
		ledger->mismatched++;
	dgram_free_slot(c, slot);
}

/* It names no request in flight: does it answer one that was, word for word? */
static bool take_old(struct worker *w, struct client *c, uint32_t sequence, const struct arrival *a)
{
	struct late_request late;
	enum ts_reply_verdict verdict;
	bool check_time = w->rule.check_time;

	if (a->n == a->offset || sequence >= c->next_sequence || a->n - a->offset > PLAN_DATAGRAM_MAX)
		return false;
	w->rule.check_time = false;
	verdict = judge_as(w, c, a, sequence, (uint32_t)(a->n - a->offset), 0);
	w->rule.check_time = check_time;
	if (verdict != TS_REPLY_LEGAL)
		return false;
	if (late_take(&w->late, dgram_key(c, sequence), &late))
		take_late(w, c, sequence, &late, a->now_ns);
	else
		worker_ledger(w, a->now_ns)->duplicated++;
	return true;
}

/* Is there a number at the beginning of the data? */
static bool names_request(const struct client *c, const struct arrival *a, uint32_t *sequence)
{
	unsigned n_letters = payload_read_sequence(a->out + a->offset, a->n - a->offset, sequence);

	if (n_letters > 0)
		*sequence = payload_widen(*sequence, n_letters, c->next_sequence);
	return n_letters > 0;
}

static void judge(struct worker *w, struct client *c, const struct arrival *a)
{
	enum ts_reply_verdict verdict = TS_REPLY_NO_BRACKET;
	struct slot *slot = NULL;
	uint32_t sequence;

	if (names_request(c, a, &sequence)) {
		slot = dgram_slot(w, c, sequence);
		if (slot && slot->sent_ns == 0)
			slot = NULL;
		if (slot)
			verdict = judge_as(w, c, a, sequence, slot->size, slot->sent_ns);
		if (slot && verdict == TS_REPLY_LEGAL) {
			take_legal(w, c, slot, a->now_ns);
			return;
		}
		if (!slot && take_old(w, c, sequence, a))
			return;
	}
	if (!slot) {
		slot = most_like(w, c, a);
		if (slot)
			verdict = judge_as(w, c, a, slot->sequence, slot->size, slot->sent_ns);
	}
	take_illegal(w, c, slot, verdict, a);
}

/* Without verification only the numbers count. */
static void take_unverified(struct worker *w, struct client *c, const struct arrival *a)
{
	uint32_t sequence;
	struct slot *slot = names_request(c, a, &sequence) ? dgram_slot(w, c, sequence) : NULL;

	if (slot)
		take_legal(w, c, slot, a->now_ns);
	else
		worker_ledger(w, a->now_ns)->duplicated++;
}

/* The first reply of the run: a datagram is whole, so it is learned from at once. */
static bool learn(struct worker *w, struct client *c, const struct arrival *a)
{
	struct learn_text text = {.in = w->expected, .out = a->out, .n_out = a->n, .whole = true};
	struct learn_fault fault = {.verdict = TS_REPLY_NO_BRACKET};

	for (unsigned i = 0; i < (unsigned)w->plan->n_pipeline; i++) {
		const struct slot *slot = client_slot(w, c, i);
		if (slot->size == 0 || slot->sent_ns == 0)
			continue;
		dgram_message(w, c, slot->sequence, slot->size, w->expected);
		text.n_in = slot->size;
		if (worker_learn(w, &text, a->now_ns, &fault) == 0)
			return true;
		errors_example_bytes(&w->shard->errors, error_of_verdict(fault.verdict), fault.why, a->out, a->n);
	}
	take_illegal(w, c, dgram_oldest_sent(w, c), fault.verdict, a);
	return false;
}

void dgram_take(struct worker *w, struct client *c, const char *out, size_t n, int64_t now_ns)
{
	struct arrival a = {out, n, n, now_ns};

	if (w->plan->verify != VERIFY_OFF && !w->rule_known && !learn(w, c, &a))
		return;
	a.offset = data_offset(w, out, n); /* of the rule that is known by now */
	if (w->plan->verify == VERIFY_OFF)
		take_unverified(w, c, &a);
	else
		judge(w, c, &a);
}

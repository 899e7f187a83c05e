/*
 * A client on a stream socket: one receive for each wake-up, one send for all that is due. The reply is judged by the
 * law against input that is made again from the numbers of the requests in flight.
 */
#include "client.h"
#include "payload.h"
#include "ts_clock.h"
#include "worker.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Not on the way of a reply that is well and whole: kept out of its code, which then fits into fewer lines of cache. */
#define SELDOM __attribute__((cold, noinline))

static struct payload message_of(const struct worker *w, const struct client *c, const struct slot *slot)
{
	return (struct payload){client_id(w, c), slot->sequence, slot->size, w->plan->lf, w->plan->cr};
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

/* An open loop's request goes out for the first time. */
static SELDOM void note_lag(struct worker *w, const struct client *c, const struct slot *slot, int64_t now_ns)
{
	worker_note_sent(w, now_ns, slot->planned_ns < c->since_ns);
	if (worker_measures(w, slot->planned_ns))
		ts_hist_record(&w->shard->send_lag, client_lag_ns(c, slot, now_ns));
}

/* The unsent messages, as far as the buffer goes. */
static size_t build(struct worker *w, struct client *c, int64_t now_ns)
{
	struct slot *slot = client_slot(w, c, c->n_in_flight - c->n_unsent);
	size_t n = 0, skip = c->n_sent_bytes;

	for (unsigned i = 0; i < c->n_unsent && n < sizeof(w->out);
	     i++, skip = 0, slot = client_slot_after(w, c, slot)) {
		struct payload message = message_of(w, c, slot);
		size_t piece = slot->size - skip;
		if (slot->sent_ns == 0) {
			slot->sent_ns = now_ns;
			if (w->plan->open_loop)
				note_lag(w, c, slot, now_ns);
		}
		if (piece > sizeof(w->out) - n)
			piece = sizeof(w->out) - n;
		payload_write(&message, skip, w->out + n, piece);
		n += piece;
	}
	return n;
}

/* All has gone out. Planned moments only rise along a connection, so the ledger of the first is that of all. */
static void account_all(struct worker *w, struct client *c, const struct slot *first)
{
	client_ledger(w, c, first->planned_ns)->sent += c->n_unsent;
	c->n_unsent = 0;
	c->n_sent_bytes = 0;
}

/* n more bytes have gone out, of n_built: which messages are complete? */
static void account(struct worker *w, struct client *c, size_t n, size_t n_built, int64_t now_ns)
{
	const struct slot *first = client_slot(w, c, c->n_in_flight - c->n_unsent);
	size_t at = c->n_sent_bytes + n;

	client_ledger(w, c, now_ns)->sent_bytes += n;
	if (n == n_built && n < sizeof(w->out) && worker_measures(w, first->planned_ns)) {
		account_all(w, c, first);
		return;
	}
	while (c->n_unsent > 0) {
		const struct slot *slot = client_slot(w, c, c->n_in_flight - c->n_unsent);
		if (at < slot->size)
			break;
		client_ledger(w, c, slot->planned_ns)->sent++;
		at -= slot->size;
		c->n_unsent--;
	}
	c->n_sent_bytes = (uint32_t)at;
}

void stream_flush(struct worker *w, struct client *c)
{
	while (c->n_unsent > 0) {
		int64_t now_ns = ts_clock_mono_ns();
		size_t n = build(w, c, now_ns);
		ssize_t sent = worker_send(w, c, n);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			break;
		if (sent < 0) {
			enum error_class id = errno == ECONNRESET ? ERROR_reset_before_reply : ERROR_send_failed;
			client_break(w, c, id, id, now_ns);
			return;
		}
		account(w, c, (size_t)sent, n, now_ns);
		if ((size_t)sent < n)
			break;
	}
	client_watch(w, c, c->n_unsent > 0 ? EV_READ | EV_WRITE : EV_READ);
}

/* --- receiving ---------------------------------------------------------------------------------------------------- */

/* Input bytes [from, from + n) of the conversation, as far as they have gone out: a server may know what is to come. */
static size_t make_input(struct worker *w, const struct client *c, uint64_t from, size_t n)
{
	unsigned n_sent = c->n_in_flight - c->n_unsent;
	uint64_t begin = c->base;
	size_t made = 0;

	for (unsigned i = 0; i <= n_sent && i < c->n_in_flight && made < n; i++) {
		const struct slot *slot = client_slot(w, c, i);
		struct payload message = message_of(w, c, slot);
		uint32_t size = i < n_sent ? slot->size : c->n_sent_bytes;
		if (from < begin + size) {
			size_t offset = (size_t)(from - begin), piece = size - offset;
			if (piece > n - made)
				piece = n - made;
			payload_write(&message, offset, w->expected + made, piece);
			made += piece;
			from += piece;
		}
		begin += slot->size;
	}
	return made;
}

/* The n oldest requests have been answered. Those that went out together are completed together. */
static void complete_oldest(struct worker *w, struct client *c, unsigned n, int64_t now_ns)
{
	struct slot *slot = client_oldest(c);

	for (unsigned n_left = n, n_alike; n_left > 0; n_left -= n_alike) {
		const struct slot *first = slot;
		bool in_parts = (c->flags & CLIENT_FIRST_BYTE) != 0; /* the others came at once */
		n_alike = 0;
		do {
			c->base += slot->size;
			slot->size = 0;
			slot = client_slot_after(w, c, slot);
		} while (++n_alike < n_left && !in_parts && slot->sent_ns == first->sent_ns &&
		         slot->planned_ns == first->planned_ns);
		client_complete(w, c, first, n_alike, now_ns);
	}
	c->head = (uint16_t)(slot - c->slots);
	c->n_in_flight -= (uint16_t)n;
}

/* The oldest request has been answered in part. */
static SELDOM void note_first_byte(struct worker *w, struct client *c, const struct slot *oldest, int64_t now_ns)
{
	c->flags |= CLIENT_FIRST_BYTE;
	if (client_measures(w, c, oldest->planned_ns))
		ts_hist_record(&w->shard->first_byte, now_ns - oldest->sent_ns);
}

/* How many requests have had all of their data answered? */
static unsigned count_answered(const struct worker *w, const struct client *c)
{
	struct slot *slot = client_oldest(c);
	uint64_t end = c->base;
	unsigned n = 0;

	for (; n < c->n_in_flight && c->reply.matched >= end + slot->size; n++) {
		end += slot->size;
		slot = client_slot_after(w, c, slot);
	}
	return n;
}

static void complete_answered(struct worker *w, struct client *c, int64_t now_ns)
{
	struct ledger *ledger = client_ledger(w, c, client_oldest(c)->planned_ns);
	unsigned n = count_answered(w, c);

	if (n > 0) {
		client_answered(w, c, now_ns);
		complete_oldest(w, c, n, now_ns);
	}
	if (c->n_in_flight == 0) {
		ledger->stamps += c->reply.n_stamps;
		ts_reply_next(&c->reply);
		c->base = 0;
	} else if (!(c->flags & CLIENT_FIRST_BYTE) && c->reply.matched >= c->base) {
		note_first_byte(w, c, client_oldest(c), now_ns);
	}
}

static SELDOM void break_by_law(struct worker *w, struct client *c, enum ts_reply_verdict verdict, const char *out,
                                size_t n, int64_t now_ns)
{
	enum error_class id = error_of_verdict(verdict);

	errors_example_bytes(&w->shard->errors, id, ts_reply_verdict_text(verdict), out, n);
	client_break(w, c, id, ERROR_connection_dropped, now_ns);
}

static SELDOM void break_unsolicited(struct worker *w, struct client *c, const char *out, size_t n, int64_t now_ns)
{
	errors_example_bytes(&w->shard->errors, ERROR_unsolicited, "nothing was owed, and this came", out, n);
	client_break(w, c, ERROR_unsolicited, ERROR_unsolicited, now_ns);
}

/* Without verification a reply ends where its line ends; our messages hold no other LF. */
static void take_unverified(struct worker *w, struct client *c, const char *out, size_t n, int64_t now_ns)
{
	const char *end = out + n;
	unsigned n_lines = 0, n_sent = c->n_in_flight - c->n_unsent;

	while (n_lines < n_sent && (out = memchr(out, '\n', (size_t)(end - out))) != NULL) {
		out++;
		n_lines++;
	}
	if (n_lines == 0)
		return;
	client_answered(w, c, now_ns);
	complete_oldest(w, c, n_lines, now_ns);
}

/* Are these n bytes all the messages in flight, one after the other? */
static bool is_all_in_flight(const struct worker *w, const struct client *c, const char *in, size_t n)
{
	struct slot *slot = client_oldest(c);

	for (unsigned i = 0; i < c->n_in_flight; i++, slot = client_slot_after(w, c, slot)) {
		struct payload message = message_of(w, c, slot);
		if (n < message.size || !payload_is(&message, in))
			return false;
		in += message.size;
		n -= message.size;
	}
	return n == 0;
}

/*
 * The common case: all that is owed has come at once, behind the stamp of the reply before. If so the requests are
 * completed here; if not, nothing has been done, and judge() finds out what it is. The bytes of the messages are
 * compared without being made, and the checker is not told, for it would end where it stands: see
 * ts_reply_stamp_again. (Our messages hold no '['.)
 */
static bool take_all(struct worker *w, struct client *c, const char *out, size_t n, int64_t now_ns)
{
	const struct slot *oldest = client_oldest(c);
	size_t n_stamp;

	if (c->n_in_flight == 0 || c->n_unsent > 0)
		return false;
	n_stamp = ts_reply_stamp_again(&c->reply, &w->rule, out, n, worker_wall(w, oldest->sent_ns),
	                               worker_wall(w, now_ns));
	if (n_stamp == 0 || !is_all_in_flight(w, c, out + n_stamp, n - n_stamp))
		return false;
	client_ledger(w, c, oldest->planned_ns)->stamps++;
	client_answered(w, c, now_ns);
	complete_oldest(w, c, c->n_in_flight, now_ns);
	c->base = 0;
	return true;
}

static void judge(struct worker *w, struct client *c, const char *out, size_t n, int64_t now_ns)
{
	enum ts_reply_verdict verdict;
	size_t n_in;

	if (c->n_in_flight == 0) {
		break_unsolicited(w, c, out, n, now_ns);
		return;
	}
	if (w->plan->verify == VERIFY_OFF && w->plan->lf) {
		take_unverified(w, c, out, n, now_ns);
		return;
	}
	n_in = make_input(w, c, ts_reply_base(&c->reply), n); /* n bytes cannot answer more than n bytes */
	verdict = ts_reply_feed(&c->reply, &w->rule, w->expected, n_in, out, n,
	                        worker_wall(w, client_oldest(c)->sent_ns), worker_wall(w, now_ns));
	if (verdict != TS_REPLY_LEGAL)
		break_by_law(w, c, verdict, out, n, now_ns);
	else
		complete_answered(w, c, now_ns);
}

/* The first reply of the run: keep its bytes until the server's dialect can be read from them. */
static SELDOM void learn(struct worker *w, struct client *c, const char *out, size_t n, int64_t now_ns)
{
	struct learner *l = &w->learner;
	struct learn_text text = {.in = w->expected, .out = l->bytes};
	struct learn_fault fault = {0};
	size_t piece;
	int result;

	if (!l->client) {
		l->client = c;
		l->n = 0;
	}
	piece = n < LEARN_BYTES - l->n ? n : LEARN_BYTES - l->n;
	memcpy(l->bytes + l->n, out, piece);
	l->n += piece;
	text.n_in = make_input(w, c, 0, LEARN_BYTES);
	text.n_out = l->n;
	result = text.n_in == 0 ? -EINVAL : worker_learn(w, &text, now_ns, &fault);
	if (result == -EAGAIN) {
		if (!(c->flags & CLIENT_FIRST_BYTE))
			note_first_byte(w, c, client_oldest(c), now_ns);
		return;
	}
	if (result < 0) {
		bool owed = text.n_in > 0;
		enum error_class id = owed ? error_of_verdict(fault.verdict) : ERROR_unsolicited;
		errors_example_bytes(&w->shard->errors, id, owed ? fault.why : "nothing was owed, and this came",
		                     l->bytes, l->n);
		client_break(w, c, id, ERROR_connection_dropped, now_ns);
		return;
	}
	l->client = NULL;
	judge(w, c, l->bytes, l->n, now_ns);
	if (n > piece && c->state == CLIENT_OPEN)
		judge(w, c, out + piece, n - piece, now_ns);
	worker_resume(w);
}

static void take(struct worker *w, struct client *c, const char *out, size_t n, int64_t now_ns)
{
	if (!w->rule_known && w->plan->verify != VERIFY_OFF)
		learn(w, c, out, n, now_ns);
	else if (!take_all(w, c, out, n, now_ns))
		judge(w, c, out, n, now_ns);
}

/* The server has closed. */
static SELDOM void take_end(struct worker *w, struct client *c, int64_t now_ns)
{
	bool partial = (c->flags & CLIENT_FIRST_BYTE) != 0;

	learn_example(&w->learner, &w->shard->errors, ERROR_short_reply, c);
	if (c->n_in_flight == 0)
		client_ended(w, c, now_ns);
	else
		client_break(w, c, partial ? ERROR_short_reply : ERROR_early_end, ERROR_early_end, now_ns);
}

static SELDOM void take_error(struct worker *w, struct client *c, int error, int64_t now_ns)
{
	bool partial = (c->flags & CLIENT_FIRST_BYTE) != 0;

	/* Everything owed has come, and the server's end was a reset: unclean, and no request's loss. */
	if (error == ECONNRESET && c->n_in_flight == 0)
		client_ended(w, c, now_ns);
	else
		client_break(w, c, partial ? ERROR_reset_in_reply : ERROR_reset_before_reply, ERROR_reset_before_reply,
		             now_ns);
}

void stream_readable(struct worker *w, struct client *c)
{
	ssize_t n;
	int64_t now_ns;

	if (!w->rule_known && w->learner.client && w->learner.client != c && w->plan->verify != VERIFY_OFF) {
		c->flags |= CLIENT_PAUSED;
		client_watch(w, c, c->n_unsent > 0 ? EV_WRITE : 0);
		return;
	}
	n = worker_receive(w, c);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	now_ns = ts_clock_mono_ns();
	if (n < 0) {
		take_error(w, c, errno, now_ns);
	} else if (n == 0) {
		take_end(w, c, now_ns);
	} else {
		client_ledger(w, c, now_ns)->received_bytes += (uint64_t)n;
		take(w, c, w->in, (size_t)n, now_ns);
		if (c->state == CLIENT_OPEN)
			client_again(w, c, now_ns);
		worker_check_finished(w);
	}
}

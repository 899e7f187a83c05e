/* The way of a message: what happens to it, when its reply is due, and how that leaves. */
#include "server.h"
#include <math.h>

#define REORDER_NS 100000000 /* the longest that a reply waits for the client's next */

static void transmit(struct server *s, struct reply *reply)
{
	struct client *c = reply->client;
	struct peer_text text = {0};

	if (c->is_stream) {
		reply_write(&c->out, &s->options, reply);
		if (reply->spoil == SPOIL_DUPLICATE)
			reply_write(&c->out, &s->options, reply);
		client_flush(s, c);
		return;
	}
	reply_write(&text, &s->options, reply);
	for (int i = 0; i < (reply->spoil == SPOIL_DUPLICATE ? 2 : 1); i++)
		sendto(c->fd, text.p, text.n, 0, (struct sockaddr *)&c->addr, c->addr_len);
	free(text.p);
}

static void reply_perform(struct server *s, struct reply *reply)
{
	struct client *c = reply->client;

	switch (reply->spoil) {
	case SPOIL_LOSE: break;
	case SPOIL_EARLY_END:
	case SPOIL_RESET: client_close(c, reply->spoil == SPOIL_RESET); break;
	case SPOIL_SHORT_REPLY:
	case SPOIL_RESET_IN_REPLY:
		transmit(s, reply);
		client_close(c, reply->spoil == SPOIL_RESET_IN_REPLY);
		break;
	default:
		transmit(s, reply);
		c->n_replies++;
		s->totals.replies += reply->spoil <= SPOIL_REORDER || reply->spoil == SPOIL_LATE;
	}
	s->totals.spoilt[reply->spoil]++;
}

/* Its time has come: perform it, unless the client has gone or has had all the replies that it gets. */
static void reply_settle(struct server *s, struct reply *reply)
{
	struct client *c = reply->client;

	reply->settled = true;
	c->n_owed--;
	if (c->held == reply)
		c->held = NULL;
	if (c->fd < 0) {
		s->totals.unanswered++;
	} else if (c->is_stream && s->options.reset_every && c->n_replies >= (uint64_t)s->options.reset_every) {
		client_close(c, true);
		s->totals.resets_after++;
	} else {
		reply_perform(s, reply);
	}
}

void reply_leave(struct server *s, struct reply *reply)
{
	struct client *c = reply->client;

	if (!reply->settled) { /* else it followed another before its time; its client may be freed */
		if (c->held == reply)
			reply->spoil = SPOIL_NONE; /* no other came in time: it leaves in order after all */
		reply_settle(s, reply);
		if (c->held && c->held->order < reply->order) /* an earlier one of the client overtakes nothing */
			reply_settle(s, c->held);
		client_end_if_done(c);
		client_free_if_done(c);
	}
	free(reply);
}

/* How long the one queue takes for the next message. */
static long long service_ns(struct server *s)
{
	double mean_ns = (double)s->options.service_ns;

	return s->options.exponential ? (long long)(-log(1 - erand48(s->random)) * mean_ns) : s->options.service_ns;
}

void message_accept(struct server *s, struct client *c, size_t n)
{
	const struct options *o = &s->options;
	struct reply *reply = malloc(sizeof(*reply) + n);
	long long due_ns = s->now_ns + o->delay_ns;

	if (!reply)
		peer_die(3, "out of memory");
	if (o->arrivals)
		arrivals_add(&s->arrivals, s->now_ns);
	*reply = (struct reply){.order = ++s->n_orders, .client = c, .n = n};
	memcpy(reply->bytes, s->buffer, n);
	reply->spoil = spoil_choose(o, ++s->totals.messages);
	if (o->service_ns) {
		s->queue_free_ns = (s->queue_free_ns > s->now_ns ? s->queue_free_ns : s->now_ns) + service_ns(s);
		if (due_ns < s->queue_free_ns)
			due_ns = s->queue_free_ns;
	}
	if (reply->spoil == SPOIL_LATE)
		due_ns += o->late_ns;
	if (c->is_stream && due_ns < c->last_due_ns)
		due_ns = c->last_due_ns; /* a stream's replies keep their order, unless they are to be reordered */
	c->last_due_ns = due_ns;
	if (reply->spoil == SPOIL_REORDER && c->held) {
		reply->spoil = SPOIL_NONE; /* one at a time */
	} else if (reply->spoil == SPOIL_REORDER) {
		c->held = reply;
		due_ns += REORDER_NS;
	}
	reply->due_ns = due_ns;
	c->n_owed++;
	queue_push(&s->queue, reply);
}

/*
 * One client: a connection slot of a worker, with the requests that are in flight on it.
 *
 *            want_open          connected             session done        server closed
 *   CLOSED ───────────> QUEUED ──> CONNECTING ──> OPEN ──────────> ENDING ──────> CLOSED
 *      ^                               │            │                                │
 *      └── back-off after a failure ───┴────────────┘                                └─> want_open, or wait
 *                                                                                        for a session
 *
 * stream.c and dgram.c fill in what the two kinds of socket do on "readable", "flush" and "time-out"; everything else
 * is shared and here. Size matters: a million of these exist at once (see worker.h for what else a client costs).
 *
 * A request in flight is a slot: planned, sent, size, sequence. Its bytes are made again from those when they are
 * needed. A stream's slots are a ring in order of sending; datagrams are answered in any order, so a slot is found by
 * sequence.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "errors.h"
#include "ledger.h"
#include "ts_reply.h"
#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

struct worker;

enum client_state { CLIENT_CLOSED, CLIENT_QUEUED, CLIENT_CONNECTING, CLIENT_OPEN, CLIENT_ENDING };

enum client_flag {
	CLIENT_OFFERED = 1 << 0,    /* stands in the worker's ring of free clients */
	CLIENT_SETTLED = 1 << 1,    /* its first attempt to connect has ended, well or not */
	CLIENT_ANSWERED = 1 << 2,   /* this connection has answered at least once */
	CLIENT_FIRST_BYTE = 1 << 3, /* part of the oldest request's reply is there */
	CLIENT_IDLE = 1 << 4,       /* only stays open */
	CLIENT_DATAGRAM = 1 << 5,
	CLIENT_PAUSED = 1 << 6, /* does not read until the server's dialect is known */
	CLIENT_PENDING = 1 << 7 /* a session's first request waits for the connection; planned in its slot 0 */
};

/* What a request in lock-step touches of its client are the first three lines of cache. */
#define CLIENT_LINE_BYTES 64

struct slot {
	int64_t planned_ns, sent_ns; /* monotonic; sent_ns is 0 until the first attempt */
	uint32_t size, sequence;     /* size 0: a free slot */
};

struct client {
	_Alignas(CLIENT_LINE_BYTES) ev_io io; /* first: a watcher's address is its client's */
	struct slot *slots;                   /* borrowed: its n_pipeline of the worker's */
	/* stream: offset of the oldest request in the checker's input; datagram: highest sequence seen + 1 */
	uint64_t base;
	int64_t since_ns; /* when the state began or the client became free; CLOSED: when it may try again */
	uint32_t index, next_sequence;
	uint32_t n_completed, n_session_left;
	uint32_t n_sent_bytes; /* of the first message that is not sent in full */
	uint16_t head, n_in_flight, n_unsent, backoff_ms;
	uint8_t state, flags, target;
	bool slow, held;       /* a slow reader (slow.h); it may not read for now */
	struct ts_reply reply; /* last: the end of it is seldom touched */
};

/* Ask for a connection: at once, or in its turn where opening is paced. */
void client_want_open(struct worker *w, struct client *c);
void client_open(struct worker *w, struct client *c, int64_t now_ns); /* it is its turn */

/* Take what the plan gives this client to do now, and send it; offer it for more; or end its session. */
void client_fill(struct worker *w, struct client *c, int64_t now_ns);

/* The client has been answered, or may try again: fill it, or let it take its turn behind others that are free. */
void client_again(struct worker *w, struct client *c, int64_t now_ns);

/* Put n requests of one planned moment in flight (they are sent by the next flush). */
void client_add(struct worker *w, struct client *c, int64_t planned_ns, unsigned n);

/* n requests were answered well, all planned and sent when that in this slot was. The caller frees the slots, and once
 * it has completed all that were answered now, it notes that the client was. */
void client_complete(struct worker *w, struct client *c, const struct slot *slot, unsigned n, int64_t now_ns);
void client_answered(struct worker *w, struct client *c, int64_t now_ns);

/* The request in this slot failed. The caller frees the slot. */
void client_fail_slot(struct worker *w, struct client *c, const struct slot *slot, enum error_class id, int64_t now_ns);

/* This request was waited for and not answered: the figures get the time waited, as a lower bound. The service time
 * only where it was sent. */
void client_unanswered(struct worker *w, const struct client *c, const struct slot *slot, int64_t now_ns);

/* The connection is of no more use: the oldest request fails as `oldest`, the others as `others`; it is closed. */
void client_break(struct worker *w, struct client *c, enum error_class oldest, enum error_class others, int64_t now_ns);

/* The connection has ended as it should (session over, or closed by the server while nothing was owed). */
void client_ended(struct worker *w, struct client *c, int64_t now_ns);

/* From now on the loop waits for these events. Mostly it does already. */
void client_rewatch(struct worker *w, struct client *c, int events);
static inline void client_watch(struct worker *w, struct client *c, int events)
{
	if (c->io.events != events || !ev_is_active(&c->io))
		client_rewatch(w, c, events);
}

void client_close(struct worker *w, struct client *c);

/* Once in a while: give up what has waited too long, try again what may. */
void client_sweep(struct worker *w, struct client *c, int64_t now_ns);

/* The two kinds. `readable` and `flush` may close the client. */
void stream_readable(struct worker *w, struct client *c);
void stream_flush(struct worker *w, struct client *c);
void dgram_readable(struct worker *w, struct client *c);
void dgram_flush(struct worker *w, struct client *c);
void dgram_sweep(struct worker *w, struct client *c, int64_t now_ns);

#endif

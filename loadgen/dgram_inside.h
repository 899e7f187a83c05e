/*
 * What the files of datagram clients share, and of what every datagram goes through, the short functions themselves.
 *
 *   dgram.c        sending, receiving, giving up
 *   dgram_reply.c  which request a reply answers, and how well
 */
#ifndef DGRAM_INSIDE_H
#define DGRAM_INSIDE_H

#include "payload.h"
#include "worker.h"

/* The message of a request into `out`, which has room for `size` bytes. */
static inline void dgram_message(const struct worker *w, const struct client *c, uint32_t sequence, uint32_t size,
                                 char *out)
{
	struct payload message = {client_id(w, c), sequence, size, w->plan->lf, w->plan->cr};

	payload_write(&message, 0, out, size);
}

/* The request in flight of this number, or NULL. */
static inline struct slot *dgram_slot(const struct worker *w, const struct client *c, uint32_t sequence)
{
	for (unsigned i = 0; i < (unsigned)w->plan->n_pipeline; i++) {
		struct slot *slot = client_slot(w, c, i);
		if (slot->size != 0 && slot->sequence == sequence)
			return slot;
	}
	return NULL;
}

static inline void dgram_free_slot(struct client *c, struct slot *slot)
{
	slot->size = 0;
	c->n_in_flight--;
}

/* By which those that were given up are kept (late.h). */
static inline uint64_t dgram_key(const struct client *c, uint32_t sequence)
{
	return (uint64_t)c->index << 32 | sequence;
}

/* The request that went out first of those in flight, or NULL. */
struct slot *dgram_oldest_sent(const struct worker *w, const struct client *c);

/* A reply of n bytes has come (n may be 0). `out` is borrowed for this call. */
void dgram_take(struct worker *w, struct client *c, const char *out, size_t n, int64_t now_ns);

#endif

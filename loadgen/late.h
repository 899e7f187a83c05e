/*
 * Datagrams that were given up: kept so that a late reply is told from a duplicate, and still timed.
 * A hash table of a worker, by connection and sequence; it grows only while datagrams are being lost.
 */
#ifndef LATE_H
#define LATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct late_request {
	uint64_t key; /* connection << 32 | sequence; never 0 in use: `used` says */
	int64_t planned_ns, sent_ns;
	int64_t given_up_ns; /* when: the histograms hold given_up - planned and given_up - sent for it */
	bool used;
};

struct late_table {
	struct late_request *entries; /* owned; NULL while empty */
	size_t n, n_room;             /* room is a power of two, at most half used */
};

/* 0 or -ENOMEM: it is then forgotten, and its reply would count as a duplicate. */
int late_add(struct late_table *t, const struct late_request *request);

/* Take it out: true when it was there. */
bool late_take(struct late_table *t, uint64_t key, struct late_request *request);

void late_release(struct late_table *t);

#endif

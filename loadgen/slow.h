/*
 * Slow readers (--slow-share): connections that send like the others, but read at most --slow-read bytes a second. They
 * are what a server meets as clients behind a narrow line: it has to hold them back, and what the others feel of that
 * is what is measured. So their requests have a ledger and their latencies a histogram of their own.
 *
 * A slow reader's socket has a small receive buffer and the segments of an Ethernet, so that the kernels between it and
 * the server keep little. It reads in pieces: what it has read is paid for with time, and when less than a quarter of
 * a tick's worth is left it is held, that is, its socket is not watched for reading, until a tick finds it solvent. So
 * it costs two system calls a tick while it is behind, and nothing while nothing comes. It may save up a tenth of a
 * second, so that small replies are not slowed by the tick. The first bytes of a run, from which the server's dialect
 * is learned, are read at once and paid for afterwards: nobody else could go on without them.
 *
 * A held reader is not blamed on the server: its time-outs run from the moment to which it has paid. Where a run of a
 * number of requests has only requests of slow readers in flight, it drains: they do not hold up its end.
 *
 * Streams only: a datagram server cannot be held back. One thread, that of the worker.
 */
#ifndef SLOW_H
#define SLOW_H

#include "plan.h"
#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct client;
struct worker;

struct slow_readers {
	int64_t *paid_ns; /* owned, one for each slow reader: the moment up to which its time has been spent */
	uint32_t n;
	uint64_t n_in_flight; /* requests on their connections */
	double bytes_per_ns;
	int64_t piece_ns, saved_ns; /* what must be free before it may read again; what may be saved up at most */
	ev_timer tick;              /* runs while anybody is held */
};

/* n of the worker's first n_active clients become slow readers, spread evenly. 0 or -ENOMEM. */
int slow_init(struct worker *w, uint32_t n);
void slow_release(struct slow_readers *s);

/* Prepare the socket of a slow reader, before it connects. */
void slow_prepare(const struct worker *w, int fd, enum ts_transport transport);

/* recv(2) into the worker's buffer of what may be read now; then hold the reader if that was all.
 * EAGAIN: nothing may. */
ssize_t slow_receive(struct worker *w, struct client *c);

/* When the server last had its chance: time-outs begin no earlier. */
int64_t slow_since_ns(const struct worker *w, const struct client *c);

#endif

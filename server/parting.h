/*
 * Clients whose conversation we have ended at the stop, while they have not. After our FIN, what they still send is
 * swallowed for a while, as long as worker_lingers() says: here for all of them together, so that with many callers in
 * the queue none waits for the time that another takes to go. For the modes that serve one client after the other.
 *
 * Storage: the caller's; it has room for PARTINGS, and a further one waits until the first has gone. One thread.
 */
#ifndef PARTING_H
#define PARTING_H

#include "server.h"
#include <poll.h>

#define PARTINGS 256

struct partings {
	size_t n;
	struct pollfd fds[PARTINGS];
	struct parting {
		int64_t look_ns; /* monotonic: the next look at it */
		unsigned n_looks;
	} items[PARTINGS];
};

/* FIN has been sent on fd, which is given. */
void partings_add(struct partings *p, struct worker *w, int fd);

/* Swallow what comes, close those who have gone, and let the others wait; at most `wait_ns` long. */
void partings_attend(struct partings *p, struct worker *w, int64_t wait_ns);

/* Until all have gone, or the drain time-out; then close the rest. */
void partings_finish(struct partings *p, struct worker *w);

#endif

/*
 * What all event loops share: accepting, conversations, datagrams, limits, time-outs and the stop. A mode adds only the
 * way its kernel interface waits. Reading two mode files side by side shows what differs between the interfaces.
 *
 * A mode fills a struct loop_ops, embeds a struct loop in its own struct, and calls loop_run(). docs/server.md holds a
 * skeleton to copy, with every hook explained. The idea is that of libev's and redis's backends.
 *
 *   add      begin to wait for source->want on source->fd. source->slot (or ->watch) is the mode's to use. 0 or -errno.
 *   change   source->want has changed, possibly to WANT_NOTHING; or, in edge-triggered modes, it has not, and the
 *            source is to be told of again even if nothing new happens. 0 or -errno.
 *   remove   wait for it no longer; its descriptor is closed next.
 *   wait     wait at most timeout_ns (0: only look; negative: for ever) and call loop_ready() for every source that
 *            is ready. Interrupted is not an error. 0 or -errno; after a want of memory, which may pass, it is called
 *            again in a while.
 *
 * loop_ready() may remove the source that it is called for, and add others. It never removes another.
 */
#ifndef LOOP_H
#define LOOP_H

#include "conn.h"
#include "post.h"

enum { READY_READ = WANT_READ, READY_WRITE = WANT_WRITE, READY_END = 4 /* the peer has ended, or an error is there */ };

struct loop;

struct loop_ops {
	int (*add)(struct loop *loop, struct source *s);
	int (*change)(struct loop *loop, struct source *s);
	void (*remove)(struct loop *loop, struct source *s);
	int (*wait)(struct loop *loop, int64_t timeout_ns);
	bool edge;      /* readiness is told once, when it begins: read until nothing is there */
	bool blind;     /* nobody tells what is ready: each is asked */
	bool completes; /* the kernel accepts and receives by itself: sockets stay in blocking mode */
};

/* A listening socket as one loop sees it. */
struct port {
	struct source source; /* first */
	const struct listener *listener;
	int n_callers; /* taken at the wake-up `round` */
	unsigned round;
	int64_t n_late; /* callers looked for at the stop */
};

TAILQ_HEAD(conn_list, conn);

struct loop {
	struct worker *worker;
	const struct loop_ops *ops;
	struct port *ports; /* owned */
	size_t n_ports;
	struct source stop;
	struct post *post;                 /* owned; NULL without a datagram socket */
	struct conn_list conns, lingering; /* by last activity, if that matters; by the next look */
	size_t n_open, max_open;           /* max_open: what the mechanism can watch, where it is limited */
	int64_t accept_again_ns;  /* monotonic; 0: accepting. Else out of descriptors, memory or places until then */
	int64_t receive_again_ns; /* monotonic; 0: receiving datagrams. Else out of memory until then */
	int64_t send_again_ns;    /* monotonic; 0: no conversation is CONN_SHORT */
	unsigned round;           /* wake-ups so far */
	bool draining, idle_matters, is_limited, hears_stop;
};

/*
 * Serve until the stop. stop_fd becomes readable when the stop is asked for. Calls server_ready() once everything is
 * watched. 0 or -errno.
 */
int loop_run(struct loop *loop, struct worker *w, const struct loop_ops *ops, int stop_fd);

/* From wait(): this source is ready; `ready` is of the READY bits. */
void loop_ready(struct loop *loop, struct source *s, unsigned ready);

/*
 * From wait(): this source cannot be waited for any longer, for that reason: for interfaces that find it out after add
 * and change. 0; or -errno, which wait() returns: without that one nothing can go on.
 */
int loop_unwatched(struct loop *loop, struct source *s, int error);

/*
 * From wait(): this source will be ready after the one in hand. Of thousands of conversations each lies in a line of
 * the cache of its own, which is fetched while the other is served.
 */
static inline void loop_soon(const struct source *s)
{
	__builtin_prefetch(s);
}

/* From wait(): the system call returned, with n sources ready. Before the first loop_ready(). */
void loop_woke(struct loop *loop, int n);

/* The kernel accepted a caller (fd is given away), or failed to: for interfaces that do so by themselves. */
void loop_accepted(struct loop *loop, int fd);
void loop_accept_failed(struct loop *loop, int error);

/* timeout_ns as milliseconds for poll(2) and its kin: rounded up, -1 for ever. */
int loop_timeout_ms(int64_t timeout_ns);

#endif

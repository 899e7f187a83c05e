/*
 * What the files of a worker share with each other: worker.c makes, runs and frees it; worker_pace.c keeps its schedule
 * and its timer; worker_phase.c carries it from opening to done; worker_end.c settles its accounts. worker_socket.c has
 * the system calls that are not as others, for clients.
 */
#ifndef WORKER_INSIDE_H
#define WORKER_INSIDE_H

#include "worker.h"

/* worker_pace.c */
void worker_on_pace(struct ev_loop *loop, ev_io *io, int revents);
void worker_on_pace_tick(struct ev_loop *loop, ev_timer *timer, int revents);
int64_t worker_next_moment(const struct worker *w); /* when something is due: a request, a connection, the start */
bool worker_request_due(const struct worker *w, int64_t now_ns); /* and a client is free for it */
void worker_send_due(struct worker *w, int64_t now_ns);
void worker_serve_moment(struct worker *w, int64_t now_ns);

/* worker_phase.c */
void worker_on_tick(struct ev_loop *loop, ev_timer *timer, int revents);
void worker_set_state(struct worker *w, enum shard_state state);
void worker_watch_clock(struct worker *w); /* the offset between the clocks, and whether it has stepped */

/* worker_end.c */
void worker_settle(struct worker *w); /* what is left goes to its place in the ledger */
void worker_close_all(struct worker *w);
double worker_run_wait_s(void); /* that this thread was ready to run and waited for a processor */

#endif

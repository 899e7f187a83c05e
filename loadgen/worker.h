/*
 * A worker: one thread, one libev loop, its share of the connections and of the schedule. Workers share nothing while
 * they run but the plan (read-only) and a few atomics of `struct control`; so a hundred processes of them are as good
 * as a hundred threads.
 *
 * What one connection costs in user memory: struct client (320 bytes), n_pipeline slots of 24 bytes, 8 bytes in
 * two rings of indices, 16 bytes in libev. No buffer, no timer, no histogram.
 *
 * Time is kept by one timerfd with absolute monotonic moments, watched by the loop: it rings when the next request is
 * due and a client is free, or when the next connection may be opened. A slow tick sweeps for time-outs and carries the
 * worker from one phase to the next: opening, ready, running, draining, drained, done.
 */
#ifndef WORKER_H
#define WORKER_H

#include "client.h"
#include "late.h"
#include "learn.h"
#include "ledger.h"
#include "pacer.h"
#include "plan.h"
#include "slow.h"
#include "socket_io.h"
#include "ts_random.h"

#define WORKER_BUFFER_BYTES (64 << 10)
#define WORKER_ARRIVALS     4096       /* sampled moments of sending, for the test of the arrivals */
#define WORKER_TICK_MAX_NS  20000000LL /* the slowest tick: so long it may take until a worker hears a word */

/* Why a run was told to stop before its end. */
enum control_stop { STOP_NO, STOP_SIGNAL, STOP_GONE, STOP_UNTIL };

/* Shared by all workers of a run; lives in shared memory. */
struct control {
	_Atomic int64_t start_ns; /* monotonic; 0: not yet */
	_Atomic int looked;       /* at the server, after all had drained: connections may be closed */
	_Atomic int stop;         /* enum control_stop; 2 or more signals: also skip the drain */
	_Atomic int hurry;
	_Atomic uint64_t first_pair; /* of local address and port, see source.h */
};

/* A ring of client indices; room for all clients of the worker, so that it never overflows. */
struct ring {
	uint32_t *items; /* owned */
	uint32_t n_room, head, n;
};

struct worker {
	/* given */
	const struct plan *plan;
	struct control *control;
	struct shard *shard;
	unsigned index, n_workers;

	struct ev_loop *loop;
	ev_io pace_io;
	ev_timer tick;
	int timer_fd;
	int64_t armed_ns, tick_ns, last_tick_ns, next_sweep_ns;

	struct client *clients; /* owned, as are the slots: n_pipeline for each client */
	struct slot *slots;
	uint32_t n_clients, n_active; /* the first n_active send, the others only stay open */
	struct ring free_clients, to_open;
	uint32_t n_connecting, n_settled, n_ending;

	struct pacer pacer, connect_pacer;
	struct pacer_schedule connect_schedule;
	uint64_t window;            /* requests in flight at most, over all clients (datagrams, closed loop); 0: any */
	uint64_t quota;             /* requests that may still be scheduled, those of the warm-up not counted */
	int64_t open_ns, start_ns;  /* when opening began; when the load begins */
	int64_t measure_ns, end_ns; /* end of the warm-up; end of the load */
	int64_t drain_begin_ns, drain_ns; /* the drain and its end */
	int64_t wall_offset_ns;           /* wall clock minus monotonic clock */
	bool started, finished, done;
	int64_t cpu_ns, last_cpu_ns; /* of this thread, when the load began; at the last tick */
	/* When the watch over the measured part began (0: not yet), and the thread's time then. */
	int64_t watch_ns, busy_ns;
	double run_wait_s;
	ev_timer pace_tick;
	uint64_t n_in_flight;
	uint64_t n_pairs_tried; /* of --source */
	struct ts_random *random;

	struct ts_reply_rule rule;
	bool rule_known;
	struct learner learner;
	struct late_table late;
	struct slow_readers slow;

	int64_t *transmitted_ns; /* owned; --kernel-stamps: of each client's request in flight; 0: not yet known */
	int64_t received_ns;     /* --kernel-stamps: of what was read last; both by the wall clock */
	int64_t *arrivals_ns;    /* owned: every arrivals_every-th moment of sending */
	uint32_t n_arrivals, arrivals_every, arrivals_skip; /* every 0: none are taken */
	uint64_t n_waited; /* requests that found no free connection when they were due */

	char in[WORKER_BUFFER_BYTES], out[WORKER_BUFFER_BYTES], expected[WORKER_BUFFER_BYTES];
};

/* Make a worker (owned) or NULL with err; run it to its end; free it. */
struct worker *worker_new(const struct plan *plan, struct control *control, struct shard *shard, unsigned index,
                          unsigned n_workers, struct ts_err *err);
void worker_run(struct worker *w);
void worker_free(struct worker *w);

/* Bytes of user memory that one more connection of this plan costs. */
int64_t worker_bytes_per_connection(const struct plan *plan);

/* Is a request of this planned time in the figures, and not in the warm-up? */
static inline bool worker_measures(const struct worker *w, int64_t planned_ns)
{
	return planned_ns >= w->measure_ns;
}

/* For clients, by the schedule of an open loop: the planned moment of a request that may be sent now, or PACER_NEVER.
 * It is then scheduled. */
int64_t worker_next_planned(struct worker *w, int64_t now_ns);

/* In a closed loop: so many requests of these may be sent now. They are then scheduled. */
static inline unsigned worker_next_at_once(struct worker *w, int64_t now_ns, unsigned n)
{
	uint64_t room = w->window > w->n_in_flight ? w->window - w->n_in_flight : 0;

	if (!w->started || w->finished || now_ns >= w->end_ns)
		return 0;
	if (w->window > 0 && n > room)
		n = (unsigned)room;
	if (n > w->quota)
		n = (unsigned)w->quota;
	w->quota -= worker_measures(w, now_ns) ? n : 0;
	return n;
}

void worker_offer(struct worker *w, struct client *c, int64_t now_ns); /* this client is free for a due request */
void worker_serve_window(struct worker *w, int64_t now_ns);            /* somebody waits, and there may be room again */
void worker_queue_open(struct worker *w, struct client *c);            /* this client wants a connection */
void worker_rearm(struct worker *w);                                   /* the next moment may have changed */
/* The dialect's rule, as learn_rule (learn.h). When it is known, all of the worker's clients are judged by it. */
int worker_learn(struct worker *w, const struct learn_text *text, int64_t now_ns, struct learn_fault *fault);

void worker_resume(struct worker *w); /* the learner has finished: all may read again */
void worker_check_finished(struct worker *w);

/* The number of a connection in the whole run, as its messages say it. */
static inline uint32_t client_id(const struct worker *w, const struct client *c)
{
	return w->index + c->index * w->n_workers;
}

/* Its oldest request in flight on a stream. */
static inline struct slot *client_oldest(const struct client *c)
{
	return &c->slots[c->head];
}

/* Its i-th request in flight; 0 is the oldest of a stream. */
static inline struct slot *client_slot(const struct worker *w, const struct client *c, unsigned i)
{
	unsigned n = (unsigned)w->plan->n_pipeline, at = c->head + i;
	return &c->slots[at < n ? at : at - n];
}

/* The one behind it in the ring. */
static inline struct slot *client_slot_after(const struct worker *w, const struct client *c, struct slot *slot)
{
	return ++slot == c->slots + w->plan->n_pipeline ? c->slots : slot;
}

/* The ledger that a request belongs to, by its planned time. */
static inline struct ledger *worker_ledger(struct worker *w, int64_t planned_ns)
{
	return planned_ns < w->measure_ns ? &w->shard->warmup : &w->shard->figures;
}

/* An error of a request planned then, or of a connection at that moment; opening is before the warm-up. */
static inline void worker_note_error(struct worker *w, enum error_class id, int64_t planned_ns, int64_t now_ns)
{
	errors_note(&w->shard->errors, id, 1, now_ns);
	w->shard->errors.entry[id].n_warmup += planned_ns >= w->start_ns && !worker_measures(w, planned_ns);
}

/* The ledger of a client that may be a slow reader: those have a ledger of their own, and are not in the figures. */
static inline struct ledger *client_ledger(struct worker *w, const struct client *c, int64_t planned_ns)
{
	return c->slow && worker_measures(w, planned_ns) ? &w->shard->slow : worker_ledger(w, planned_ns);
}

static inline bool client_measures(const struct worker *w, const struct client *c, int64_t planned_ns)
{
	return !c->slow && worker_measures(w, planned_ns);
}

/* The two calls of a request, for clients that are not as others: slow readers, or the kernel's
 * stamps were asked for. */
ssize_t worker_send_stamped(struct worker *w, const struct client *c, size_t n);
ssize_t worker_receive_specially(struct worker *w, struct client *c);

static inline ssize_t worker_send(struct worker *w, const struct client *c, size_t n) /* of w->out */
{
	return w->transmitted_ns ? worker_send_stamped(w, c, n) : socket_send(c->io.fd, w->out, n);
}

static inline ssize_t worker_receive(struct worker *w, struct client *c) /* into w->in */
{
	return w->transmitted_ns || c->slow ? worker_receive_specially(w, c)
	                                    : socket_recv(c->io.fd, w->in, sizeof(w->in));
}

/* n requests that were sent when that in this slot was have been answered. */
void worker_split(struct worker *w, const struct client *c, const struct slot *slot, unsigned n, int64_t now_ns);

/* A request goes out now; `waited`: it was due before its connection was free. */
static inline void worker_note_sent(struct worker *w, int64_t now_ns, bool waited)
{
	w->n_waited += waited;
	if (w->arrivals_every == 0 || ++w->arrivals_skip < w->arrivals_every)
		return;
	w->arrivals_skip = 0;
	if (w->n_arrivals < WORKER_ARRIVALS)
		w->arrivals_ns[w->n_arrivals++] = now_ns;
}

/* How long it has been due and its client free. */
static inline int64_t client_lag_ns(const struct client *c, const struct slot *slot, int64_t now_ns)
{
	return now_ns - (slot->planned_ns > c->since_ns ? slot->planned_ns : c->since_ns);
}

static inline int64_t worker_wall(const struct worker *w, int64_t mono_ns)
{
	return mono_ns + w->wall_offset_ns;
}

static inline void ring_push(struct ring *r, uint32_t item)
{
	uint32_t at = r->head + r->n++;
	r->items[at < r->n_room ? at : at - r->n_room] = item;
}

static inline uint32_t ring_pop(struct ring *r)
{
	uint32_t item = r->items[r->head];
	r->head = r->head + 1 == r->n_room ? 0 : r->head + 1;
	r->n--;
	return item;
}

#endif

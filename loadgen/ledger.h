/*
 * The ledger: every request is in exactly one place of it, and it adds up, however a run ends:
 *
 *     scheduled = not_sent + completed + failed + in_flight_at_end
 *
 * The five are counted apart, each where it happens, so that the sum is a check and not a definition: `scheduled` by
 * the pacer or the closed loop, `not_sent` by what the schedule has left at the end, `in_flight_at_end` by a walk over
 * all connections. The others are finer: timed_out and mismatched are parts of failed; lost, late, duplicated,
 * reordered, truncated and corrupted tell what happened to datagrams (RFC 4737 for reordered, RFC 5560 for duplicated).
 *
 * A shard is all that one worker measures. It lives in shared memory, has one writer, and is added to others by
 * shard_merge: threads, worker processes and MPI ranks are put together by this one function.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "errors.h"
#include "ts_hist.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_FIELDS                                                                                                  \
	X(scheduled)                                                                                                   \
	X(not_sent)                                                                                                    \
	X(completed)                                                                                                   \
	X(failed)                                                                                                      \
	X(in_flight_at_end)                                                                                            \
	X(timed_out)                                                                                                   \
	X(mismatched)                                                                                                  \
	X(late)                                                                                                        \
	X(duplicated)                                                                                                  \
	X(reordered)                                                                                                   \
	X(lost)                                                                                                        \
	X(truncated)                                                                                                   \
	X(corrupted)                                                                                                   \
	X(sent)                                                                                                        \
	X(in_time) /* completed before the load ended, not in the drain after it */                                    \
	X(sent_bytes)                                                                                                  \
	X(received_bytes)                                                                                              \
	X(unanswered) /* timed out, cut off, in flight at the end or never sent, without a late reply: in the figures  \
	                 with the time waited */                                                                       \
	X(stamps)     /* that the replies held: reported, never judged */

struct ledger {
#define X(field) uint64_t field;
	LEDGER_FIELDS
#undef X
};

bool ledger_adds_up(const struct ledger *l);
void ledger_merge(struct ledger *dst, const struct ledger *src);

struct connection_counts {
	uint64_t attempted, opened, failed, served; /* failed to open; answered at least once */
	uint64_t open, peak_open;                   /* now; sum over workers of each one's highest */
	uint64_t closed_by_server;                  /* between requests: one-shot servers do */
	uint64_t sessions_finished;
	int64_t first_ns, last_ns; /* when the first and the last was attempted, monotonic; 0: none */
};

/* Requests completed by each connection, as sums: enough for Jain's index. */
struct fairness {
	uint64_t n, min, max;
	double sum, sum_of_squares;
};
void fairness_add(struct fairness *f, uint64_t n_completed);
double
fairness_jain(const struct fairness *f); /* (sum x)^2 / (n sum x^2): 1 when all got alike; NaN when nobody got any */

/* How the generator itself fared. */
struct generator {
	double cpu_s;                         /* of the threads, from the begin of the load to the end of its drain */
	double watched_s, busy_s, run_wait_s; /* of the measured part, summed over threads: its length, the time on a
	                                       * processor, and the time ready to run but waiting for one */
	int64_t longest_gap_ns;               /* beyond its due time that a periodic timer came */
	uint64_t n_gaps;                      /* such gaps above 50 ms */
	int64_t gap_sum_ns;                   /* of those */
	uint64_t clock_steps;                 /* the wall clock moved against the monotonic one */
	int64_t largest_step_ns;
	uint64_t wakeups;
	int64_t begin_ns, end_ns;                      /* of the measured part, monotonic */
	double ad_statistic;                           /* of the arrivals; NaN: not tested */
	double dispersion;                             /* of the arrivals; NaN: not tested */
	uint64_t n_arrivals_tested, n_arrivals_failed; /* workers */
};

enum shard_state { SHARD_OPENING, SHARD_READY, SHARD_RUNNING, SHARD_DRAINING, SHARD_DRAINED, SHARD_DONE };

struct shard {
	struct ledger figures, warmup; /* by the request's planned time */
	struct ledger slow;            /* of slow readers, without their warm-up */
	struct connection_counts connections;
	struct errors errors;
	struct fairness fairness;
	struct generator generator;
	struct ts_hist response, service, first_byte, connect, send_lag;
	struct ts_hist at_once; /* service time of replies that came in one piece, which is that of their first byte,
	                         * too; shard_merge adds it to both */
	struct ts_hist slow_response; /* of slow readers */
	/* the part of those that was never answered, with the time that it was waited for; see ts_bounds.h */
	struct ts_hist response_unanswered, service_unanswered, slow_unanswered;
	struct ts_hist to_kernel, in_network, from_kernel; /* --kernel-stamps: service time in three parts */
	/* for the supervisor while it runs; written with relaxed atomics */
	_Atomic int state;
	_Atomic int64_t last_reply_ns, last_refused_ns;
};

/* dst += src, exactly. `state` and the live fields are left. A failed merge is impossible: sizes are fixed. */
void shard_merge(struct shard *dst, const struct shard *src);

/* Another host's monotonic clock has another zero: move all moments by so much, to make them ours. */
void shard_move(struct shard *s, int64_t by_ns);

/*
 * What a supervisor sees of a shard while its worker writes it: each number is right, or one step behind. Sums are
 * added to what is there. The thread sanitizer is told that these readers mean it.
 */
struct watched {
	struct ledger figures;
	uint64_t completed, failed; /* those of the warm-up included */
	uint64_t open, opened, failed_to_open;
};
#define WATCHES_RUNNING_SHARDS __attribute__((no_sanitize("thread")))
void shard_watch(struct watched *sum, const struct shard *running);

#endif

/*
 * The workers of a run on this host: threads of this process, or processes with threads of their own. All write into
 * one arena of shared memory, one place each, so it makes no difference to the result where a worker lived.
 */
#ifndef CREW_H
#define CREW_H

#include "team.h"
#include "worker.h"
#include <pthread.h>
#include <sys/types.h>

/* A worker's place in the shared memory of a run. */
struct place {
	struct shard shard;
	struct ts_err err;
	_Atomic bool failed; /* could not start, or died: err says why */
	bool died;           /* its ledger is as it was, and its last requests are in flight */
	double cpu_user_s, cpu_system_s;
	int64_t max_rss_bytes; /* of its process; only the first worker of a process fills these three */
};

struct arena {
	struct control control;
	struct place places[];
};

struct crew {
	const struct plan *plan;
	struct team *team; /* or NULL */
	struct arena *arena;
	size_t n_bytes;
	unsigned n_processes, n_threads, n_workers;
	pid_t pids[PLAN_PROCESSES_MAX];
	pthread_t threads[PLAN_THREADS_MAX];
	unsigned n_started;
	int reached; /* enum shard_state: by all workers, those of the team included */
};

/* Look whether this host has what its share of the load needs, and lay out the arena (owned: munmap of n_bytes). 0 or
 * -errno. */
int crew_init(struct crew *crew, const struct plan *plan, struct team *team, struct ts_err *err);

/* Start all workers. One that cannot start is marked as failed in its place, and the others end. */
void crew_start(struct crew *crew);
void crew_wait(struct crew *crew); /* until all have ended */

/* The state that all workers of this host have reached; the first that could not start, or died, or NULL. */
int crew_lowest_state(const struct crew *crew);
const struct place *crew_first_failure(const struct crew *crew);

/* A worker process that died takes its shard's end with it; the others go on, and the run is partial: true. */
bool crew_bury_the_dead(struct crew *crew);

#endif

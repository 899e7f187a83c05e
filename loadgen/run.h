/*
 * One run of a plan: makes the workers, in threads of this process or in processes of their own, lets them open their
 * connections, starts all of them at one moment, watches, stops them, and adds up what they measured.
 *
 * Workers write into shards in shared memory, so it makes no difference to the result where a worker lived.
 */
#ifndef RUN_H
#define RUN_H

#include "health.h"
#include "sampler.h"
#include "worker.h"

struct progress;
struct team;

struct run {
	const struct plan *plan; /* borrowed */
	struct shard *total;     /* owned: all shards added up */
	struct sampler sampler;
	struct health health;
	int64_t started_wall_ns; /* when the load began; 0: it never did */
	double opening_s;        /* until each connection had been tried once */
	double duration_s;       /* of the measured part */
	double cpu_user_s, cpu_system_s;
	int64_t max_rss_bytes;
	enum control_stop wish,
	        stop;     /* why we want it to stop, and why it stops: with a team, one may come before the other */
	int signal;       /* that stopped it, or 0 */
	bool partial;     /* it did not do all that the plan asked for */
	bool unreachable; /* no connection could be made at all */
	char died[80];    /* which worker process did, in a sentence; "": none */
	unsigned n_processes, n_threads;
	int64_t n_throttled;  /* periods in which the control group was held back; -1: unknown */
	bool awake_held;      /* /dev/cpu_dma_latency */
	double until_reached; /* --until: the width that was reached; NaN */
};

/* 0, or -errno with err: it could not be started. A run that started always gives a result. release in both cases. */
int run_plan(struct run *r, const struct plan *plan, struct progress *progress, struct ts_err *err);
void run_release(struct run *r);

/* The same, with other hosts (team.h): the leader's run then holds the results of all. */
int run_plan_in_team(struct run *r, const struct plan *plan, struct progress *progress, struct team *team,
                     struct ts_err *err);

/* What is wrong, in one sentence, when the run ended because the server cannot be reached or a worker died; else "". */
const char *run_trouble(const struct run *r, char *buf, size_t size);

#endif

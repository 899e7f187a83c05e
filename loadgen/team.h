/*
 * Other hosts that do the same run at the same time, as a run sees them: a few functions. loadgen/mpi plays this part;
 * a run on one host has no team (NULL).
 *
 * Each member runs workers of its own, numbered among those of all members: so connections, rate, requests and seeds
 * are dealt to them as they are dealt to the threads of one host. What a member wants (to stop, and why) counts only
 * once all have heard of it, in `meet`: so all members leave a phase together, with the same reason.
 */
#ifndef TEAM_H
#define TEAM_H

#include "ts_err.h"

struct run;

struct team {
	unsigned n_members;
	unsigned first_worker, n_workers; /* the number of our first worker, and how many all members have; by `join` */

	/* We are ready to start n_here workers, or failed with `result` and err. All members return 0, or all return an
	 * error; each then has the sentence of the first that failed. */
	int (*join)(struct team *team, unsigned n_here, int result, struct ts_err *err);

	/* Never waits. We have reached `here` (enum shard_state) and want to stop for `wish` (enum control_stop). *all
	 * and *stop become what all have reached and what was agreed on, as far as that is known by now. */
	void (*meet)(struct team *team, int here, int wish, int *all, int *stop);

	/* Returns at the same moment in all members. */
	void (*start)(struct team *team);

	/* After the end, which was well or failed with `result` and err: adds up the results of all members in the
	 * leader's run. Returns what `join` does. */
	int (*gather)(struct team *team, struct run *r, int result, struct ts_err *err);
};

#endif

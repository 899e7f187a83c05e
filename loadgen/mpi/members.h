/*
 * The members of a team are the ranks of MPI_COMM_WORLD; rank 0 leads. All hosts must be of one kind (byte order, word
 * size, the same build), since results travel as they lie in memory.
 *
 * While the load runs no call of MPI waits: Open MPI waits busily, on a processor that the workers need. So the members
 * beat: each posts its state and its wish as a non-blocking reduction, looks at it every 10 ms, and acts on the
 * outcome, which is the same for all. Source: MPI 3.1, 5.12; Open MPI's mpirun(1).
 *
 * One thread, the supervisor's, calls all of this.
 */
#ifndef MEMBERS_H
#define MEMBERS_H

#include "plan.h"
#include "team.h"
#include <cjson/cJSON.h>
#include <mpi.h>

struct members {
	struct team team; /* first: what a run knows of it */
	const struct plan *plan;
	int rank, n;
	struct beat {
		int state, wish; /* the lowest count; no wish is the highest */
	} mine, agreed;
	MPI_Request request;
	cJSON *results; /* owned; the leader's: one entry a member, for people */
};

void members_init(struct members *m, const struct plan *plan);
void members_release(struct members *m);

/*
 * Has anybody failed? All members call it, with their own `result` (0 or -errno) and err. 0 when nobody has; else all
 * return what the first failure was, and have its sentence.
 */
int members_agree(struct members *m, int result, struct ts_err *err);

/* gather.c: members_init puts it into the team. */
int members_gather(struct team *team, struct run *r, int result, struct ts_err *err);

#endif

#include "members.h"
#include "worker.h"
#include <errno.h>
#include <string.h>

#define NO_WISH 1000 /* above every reason to stop, so that the lowest is a reason if there is one */

static struct members *of(struct team *team)
{
	return (struct members *)team;
}

int members_agree(struct members *m, int result, struct ts_err *err)
{
	int mine = result < 0 ? m->rank : m->n, first;

	MPI_Allreduce(&mine, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
	if (first == m->n)
		return 0;
	MPI_Bcast(err, sizeof(*err), MPI_BYTE, first, MPI_COMM_WORLD);
	MPI_Bcast(&result, 1, MPI_INT, first, MPI_COMM_WORLD);
	return result;
}

/* The workers are numbered rank by rank. */
static int join(struct team *team, unsigned n_here, int result, struct ts_err *err)
{
	struct members *m = of(team);

	result = members_agree(m, result, err);
	if (result < 0)
		return result;
	MPI_Exscan(&n_here, &team->first_worker, 1, MPI_UNSIGNED, MPI_SUM, MPI_COMM_WORLD);
	if (m->rank == 0)
		team->first_worker = 0; /* MPI leaves it undefined there */
	MPI_Allreduce(&n_here, &team->n_workers, 1, MPI_UNSIGNED, MPI_SUM, MPI_COMM_WORLD);
	if (team->n_workers > m->plan->n_connections)
		return ts_err_usage(err, "--connections=%lld: must be at least the number of workers on all hosts, %u",
		                    (long long)m->plan->n_connections, team->n_workers);
	return 0;
}

/* NOLINTBEGIN(clang-analyzer-optin.mpi.MPI-Checker): never waits; a meeting that begins in one call
 * ends in a later one */
static void meet(struct team *team, int here, int wish, int *all, int *stop)
{
	struct members *m = of(team);
	int done;

	if (m->request == MPI_REQUEST_NULL) {
		m->mine = (struct beat){here, wish == STOP_NO ? NO_WISH : wish};
		MPI_Iallreduce(&m->mine, &m->agreed, 2, MPI_INT, MPI_MIN, MPI_COMM_WORLD, &m->request);
	}
	MPI_Test(&m->request, &done, MPI_STATUS_IGNORE);
	if (!done)
		return;
	*all = m->agreed.state;
	*stop = m->agreed.wish == NO_WISH ? STOP_NO : m->agreed.wish;
}
/* NOLINTEND(clang-analyzer-optin.mpi.MPI-Checker) */

static void start(struct team *team)
{
	(void)team;
	MPI_Barrier(MPI_COMM_WORLD);
}

void members_init(struct members *m, const struct plan *plan)
{
	memset(m, 0, sizeof(*m));
	m->plan = plan;
	m->request = MPI_REQUEST_NULL;
	MPI_Comm_rank(MPI_COMM_WORLD, &m->rank);
	MPI_Comm_size(MPI_COMM_WORLD, &m->n);
	m->team = (struct team){
	        .n_members = (unsigned)m->n, .join = join, .meet = meet, .start = start, .gather = members_gather};
}

void members_release(struct members *m)
{
	cJSON_Delete(m->results);
}

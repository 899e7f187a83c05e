/*
 * tsload-mpi: one run of tsload, spread over hosts by MPI.
 *
 *     mpirun -n 3 --host a,b,c --bind-to none tsload-mpi -c 30k -r 60k -d 30s tcp://server:21567
 *
 * Each rank is given the same command line, takes its share, and rank 0 writes the one result. See docs/hosts.md.
 */
#include "finish.h"
#include "members.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "ts_live.h"
#include "ts_log.h"
#include "ts_signal.h"
#include <stdio.h>
#include <stdlib.h>

/* Options are read before MPI begins, so that --help needs no mpirun; the launcher's environment tells who is first. */
static bool is_first(void)
{
	const char *rank = getenv("OMPI_COMM_WORLD_RANK");

	return !rank || atoi(rank) == 0;
}

static int check(const struct plan *plan, struct ts_err *err)
{
	if (plan->find_max_text || plan->sweep_text)
		return ts_err_usage(err, "--%s: looks for a rate on one host; use tsload",
		                    plan->find_max_text ? "find-max" : "sweep");
	return ts_opt_cpus_pin(&plan->cpus, err);
}

/* What only the leader does: sample the server, which is a process of its host, and judge when the figure is known. */
static void follow(struct plan *plan)
{
	plan->server_pid = 0;
	plan->until_text = NULL;
	plan->progress = TS_LIVE_NEVER;
}

/* The names of the hosts go where the host's facts are. */
static cJSON *result_of_all(const struct run *r, struct members *m)
{
	cJSON *root = output_json(r);

	cJSON_AddItemToObject(cJSON_GetObjectItem(root, "host"), "members", m->results);
	m->results = NULL;
	return root;
}

static int load(struct plan *plan, int result, const struct ts_log *log, struct ts_err *err)
{
	struct members members;
	struct progress progress;
	struct run run = {0};
	int status = TS_EXIT_OK;

	members_init(&members, plan);
	if (members.rank > 0)
		follow(plan);
	if (result == 0)
		result = check(plan, err);
	result = members_agree(&members, result, err);
	if (result == 0) {
		progress_init(&progress, plan);
		progress.title = "first host: ";
		result = run_plan_in_team(&run, plan, &progress, &members.team, err);
	}
	if (members.rank == 0)
		status = result < 0 ? ts_log_fail(log, err) : finish(&run, result_of_all(&run, &members), log);
	run_release(&run);
	members_release(&members);
	return status;
}

int main(int argc, char **argv)
{
	struct ts_log log = {.program = "tsload-mpi", .level = TS_LOG_WARN};
	struct plan plan = {0};
	struct ts_err err = {0};
	int result, status, provided;

	if (!is_first() && !freopen("/dev/null", "w", stdout)) /* one --help, one --version */
		return TS_EXIT_ENVIRON;
	result = options_parse(&plan, log.program, argc, argv, &err);
	log.level = (enum ts_log_level)plan.log_level;
	MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
	ts_signal_install();
	status = load(&plan, result, &log, &err);
	plan_release(&plan);
	fflush(stdout);
	MPI_Finalize();
	return status;
}

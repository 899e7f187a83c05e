#include "crew.h"
#include "preflight.h"
#include "ts_clock.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct errand {
	struct crew *crew;
	unsigned index;
};

/* A worker's number among all of the run. */
static unsigned worker_number(const struct crew *crew, unsigned index)
{
	return (crew->team ? crew->team->first_worker : 0) + index;
}

static void *work(void *argument)
{
	struct errand errand = *(struct errand *)argument;
	struct crew *crew = errand.crew;
	struct place *place = &crew->arena->places[errand.index];
	struct worker *w;

	free(argument);
#ifndef __SANITIZE_THREAD__   /* which takes equal numbers for equal descriptors */
	unshare(CLONE_FILES); /* a table of its own: the kernel then counts no references in each call */
#endif
	w = worker_new(crew->plan, &crew->arena->control, &place->shard, worker_number(crew, errand.index),
	               crew->team ? crew->team->n_workers : crew->n_workers, &place->err);
	if (!w) {
		atomic_store(&place->failed, true);
		atomic_store(&place->shard.state, SHARD_DONE);
		return NULL;
	}
	worker_run(w);
	worker_free(w);
	return NULL;
}

/* Workers leave all signals to the supervisor. */
static int start_threads(struct crew *crew, unsigned first, struct ts_err *err)
{
	sigset_t all, before;
	int result = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < crew->n_threads && result == 0; i++) {
		struct errand *errand = malloc(sizeof(*errand));
		if (!errand) {
			result = ENOMEM;
			break;
		}
		*errand = (struct errand){crew, first + i};
		result = pthread_create(&crew->threads[i], NULL, work, errand);
		if (result != 0)
			free(errand);
		else
			crew->n_started++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result ? ts_err_set(err, result, "cannot start thread %u: %s", crew->n_started + 1, strerror(result))
	              : 0;
}

static void join_threads(struct crew *crew)
{
	for (unsigned i = 0; i < crew->n_started; i++)
		pthread_join(crew->threads[i], NULL);
	crew->n_started = 0;
}

static void note_usage(struct place *place, int who)
{
	struct rusage u;

	getrusage(who, &u);
	place->cpu_user_s = (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6;
	place->cpu_system_s = (double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec / 1e6;
	place->max_rss_bytes = u.ru_maxrss * 1024;
}

/* A worker process: its threads, and nothing of the parent's. It dies with it. */
static void be_process(struct crew *crew, unsigned process, pid_t parent)
{
	unsigned first = process * crew->n_threads;
	struct place *place = &crew->arena->places[first];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return;
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	if (start_threads(crew, first, &place->err) < 0) {
		atomic_store(&place->failed, true);
		atomic_store(&crew->arena->control.hurry, 1);
		atomic_store(&crew->arena->control.stop, STOP_SIGNAL);
	}
	join_threads(crew);
	note_usage(place, RUSAGE_SELF);
}

static unsigned n_alive(const struct crew *crew)
{
	unsigned n = 0;

	while (n < crew->n_processes && crew->pids[n] > 0)
		n++;
	return n;
}

static int start_processes(struct crew *crew, struct ts_err *err)
{
	for (unsigned i = 0; i < crew->n_processes; i++) {
		pid_t parent = getpid(), pid = fork();
		if (pid < 0)
			return ts_err_set(err, errno, "cannot start worker process %u: %s", i + 1, strerror(errno));
		if (pid == 0) {
			be_process(crew, i, parent);
			_exit(0);
		}
		crew->pids[i] = pid;
	}
	return 0;
}

/* What cannot be started has failed, and is done: the others are told to stop by whoever looks for failures. */
void crew_start(struct crew *crew)
{
	struct ts_err err = {0};
	int result = crew->n_processes > 1 ? start_processes(crew, &err) : start_threads(crew, 0, &err);
	unsigned n_started = crew->n_processes > 1 ? n_alive(crew) * crew->n_threads : crew->n_started;

	for (unsigned i = n_started; result < 0 && i < crew->n_workers; i++) {
		crew->arena->places[i].err = err;
		atomic_store(&crew->arena->places[i].failed, true);
		atomic_store(&crew->arena->places[i].shard.state, SHARD_DONE);
	}
}

/* Nobody will say what became of the last requests. */
static void leave_in_flight(struct ledger *l)
{
	l->in_flight_at_end = l->scheduled - l->not_sent - l->completed - l->failed;
}

/* What its worker had counted until then stays in the figures. */
static void bury(struct place *place, unsigned process)
{
	ts_err_set(&place->err, ECHILD, "worker process %u died", process + 1);
	leave_in_flight(&place->shard.figures);
	leave_in_flight(&place->shard.warmup);
	leave_in_flight(&place->shard.slow);
	place->died = true;
	atomic_store(&place->failed, true);
	atomic_store(&place->shard.state, SHARD_DONE);
}

bool crew_bury_the_dead(struct crew *crew)
{
	bool any = false;
	int status;

	if (crew->n_processes == 1)
		return false;
	for (unsigned i = 0; i < crew->n_processes; i++) {
		if (crew->pids[i] == 0 || waitpid(crew->pids[i], &status, WNOHANG) != crew->pids[i])
			continue;
		crew->pids[i] = 0;
		for (unsigned t = 0; t < crew->n_threads; t++) {
			struct place *place = &crew->arena->places[i * crew->n_threads + t];
			if (atomic_load(&place->shard.state) != SHARD_DONE) {
				bury(place, i);
				any = true;
			}
		}
	}
	return any;
}

void crew_wait(struct crew *crew)
{
	join_threads(crew);
	for (unsigned i = 0; i < crew->n_processes; i++)
		if (crew->n_processes > 1 && crew->pids[i] > 0)
			waitpid(crew->pids[i], NULL, 0);
}

/* The state that all workers of this host have reached. */
int crew_lowest_state(const struct crew *crew)
{
	int lowest = SHARD_DONE;

	for (unsigned i = 0; i < crew->n_workers; i++) {
		int state = atomic_load_explicit(&crew->arena->places[i].shard.state, memory_order_acquire);
		lowest = state < lowest ? state : lowest;
	}
	return lowest;
}

const struct place *crew_first_failure(const struct crew *crew)
{
	for (unsigned i = 0; i < crew->n_workers; i++)
		if (atomic_load(&crew->arena->places[i].failed))
			return &crew->arena->places[i];
	return NULL;
}

/* What one member of a team is to hold: its own resources are checked for that. */
static struct plan share_of(const struct plan *plan, const struct team *team)
{
	struct plan here = *plan;

	if (team) {
		here.n_connections = (plan->n_connections + team->n_members - 1) / team->n_members;
		here.n_idle = (plan->n_idle + team->n_members - 1) / team->n_members;
	}
	return here;
}

int crew_init(struct crew *crew, const struct plan *plan, struct team *team, struct ts_err *err)
{
	struct plan here = share_of(plan, team);
	int result = preflight(&here, err);

	memset(crew, 0, sizeof(*crew));
	crew->plan = plan;
	crew->team = team;
	crew->n_threads = (unsigned)plan->n_threads;
	crew->n_processes = preflight_processes(&here);
	crew->n_workers = crew->n_processes * crew->n_threads;
	crew->n_bytes = sizeof(struct arena) + crew->n_workers * sizeof(struct place);
	if (result < 0)
		return result;
	crew->arena = mmap(NULL, crew->n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (crew->arena == MAP_FAILED) {
		crew->arena = NULL;
		return ts_err_set(err, errno, "no memory for the results of %u workers", crew->n_workers);
	}
	atomic_store(&crew->arena->control.first_pair, (uint64_t)ts_clock_wall_ns() / TS_MS * 7919);
	return 0;
}

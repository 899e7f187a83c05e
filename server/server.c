#include "server.h"
#include "processes.h"
#include "sandbox.h"
#include "ts_clock.h"
#include "ts_host.h"
#include "ts_proc.h"
#include "ts_ready.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

struct shared {
	struct ts_log_once said[ERROR_N];
	_Atomic int64_t n_open;
};

static int shared_init(struct server *server, struct ts_err *err)
{
	struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return ts_err_set(err, ENOMEM, "out of memory for the counters");
	if (counters_area_init(&server->counters) < 0) {
		munmap(shared, sizeof *shared);
		return ts_err_set(err, ENOMEM, "out of memory for the counters");
	}
	server->said = shared->said;
	server->n_open = &shared->n_open;
	return 0;
}

static void shared_release(struct server *server)
{
	counters_area_release(&server->counters);
	munmap(server->said, sizeof(struct shared)); /* the first field's address */
}

/* How many workers want listening sockets of their own. */
static size_t n_socket_sets(struct settings *set)
{
	int64_t fallback = set->mode->workers < 0 ? ts_host_cores() : set->mode->workers;

	if (set->n_workers == 0)
		set->n_workers = fallback;
	if (set->mode->workers < 0)
		return (size_t)set->n_workers;
	return (size_t)set->n_processes;
}

/* Our own UDP ports are never answered. */
static int set_guard(struct server *server, struct ts_err *err)
{
	const struct listeners *ls = &server->listeners;
	uint64_t key = (uint64_t)server->started_wall_ns ^ (uint64_t)(uintptr_t)server;

	if (guard_init(&server->guard, server->set.reply_rate_per_s, key) < 0)
		return ts_err_set(err, ENOMEM, "out of memory for --reply-rate");
	for (size_t i = 0; i < ls->n; i++)
		if (ls->items[i].endpoint.transport == TS_UDP)
			guard_add_port(&server->guard, (uint16_t)ts_endpoint_port(&ls->items[i].endpoint));
	return 0;
}

/* What could not be had, and what helps. */
static int set_shortage(struct ts_err *err, int error, const char *what, bool is_uring)
{
	const char *advice = "";

	switch (error) {
	case EMFILE: advice = TS_ERR_MORE_FILES; break;
	case ENFILE: advice = "; raise the system's limit of open files (fs.file-max)"; break;
	case EAGAIN:
		advice = "; raise the limit of processes and threads (ulimit -u), or ask for fewer (--workers, "
		         "--processes)";
		break;
	case ENOMEM:
		advice = is_uring ? "; raise the limit of locked memory (ulimit -l), or of memory (ulimit -v)"
		                  : "; raise the limit of memory (ulimit -v), or ask for less (--workers, --buffer)";
		break;
	default: break;
	}
	return ts_err_set(err, error, "%s: %s%s", what, strerror(error), advice);
}

static int serve(struct server *server, struct ts_err *err)
{
	const struct mode *mode = server->set.mode;
	char what[80];
	int rc;

	rc = sandbox_enter(&server->set, &server->listeners, &server->log, err);
	if (rc < 0)
		return rc;
	listeners_set_blocking(&server->listeners, !mode->multiplexes);
	if (server->set.n_processes > 1)
		rc = processes_run(server, (size_t)server->set.n_processes, mode->run);
	else
		rc = mode->run(server);
	if (rc >= 0)
		return 0;
	snprintf(what, sizeof what, "mode %s%s", mode->name, rc == -EAGAIN ? ": no further thread or process" : "");
	return set_shortage(err, -rc, what, strcmp(mode->name, "uring") == 0);
}

/* A datagram does not occupy a worker for longer than its answer takes: more of them than processors are of no use. */
static void fit_workers(struct server *server)
{
	struct settings *set = &server->set;

	if (!set->workers_given && set->mode->workers > 0 && !server->listeners.items[0].stream)
		set->n_workers = ts_host_cores();
}

static int open_and_serve(struct server *server, struct ts_err *err)
{
	int rc = listeners_open(&server->listeners, &server->set, n_socket_sets(&server->set), err);

	if (rc < 0)
		return rc;
	fit_workers(server);
	rc = set_guard(server, err);
	if (rc == 0)
		rc = serve(server, err);
	listeners_close(&server->listeners, !server->is_child); /* the report may need a descriptor */
	if (!server->is_child && rc == 0)
		rc = server_report(server, false, err);
	if (rc == 0 && atomic_load(&server->ready_error))
		rc = ts_err_set(err, server->ready_error, "--ready-fd=%lld: cannot write: %s",
		                (long long)server->set.ready_fd, strerror(server->ready_error));
	guard_release(&server->guard);
	listeners_release(&server->listeners);
	return rc;
}

/* What would fail only later is found before anybody is served. */
static int check_outputs(struct server *server, struct ts_err *err)
{
	const struct settings *set = &server->set;
	int flags = set->ready_fd >= 0 ? fcntl((int)set->ready_fd, F_GETFL) : O_WRONLY;

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		return ts_err_set(err, EBADF, "--ready-fd=%lld: must be a descriptor that is open for writing",
		                  (long long)set->ready_fd);
	server->null_fd = set->ready_fd >= 0 && set->ready_fd <= 2 ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
	return ts_file_check("--stats", set->stats_path, err);
}

int server_run(struct server *server, struct ts_err *err)
{
	int rc;

	server->pid = getpid();
	server->started_ns = ts_clock_mono_ns();
	server->started_wall_ns = ts_clock_wall_ns();
	ts_host_raise_descriptors();
	rc = ts_opt_cpus_pin(&server->set.cpus, err);
	if (rc < 0)
		return rc;
	rc = check_outputs(server, err);
	if (rc < 0)
		return rc;
	rc = stop_init(&server->stop);
	if (rc < 0)
		return set_shortage(err, -rc, "signals", false);
	rc = shared_init(server, err);
	if (rc == 0) {
		roster_init(&server->roster);
		rc = open_and_serve(server, err);
		roster_release(&server->roster);
		shared_release(server);
	}
	stop_release(&server->stop);
	return rc;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double own_cpu_s(void)
{
	struct rusage own;

	getrusage(RUSAGE_SELF, &own);
	return seconds(own.ru_utime) + seconds(own.ru_stime);
}

/* Number 1 or 2 must not become a client's, who would read what is printed there. */
static void end_ready_fd(struct server *server)
{
	if (server->null_fd < 0) {
		close((int)server->set.ready_fd);
		return;
	}
	dup2(server->null_fd, (int)server->set.ready_fd);
	close(server->null_fd);
}

void server_ready(struct server *server)
{
	struct ts_endpoint *endpoints;
	int rc;

	if (server->is_child || atomic_flag_test_and_set(&server->ready_said))
		return;
	server->cpu_until_ready_s = own_cpu_s();
	if (server->set.ready_fd < 0)
		return;
	endpoints = calloc(server->listeners.n, sizeof *endpoints);
	for (size_t i = 0; endpoints && i < server->listeners.n; i++)
		endpoints[i] = server->listeners.items[i].endpoint;
	rc = ts_ready_write((int)server->set.ready_fd, endpoints, endpoints ? server->listeners.n : 0);
	free(endpoints);
	end_ready_fd(server);
	if (rc == 0 || rc == -EPIPE) /* who does not want to know any more need not */
		return;
	atomic_store(&server->ready_error, -rc);
	kill(getpid(), SIGTERM);
}

bool server_become_child(struct server *server)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	bool has_parent = getppid() == server->pid;
	server->pid = getpid();
	server->is_child = true;
	if (server->set.ready_fd >= 0 && !atomic_flag_test_and_set(&server->ready_said))
		end_ready_fd(server);
	return has_parent;
}

/*
 * The sum of the peaks of those who live. At the end, of ourselves and all that processes.h had started; or, in mode
 * fork, whose children are one after the other, of ourselves and the largest: the kernel keeps no more. (Our own
 * ru_maxrss may be that of the shell that started us.)
 */
static void report_memory(const struct server *server, cJSON *root, const struct rusage *children)
{
	int64_t ended = 1024 * (int64_t)children->ru_maxrss;
	struct ts_proc now = {0};

	if (server->processes_peak_rss_bytes > 0)
		ended = server->processes_peak_rss_bytes;
	if (ts_proc_sample(getpid(), &now) == 0)
		ts_json_add_int(root, "peak_rss_bytes", now.peak_rss_bytes + ended);
	else
		ts_json_add_null(root, "peak_rss_bytes");
}

static void report_usage(const struct server *server, cJSON *root)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	ts_json_add_real(root, "cpu_user_s", seconds(self.ru_utime) + seconds(children.ru_utime));
	ts_json_add_real(root, "cpu_system_s", seconds(self.ru_stime) + seconds(children.ru_stime));
	ts_json_add_real(root, "cpu_until_ready_s", server->cpu_until_ready_s);
	report_memory(server, root, &children);
	ts_json_add_int(root, "switches_voluntary_count", self.ru_nvcsw + children.ru_nvcsw);
	ts_json_add_int(root, "switches_involuntary_count", self.ru_nivcsw + children.ru_nivcsw);
}

static int64_t n_workers(const struct settings *set)
{
	return set->n_workers > 0 ? set->n_workers : set->n_processes;
}

int server_report(struct server *server, bool partial, struct ts_err *err)
{
	char text[TS_ENDPOINT_TEXT_MAX];
	cJSON *root, *list, *calls;
	int rc;

	if (!server->set.stats_path || server->is_child)
		return 0;
	root = cJSON_CreateObject();
	ts_json_add_text(root, "schema", "tsbench.server/1");
	ts_json_add_text(root, "mode", server->set.mode->name);
	list = ts_json_add_array(root, "endpoints");
	for (size_t i = 0; i < server->listeners.n; i++)
		ts_json_add_text(list, NULL, ts_endpoint_text(&server->listeners.items[i].endpoint, text, sizeof text));
	ts_json_add_text(root, "started_at", ts_clock_text(server->started_wall_ns, text, sizeof text));
	ts_json_add_real(root, "uptime_s", (double)(ts_clock_mono_ns() - server->started_ns) / (double)TS_S);
	ts_json_add_int(root, "workers_count", n_workers(&server->set));
	counters_report(&server->counters, root);
	calls = cJSON_GetObjectItemCaseSensitive(root, "system_calls");
	if (calls && strcmp(server->set.mode->name, "libev") == 0) { /* it makes these calls out of our sight */
		cJSON_DeleteItemFromObjectCaseSensitive(calls, "control");
		ts_json_add_null(calls, "control");
	}
	report_usage(server, root);
	ts_json_add_bool(root, "partial", partial);
	rc = ts_json_write(server->set.stats_path, root, err);
	cJSON_Delete(root);
	return rc < 0 ? ts_err_prefix(err, rc, "--stats") : 0;
}

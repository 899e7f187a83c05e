#include "processes.h"
#include "ts_clock.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPEAT_NS  (20 * TS_MS)  /* SIGTERM is repeated: a child may have been about to block when it came */
#define RESTART_NS (100 * TS_MS) /* a child that dies at once is not started again at once */

struct process {
	pid_t pid; /* 0: none */
	struct counters *slot;
	int64_t started_ns;
	int64_t peak_rss_bytes; /* the largest of those who had this place */
};

/* The whole life of a child. Its signals are its own: a mode reads them from signal_fd, which is made anew here. */
static int child(struct server *server, size_t index, struct counters *slot, mode_run *serve)
{
	int rc;

	if (!server_become_child(server))
		return 0;
	server->child_index = index;
	server->slot = slot;
	stop_release(&server->stop);
	rc = stop_init(&server->stop);
	if (rc == 0)
		rc = serve(server);
	return rc;
}

/* 0 or -errno in the parent. In the child, what the mode returned, once it has served; server->is_child tells them
 * apart. */
static int start(struct server *server, struct process *p, size_t index, mode_run *serve)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		return child(server, index, p->slot, serve);
	p->pid = pid;
	p->started_ns = ts_clock_mono_ns();
	return 0;
}

/* What a dead child held: its conversations are over, and its places are free. */
static void inherit(struct server *server, struct counters *slot)
{
	count(slot, server_stopping(server) ? COUNT_END_STOP : COUNT_END_ERROR, counters_n_open(slot));
	atomic_fetch_sub(server->n_open, atomic_exchange(&slot->n_places, 0));
}

static void keep_peak(struct process *p, int64_t bytes)
{
	if (bytes > p->peak_rss_bytes)
		p->peak_rss_bytes = bytes;
}

/* Returns how many live on. */
static size_t reap(struct server *server, struct process *processes, size_t n)
{
	struct rusage usage;
	size_t n_alive = 0;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0)
		for (size_t i = 0; i < n; i++)
			if (processes[i].pid == pid) {
				processes[i].pid = 0;
				keep_peak(&processes[i], 1024 * (int64_t)usage.ru_maxrss);
				inherit(server, processes[i].slot);
				if (!server_stopping(server))
					ts_log(&server->log, TS_LOG_WARN,
					       "process %zu ended (status 0x%x): starting another", i,
					       (unsigned)status);
			}
	for (size_t i = 0; i < n; i++)
		n_alive += processes[i].pid != 0;
	return n_alive;
}

static void tell_all(const struct process *processes, size_t n, int signo)
{
	for (size_t i = 0; i < n; i++)
		if (processes[i].pid)
			kill(processes[i].pid, signo);
}

/* 0 in the parent, which goes on whether it worked or not; as start() in a child. */
static int start_missing(struct server *server, struct process *processes, size_t n, mode_run *serve)
{
	int64_t now = ts_clock_mono_ns();

	for (size_t i = 0; i < n; i++) {
		struct process *p = &processes[i];
		int rc;

		if (p->pid || now - p->started_ns < RESTART_NS)
			continue;
		rc = start(server, p, i, serve);
		if (server->is_child)
			return rc;
		if (rc < 0) {
			p->started_ns = now;
			server_note(server, p->slot, ERROR_PROCESS, -rc, "no process in the place of one that ended");
		}
	}
	return 0;
}

static void end_all(struct server *server, struct process *processes, size_t n)
{
	while (reap(server, processes, n) > 0) {
		tell_all(processes, n, stop_is_overdue(server) ? SIGKILL : SIGTERM);
		ts_clock_sleep_until(ts_clock_mono_ns() + REPEAT_NS);
	}
}

static int supervise(struct server *server, struct process *processes, size_t n, mode_run *serve)
{
	struct pollfd fd = {.fd = server->stop.signal_fd, .events = POLLIN};

	while (!server_stopping(server)) {
		bool all = reap(server, processes, n) == n;
		int rc = all ? 0 : start_missing(server, processes, n, serve);

		if (server->is_child)
			return rc;
		poll(&fd, 1, all ? 1000 : (int)(RESTART_NS / TS_MS));
		stop_take_signals(server);
	}
	end_all(server, processes, n);
	return 0;
}

static int start_all(struct server *server, struct process *processes, size_t n, mode_run *serve)
{
	for (size_t i = 0; i < n; i++) {
		int rc = -ENOMEM;

		processes[i].slot = counters_take(&server->counters);
		if (processes[i].slot)
			rc = start(server, &processes[i], i, serve);
		if (rc < 0 || server->is_child)
			return rc;
	}
	return 0;
}

int processes_run(struct server *server, size_t n, mode_run *serve)
{
	struct process *processes = calloc(n, sizeof *processes);
	int rc;

	if (!processes)
		return -ENOMEM;
	rc = start_all(server, processes, n, serve);
	if (!server->is_child && rc == 0) {
		server_ready(server);
		rc = supervise(server, processes, n, serve);
	} else if (!server->is_child) {
		stop_ask(server);
		end_all(server, processes, n);
	}
	for (size_t i = 0; i < n; i++)
		server->processes_peak_rss_bytes += processes[i].peak_rss_bytes;
	free(processes);
	return rc;
}

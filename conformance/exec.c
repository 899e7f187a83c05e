#include "exec.h"
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define STOP_SLACK_NS (700 * TS_MS)
#define SETTLED_NS    (60 * TS_MS)

struct launch *exec_server(struct turn *t)
{
	return t->subject->launch;
}

bool exec_streams(const struct turn *t)
{
	return ts_transport_is_stream(t->subject->endpoint.transport);
}

void exec_forget_clients(struct turn *t)
{
	while (t->n_peers > 0)
		peer_reset(t->peers[t->n_peers - 1]);
}

/* A server that has just begun may still be starting its workers: it is told when it has had time for that. */
bool exec_stops(struct turn *t, int signo, int *status)
{
	turn_pause(SETTLED_NS);
	launch_signal(exec_server(t), signo);
	if (launch_wait(exec_server(t), STOP_WITHIN_NS + STOP_SLACK_NS, status))
		return true;
	snprintf(t->expected, sizeof(t->expected), "the end of the process within 5 s");
	snprintf(t->actual, sizeof(t->actual), "it still runs after %.1f s",
	         (double)(STOP_WITHIN_NS + STOP_SLACK_NS) / 1e9);
	return turn_fail(t, SILENCE, "%s did not stop the server", signo == SIGINT ? "SIGINT" : "SIGTERM");
}

bool exec_was_killed(int status)
{
	return WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGTERM);
}

static bool has_path(const struct turn *t)
{
	const char *path = ts_endpoint_path(&t->subject->endpoint);
	struct stat st;

	return path && stat(path, &st) == 0;
}

bool exec_sees_stop(struct turn *t, struct stop_seen *stop)
{
	struct seen *seen = &t->subject->seen;

	if (t->patience <= 1 && seen->stopped) {
		*stop = seen->stop;
		return true;
	}
	*stop = (struct stop_seen){.listens = true};
	if (!turn_plain(t) || !exec_stops(t, SIGTERM, &stop->status))
		return false;
	for (int i = 0; i < 50 && (i == 0 || stop->listens || stop->n_left > 0); i++) {
		stop->listens = launch_listening(exec_server(t));
		stop->n_left = launch_count(exec_server(t), false);
		if (stop->listens || stop->n_left > 0)
			turn_pause(20 * TS_MS);
	}
	stop->has_path = has_path(t);
	if (!seen->stopped)
		seen->stop = *stop;
	seen->stopped = true;
	return true;
}

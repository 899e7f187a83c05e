#include "exec.h"
#include <signal.h>
#include <stdio.h>

#define STOP_WITHIN_NS (5 * TS_S)
#define STOP_SLACK_NS  (700 * TS_MS)
#define SETTLED_NS     (60 * TS_MS)

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

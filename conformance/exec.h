/* What the cases share that start and stop the server. The runner gives each of them a server just started. */
#ifndef EXEC_H
#define EXEC_H

#include "cases.h"

#define STOP_WITHIN_NS (5 * TS_S)

struct launch *exec_server(struct turn *t);
bool exec_streams(const struct turn *t); /* it serves on a stream, not with datagrams */

/* Signal, and wait for the end. *status: of waitpid(2). False, with a note: it did not end. */
bool exec_stops(struct turn *t, int signo, int *status);

/* By SIGTERM itself, which it does not handle; a shell around it, or a runtime, says so by its status. */
bool exec_was_killed(int status);

/* After a plain conversation, by SIGTERM: what there is to see of that. At the first look one stop
 * is enough for all. */
bool exec_sees_stop(struct turn *t, struct stop_seen *stop);

/* Reset all clients: with a reset from the client's side the kernel forgets at once that the server ended first, and
 * its port is free again. */
void exec_forget_clients(struct turn *t);

#endif

/*
 * Several processes that each serve by themselves: the parent starts them, starts a new one in the place of one that
 * died, passes the stop on, and waits until all are gone. What prefork is, and --processes for the event loops.
 */
#ifndef PROCESSES_H
#define PROCESSES_H

#include "server.h"

/*
 * Run `serve` in n children; server->child_index says which one it is. Returns in the parent after the stop, with 0 or
 * -errno; and in each child, with what `serve` returned, and server->is_child: so that only main ends a process.
 */
int processes_run(struct server *server, size_t n, mode_run *serve);

#endif

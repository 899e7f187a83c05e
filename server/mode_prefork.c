/*
 * Prefork: so many processes, made in advance, each running the textbook's loop on one and the same listening socket.
 *
 * What is odd about it: the processes share the socket, not a copy of it. All of them block in accept(2), and the
 * kernel wakes one for each caller (it woke all of them, the "thundering herd", before Linux 2.3). A crash costs one
 * conversation, and the parent puts a new process in the place of the dead one. shutdown(2) on the listener would reach
 * all of them through the one socket, so a single process is told to stop by its signal alone. See accept(2), fork(2).
 */
#include "processes.h"
#include "talk.h"

static int serve_one_by_one(struct server *server)
{
	struct worker w;
	int rc = worker_init(&w, server, server->child_index);

	if (rc < 0)
		return rc;
	stop_become_child(server);
	rc = talk_one_by_one(&w);
	worker_release(&w);
	return rc;
}

int mode_prefork(struct server *server)
{
	struct settings *set = &server->set;

	/* A process serves one client, so their number is the limit of clients. */
	if (set->max_clients > 0 && set->max_clients < set->n_workers)
		set->n_workers = set->max_clients;
	return processes_run(server, (size_t)set->n_workers, serve_one_by_one);
}

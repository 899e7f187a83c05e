/*
 * The textbook's loop: accept a caller, talk until the end, take the next. One process, one thread, one client at a
 * time.
 *
 * What is odd about it: nothing, and that is the point. Every call blocks, the program reads from top to bottom, and
 * the kernel does the queueing: callers wait in the listener's backlog, complete with the data they have sent already,
 * and do not know that nobody has accepted them. A client that says nothing keeps all the others waiting. See
 * accept(2), listen(2).
 */
#include "talk.h"

int mode_blocking(struct server *server)
{
	struct worker w;
	int rc = worker_init(&w, server, 0);

	if (rc < 0)
		return rc;
	rc = stop_watch(server);
	if (rc == 0) {
		server_ready(server);
		rc = talk_one_by_one(&w);
	}
	stop_unwatch(server);
	worker_release(&w);
	return rc;
}

/*
 * The textbook's loop with a time-out: a client that is silent too long is given up, and the next one is served.
 *
 * What is odd about it: SO_RCVTIMEO and SO_SNDTIMEO look like a property of the conversation and are one of the call:
 * each recv(2) gets the whole time again. When the time is over the call fails with EAGAIN, the very error that a
 * non-blocking socket gives, though this socket blocks. They are kept by the kernel, so there is no further system call
 * for a message.
 * --idle-timeout says how long (5 s in this mode); in the other modes it does the same, by the same means where they
 * block. See socket(7).
 */
#include "talk.h"

int mode_timeout(struct server *server)
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

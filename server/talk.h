/*
 * One conversation on a blocking socket, from accept(2) to close(2): what the modes share that give a client a thread,
 * a process, or the whole server.
 */
#ifndef TALK_H
#define TALK_H

#include "server.h"

/*
 * Accept the next caller. Blocks. Returns a descriptor (owned), or -ECANCELED when the server stops. Errors that
 * concern one caller are counted and passed over; without descriptors or memory it waits a moment and tries again.
 */
int talk_accept(struct worker *w, int listen_fd);

/* One try, for a listener that does not block: a descriptor (owned), -EAGAIN when nobody is there, -EINTR; or -errno,
 * which has been counted. */
int talk_accept_once(struct worker *w, int listen_fd);

/* Talk until the conversation ends; closes fd. idle_timeout_ns of the settings is kept by the kernel (SO_RCVTIMEO). */
void talk(struct worker *w, int fd);

/*
 * Accept and talk, one client after the other, until the stop; datagrams likewise. The whole of an iterative server.
 * Returns 0 or -errno.
 */
int talk_one_by_one(struct worker *w);

#endif

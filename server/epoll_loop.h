/*
 * The loop of mode_epoll.c, for modes that run several of them.
 */
#ifndef EPOLL_LOOP_H
#define EPOLL_LOOP_H

#include "server.h"

/* Serve until the stop, which shows on stop_fd. epoll_fd is the caller's, new and empty. 0 or -errno. */
int epoll_loop_run(struct worker *w, int epoll_fd, int stop_fd);

#endif

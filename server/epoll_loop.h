/*
 * What modes on epoll(7) share: all but what they ask the kernel to tell. Read mode_epoll.c and mode_epoll_et.c side by
 * side. Errors: 0 or -errno. Threads: one loop each.
 */
#ifndef EPOLL_LOOP_H
#define EPOLL_LOOP_H

#include "loop.h"

struct epoll_manner {
	uint32_t (*events_of)(const struct source *s); /* what to be told of it: EPOLLIN and the like */
	bool edge;                                     /* see struct loop_ops */
};

extern const struct epoll_manner epoll_level; /* mode_epoll.c */

/* A mode of one loop: serve until the stop. */
int epoll_mode_run(struct server *server, const struct epoll_manner *manner);

/* One of several: the stop shows on stop_fd. epoll_fd is the caller's, new and empty. */
int epoll_loop_run(struct worker *w, int epoll_fd, int stop_fd, const struct epoll_manner *manner);

#endif

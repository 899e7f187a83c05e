/*
 * Socket activation: systemd (or anybody) opens the sockets and hands them over from descriptor 3 on.
 * LISTEN_PID must be this process, LISTEN_FDS says how many. Source: sd_listen_fds(3).
 */
#ifndef ACTIVATION_H
#define ACTIVATION_H

#include "ts_endpoint.h"

#define ACTIVATION_FIRST_FD 3

/* How many sockets were handed over to this process; 0: none; -errno with err when that cannot be known. */
int activation_count(struct ts_err *err);

/* What a socket that was handed over is. 0, or -errno with err when it is not a listening socket that we can serve. */
int activation_endpoint(int fd, struct ts_endpoint *ep, struct ts_err *err);

#endif

/*
 * Readiness, after s6: one line for each endpoint, the URI with its real port and a newline, then the descriptor is
 * closed, once the server truly accepts. Source: https://skarnet.org/software/s6/notifywhenup.html
 */
#ifndef TS_READY_H
#define TS_READY_H

#include "ts_endpoint.h"

/* Write the lines; fd is the caller's to close. fd < 0: no-op. Returns 0 or -errno (the peer is gone: not fatal). */
int ts_ready_write(int fd, const struct ts_endpoint *endpoints, size_t n);

/*
 * Read lines from fd until it is closed or timeout_ns passes; at most n_max endpoints. Returns how many, or -errno
 * (-ETIMEDOUT, -EPIPE when it was closed without a line). fd stays the caller's.
 */
int ts_ready_read(int fd, struct ts_endpoint *endpoints, size_t n_max, long long timeout_ns, struct ts_err *err);

#endif

/*
 * The listening sockets: opened from --listen, or handed over by systemd (LISTEN_FDS, sd_listen_fds(3)).
 *
 * An endpoint has one descriptor for each worker that wants its own (SO_REUSEPORT on TCP and UDP: the kernel spreads
 * the callers), or one that all share (UNIX, and sockets that were handed over).
 */
#ifndef LISTENER_H
#define LISTENER_H

#include "options.h"
#include "ts_endpoint.h"

struct listener {
	struct ts_endpoint endpoint; /* with the real port */
	bool stream;
	bool any_address;             /* a UDP socket on all addresses: replies name the address that was asked */
	bool inherited;               /* its UNIX path is not ours to remove */
	struct ts_endpoint_file file; /* our UNIX path: a successor's may stand there when we end */
	int *fds;                     /* owned */
	size_t n_fds;
};

struct listeners {
	struct listener *items; /* owned */
	size_t n;
};

/* Open all. n_sets: descriptors for each endpoint, 1 unless workers want their own. 0 or -errno with err. */
int listeners_open(struct listeners *ls, const struct settings *set, size_t n_sets, struct ts_err *err);

/* The descriptor of an endpoint for the worker with this index. */
int listener_fd(const struct listener *l, size_t worker_index);

/* Make all descriptors non-blocking, for modes that multiplex, or blocking: those handed over may be either. */
void listeners_set_blocking(struct listeners *ls, bool blocking);

/* Close all; `remove`: and take away the UNIX paths (the process that opened them). What they were is still known. */
void listeners_close(struct listeners *ls, bool remove);
void listeners_release(struct listeners *ls);

#endif

/*
 * Starts, watches and stops the server under test (--exec): `sh -c COMMAND` in a session of its own, so that all its
 * processes can be found and ended. Whether it listens is asked of the kernel, never tried: a throw-away connect would
 * use up a server that serves one client.
 */
#ifndef LAUNCH_H
#define LAUNCH_H

#include "ts_endpoint.h"
#include "ts_err.h"
#include "ts_proc.h"
#include <sys/types.h>

struct launch;

/* What there is of a server at one moment. */
struct launch_census {
	struct ts_proc proc;
	int n_processes, n_zombies;
};

/* {uri}, {host}, {port} and {path} in the command are replaced by those of the endpoint. Owned; NULL with err. */
struct launch *launch_new(const char *command, const struct ts_endpoint *endpoint, struct ts_err *err);

/* The command with everything filled in. Owned; NULL: no memory. */
char *launch_fill_in(const char *command, const struct ts_endpoint *endpoint);

/* Where the URI asks for port 0: a port that is free now. 0 or -errno. */
int launch_choose_port(struct ts_endpoint *endpoint, struct ts_err *err);

/* Start it, and wait until it listens: 0, or -errno with err (it ended before, or did not listen within 20 s). */
int launch_start(struct launch *l, struct ts_err *err);

/*
 * End whatever is left of it, by force if need be, and start it again: on another port, where its own is not free and
 * the command has {port} or {uri}. False: it cannot be started; later calls say so at once.
 */
bool launch_again(struct launch *l);
const struct ts_endpoint *launch_endpoint(const struct launch *l);          /* where it listens now */
void launch_found_at(struct launch *l, const struct ts_endpoint *endpoint); /* of its host, it has taken this address */
const char *launch_why(const struct launch *l);                             /* it cannot be started; "" */

/* Does the kernel remember conversations on the port that the server ended first (TIME_WAIT)? */
bool launch_remembered(const struct launch *l);

/* Send a signal to the server itself: the command, or the child of what waits for it (sh -c, go run, flock, time). */
void launch_signal(struct launch *l, int signo);

/*
 * Wait for the command to end: true within wait_ns. *status is that of waitpid(2), or LAUNCH_UNKNOWN: a server that has
 * left for the background tells nobody.
 */
#define LAUNCH_UNKNOWN (-1)
bool launch_wait(struct launch *l, int64_t wait_ns, int *status);

/* End all of its processes, politely first. */
void launch_stop(struct launch *l);

/* Is anybody listening on the endpoint? Asked of the kernel. */
bool launch_listening(const struct launch *l);

/* A second server with the same command: its wait status; LAUNCH_RUNS_ON: it still ran after wait_ns, and is ended. */
#define LAUNCH_RUNS_ON (-2)
int launch_second(struct launch *l, int64_t wait_ns);

int64_t launch_ready_ns(const struct launch *l);        /* from start to listening */
pid_t launch_pid(const struct launch *l);               /* of the server itself */
int launch_count(const struct launch *l, bool zombies); /* its processes, or its zombies */
int launch_sample(const struct launch *l, struct ts_proc *out);
int launch_take_census(const struct launch *l, struct launch_census *out);

/* From now on it may have at most n descriptors open. 0 or -errno. */
int launch_limit_descriptors(const struct launch *l, int64_t n);

/* The last lines that it printed (of its standard error, where it wrote to that), in one line; returns buf. */
const char *launch_said(const struct launch *l, char *buf, size_t size);

/*
 * Has it ended, all of it, without having been told to? Then a sentence is in buf, such as "the server ended by itself
 * with status 1: TypeError: ..."; buf may be NULL, with size 0. NULL (no --exec): no. Any thread may ask while none
 * starts or stops it.
 */
bool launch_ended(const struct launch *l, char *buf, size_t size);

void launch_free(struct launch *l); /* stops it, too */

#endif

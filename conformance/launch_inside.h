/* What the files of the server under test (launch.h) share, and nobody else needs. */
#ifndef LAUNCH_INSIDE_H
#define LAUNCH_INSIDE_H

#include "launch.h"

struct launch {
	struct ts_endpoint endpoint;
	char *pattern; /* the command as the user gave it */
	char *command; /* with everything filled in */
	bool stuck;    /* it could not be started again, */
	char why[300]; /* and why */
	int n_starts;
	int n_waits; /* for a port that the kernel remembered */
	int n_deaf;  /* times that it was asked to stop, and did not */
	pid_t pid;   /* of sh, or of the server that it left in the background; 0: not running */
	pid_t ended; /* launch_wait has seen the end of this one, */
	int status;  /* with this status */
	pid_t session;
	char mark[32];  /* in the environment of all its processes, new at each start: MARK and a number */
	bool leaves;    /* the command ends at once, and leaves its server in the background */
	bool told;      /* it was sent a signal: its end is not its own doing */
	int said_fd;    /* where it prints, */
	int wrong_fd;   /* and its standard error */
	int key_fds[2]; /* a pipe, its standard input: as at a terminal where no key is pressed; some end at end of file
	                 */
	int64_t ready_ns;
};

#define LAUNCH_MARK "TSCONFORM_SERVER"

/* The first process that has the mark, or 0. Each gets the signal, if not 0. For servers that have
 * left their session. */
pid_t launch_marked(const struct launch *l, int signo);

/* Walk the processes of the session: count them (or its zombies), and send them a signal, if not 0. */
int launch_session(const struct launch *l, bool zombies, int signo);

/* Is it there, and more than a zombie? For processes that are not our children: init may be long in reaping them. */
bool launch_runs(pid_t pid);

/* Of a pipeline the shell tells the status of its last command: that is not the server's. */
bool launch_tells_status(const struct launch *l);

/* How it ended, by a status of waitpid(2) or LAUNCH_UNKNOWN: " with status 1", " by signal 9 (Killed)", or "". Returns
 * buf. */
const char *launch_how(const struct launch *l, int status, char *buf, size_t size);

/* The TCP port on which the server itself listens, whichever that is; 0: on none. */
int launch_elsewhere(const struct launch *l);

/* Make the kernel forget the conversations that the server ended first, where it lets us. Nobody may listen. */
void launch_forget(const struct launch *l);

#endif

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
	int n_waits;   /* for a port that the kernel remembered */
	pid_t pid;     /* of sh, leader of its session; 0: not running */
	int said_fd;   /* where it prints */
	int64_t ready_ns;
};

/* Walk the processes of the session: count them (or its zombies), and send them a signal, if not 0. */
int launch_session(const struct launch *l, bool zombies, int signo);

#endif

/*
 * bounded COMMAND [ARGUMENT]...: runs a command in this process's place, bounded: it gets SIGTERM when its parent dies,
 * and SIGALRM after ten minutes (both settings outlive execve(2)). So a test server in any language needs no code for
 * that.
 */
#include "peer.h"

int main(int argc, char **argv)
{
	if (argc < 2)
		peer_die(2, "usage: bounded COMMAND [ARGUMENT]...");
	peer_bound_life();
	execvp(argv[1], argv + 1);
	peer_die(3, "%s: %s", argv[1], strerror(errno));
}

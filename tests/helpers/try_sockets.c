/*
 * Stands for foreign code in a server that serves: a library for LD_PRELOAD. At its exit the process tries to make a
 * socket, by socket(2) and by a ring of io_uring(7), and says on standard error how that went.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void say(const char *what, long result)
{
	dprintf(2, "%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "made");
}

__attribute__((destructor)) static void try_all(void)
{
	char parameters[256] = {0};

	say("socket", socket(AF_INET, SOCK_STREAM, 0));
	say("ring", syscall(SYS_io_uring_setup, 1, parameters));
}

/* A server that does not listen where it should: does it listen elsewhere? */
#include "launch_inside.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST    64
#define LISTENS 0x0a /* in /proc/net/tcp */

/* The inodes of a process's sockets: at most so many; returns their number. */
static int sockets_of(pid_t pid, unsigned long *inodes, int most)
{
	char path[300], target[64];
	const struct dirent *entry;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *fds = opendir(path);
	while (fds && n < most && (entry = readdir(fds))) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%.20s", (int)pid, entry->d_name);
		ssize_t length = readlink(path, target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = '\0';
		if (strncmp(target, "socket:[", 8) == 0)
			inodes[n++] = strtoul(target + 8, NULL, 10);
	}
	if (fds)
		closedir(fds);
	return n;
}

/* The port of the first of these sockets that listens; 0: none does. */
static int listening_port(const char *table, const unsigned long *inodes, int n)
{
	FILE *f = fopen(table, "re");
	char line[256], port_text[8], state_text[4], inode_text[24];
	int port = 0;

	while (f && port == 0 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %*[0-9]: %*[0-9A-F]:%7[0-9A-F] %*s %3[0-9A-F] %*s %*s %*s %*s %*s %23s", port_text,
		           state_text, inode_text) != 3 ||
		    strtol(state_text, NULL, 16) != LISTENS)
			continue;
		for (int i = 0; i < n && port == 0; i++)
			if (inodes[i] == strtoul(inode_text, NULL, 10))
				port = (int)strtol(port_text, NULL, 16);
	}
	if (f)
		fclose(f);
	return port;
}

int launch_elsewhere(const struct launch *l)
{
	unsigned long inodes[MOST];
	int n = l->endpoint.transport == TS_TCP ? sockets_of(launch_pid(l), inodes, MOST) : 0;
	int port = n > 0 ? listening_port("/proc/net/tcp", inodes, n) : 0;

	return port == 0 && n > 0 ? listening_port("/proc/net/tcp6", inodes, n) : port;
}

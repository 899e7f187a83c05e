/* Looks at the server under test through /proc: who listens, how many processes there are, what they use. */
#include "launch_inside.h"
#include "socket_table.h"
#include "ts_clock.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A server may have bound the path as seen from its own folder, or through a link: `bound` is how it wrote it. */
static bool is_same_path(const char *bound, const char *path)
{
	char real[PATH_MAX], other[PATH_MAX];

	if (strcmp(bound, path) == 0)
		return true;
	if (path[0] == '@' || bound[0] == '@' || !realpath(path, real))
		return false;
	if (bound[0] == '/')
		return realpath(bound, other) && strcmp(real, other) == 0;
	while (strncmp(bound, "./", 2) == 0 || strncmp(bound, "../", 3) == 0)
		bound = strchr(bound, '/') + 1;
	size_t n = strlen(bound), n_real = strlen(real);
	return n > 0 && n_real > n && real[n_real - n - 1] == '/' && strcmp(real + n_real - n, bound) == 0;
}

/* Lines of /proc/net/unix: "Num RefCount Protocol Flags Type St Inode Path"; flag 0x10000 is a listening socket. */
static bool in_unix_table(const char *path, bool stream)
{
	FILE *f = fopen("/proc/net/unix", "re");
	char line[512], name[256];
	unsigned flags;
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*[^:]: %*x %*x %x %*x %*x %*u %255[^\n]", &flags, name) == 2)
			found = (!stream || flags & 0x10000) && is_same_path(name, path);
	if (f)
		fclose(f);
	return found;
}

#define SETTLED_NS (100 * TS_MS)

/*
 * A socket that got its path by rename(2), or in another namespace, stands under another name in the table, or not at
 * all. connect(2) with a type that no server has tells whether one is there, and uses up no conversation. A path that
 * is new may be bound and not listened on yet.
 */
static bool is_there_unnamed(const struct ts_endpoint *ep)
{
	const char *path = ts_endpoint_path(ep);
	struct stat st;

	if (!path || stat(path, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    ts_clock_wall_ns() - (st.st_ctim.tv_sec * TS_S + st.st_ctim.tv_nsec) < SETTLED_NS)
		return false;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused =
	        fd < 0 || (connect(fd, (const struct sockaddr *)&ep->addr, ep->addr_len) < 0 && errno != EPROTOTYPE);
	if (fd >= 0)
		close(fd);
	return !refused;
}

bool launch_listening(const struct launch *l)
{
	bool stream = ts_transport_is_stream(l->endpoint.transport);
	char text[TS_ENDPOINT_TEXT_MAX];
	const char *path;

	if (l->endpoint.addr.ss_family == AF_UNIX) {
		ts_endpoint_text(&l->endpoint, text, sizeof(text));
		path = strchr(text, ':') + 1;
		return in_unix_table(path, stream) || (!in_unix_table(path, false) && is_there_unnamed(&l->endpoint));
	}
	int port = ts_endpoint_port(&l->endpoint);
	return stream ? socket_table_has_tcp(port, SOCKET_LISTENS) : socket_table_has_udp(port);
}

bool launch_remembered(const struct launch *l)
{
	int port = l->endpoint.transport == TS_TCP ? ts_endpoint_port(&l->endpoint) : 0;

	return port && socket_table_has_tcp(port, SOCKET_REMEMBERED);
}

/* What proc(5) says of a process; its session is 0 when it is gone. One whose first thread alone has ended is there. */
struct look {
	char state;
	int parent, session;
};

static struct look look_at(const char *pid)
{
	struct look seen = {0};
	char path[300], line[512];
	int n_threads = 0;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	FILE *f = fopen(path, "re");
	const char *close = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	if (f)
		fclose(f);
	if (!close || sscanf(close + 1, " %c %d %*d %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %d",
	                     &seen.state, &seen.parent, &seen.session, &n_threads) != 4)
		return (struct look){0};
	if (seen.state == 'Z' && n_threads > 1)
		seen.state = 'S';
	return seen;
}

bool launch_runs(pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	struct look seen = look_at(text);
	return seen.state && seen.state != 'Z';
}

static bool is_of_session(const struct launch *l, const char *pid)
{
	struct look seen = look_at(pid);

	return seen.state && seen.state != 'Z' && seen.session == l->session;
}

static bool is_marked(const struct launch *l, const char *pid)
{
	char path[300], text[32768];

	snprintf(path, sizeof(path), "/proc/%s/environ", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : 0;
	if (fd >= 0)
		close(fd);
	return n > 0 && memmem(text, (size_t)n, l->mark, strlen(l->mark) + 1) != NULL; /* with its NUL */
}

/* A process that made itself a session of its own is known by its mark. */
static bool is_of_server(const struct launch *l, const char *pid)
{
	return is_of_session(l, pid) || is_marked(l, pid);
}

/*
 * Its parent tells whose it is, for a zombie has lost its mark. One that is left to init (its parent has ended, as
 * after a double fork) is for init to reap.
 */
static bool is_zombie(const struct launch *l, const char *pid)
{
	struct look seen = look_at(pid);
	char parent[16];

	if (seen.state != 'Z')
		return false;
	snprintf(parent, sizeof(parent), "%d", seen.parent);
	return is_of_server(l, parent);
}

/* All processes that are ours: how many, and the first of them, or 0. Each gets the signal, if not 0. */
static int walk(const struct launch *l, bool (*is_ours)(const struct launch *l, const char *pid), int signo,
                pid_t *first)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int n = 0;

	*first = 0;
	while (dir && (entry = readdir(dir)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) || !is_ours(l, entry->d_name))
			continue;
		pid_t pid = (pid_t)atoi(entry->d_name);
		if (n++ == 0 || pid < *first)
			*first = pid;
		if (signo)
			kill(pid, signo);
	}
	if (dir)
		closedir(dir);
	return n;
}

int launch_session(const struct launch *l, bool zombies, int signo)
{
	pid_t first;

	return walk(l, zombies ? is_zombie : is_of_session, signo, &first);
}

pid_t launch_marked(const struct launch *l, int signo)
{
	pid_t first;

	walk(l, is_marked, signo, &first);
	return first;
}

int launch_count(const struct launch *l, bool zombies)
{
	pid_t first;

	return l->pid ? walk(l, zombies ? is_zombie : is_of_server, 0, &first) : 0;
}

/* Of a thread's children the one that was started first: of a pipeline the server, whose output the others read. */
static pid_t first_child_of(pid_t process, const char *thread)
{
	char path[80], line[256];
	long first = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/children", (int)process, thread);
	FILE *f = fopen(path, "re");
	int n = f && fgets(line, sizeof(line), f) ? sscanf(line, "%ld", &first) : 0;
	if (f)
		fclose(f);
	return n == 1 ? (pid_t)first : 0;
}

/* Any of its threads may have started it. */
static pid_t first_child(pid_t parent)
{
	char path[64];
	pid_t child = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)parent);
	DIR *tasks = opendir(path);
	for (struct dirent *e; tasks && !child && (e = readdir(tasks));)
		child = e->d_name[0] == '.' ? 0 : first_child_of(parent, e->d_name);
	if (tasks)
		closedir(tasks);
	return child;
}

/*
 * What is put before a server's command, waits for it, and does not hand signals on. Most shells replace themselves by
 * a simple command; one that waits for its child is still called "sh -c". A script is not among them: it is what was
 * written to be the server, and must see to its children.
 */
static const struct wrapper {
	const char *name, *argument; /* argument: its first; NULL: any */
	bool traps;                  /* what it runs may be a trap for the signal */
} wrappers[] = {
        {"sh", "-c", true},   {"dash", "-c", true},   {"bash", "-c", true},  {"ash", "-c", true},
        {"go", "run", false}, {"flock", NULL, false}, {"time", NULL, false},
};

#define WRAPPERS_MAX 4 /* around one another */

/* proc(5): has it a handler for SIGTERM? A shell with a trap for it sees to its children by itself. */
static bool handles_term(pid_t pid)
{
	char path[64], line[128];
	unsigned long long caught = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "SigCgt:", 7) == 0)
			caught = strtoull(line + 7, NULL, 16);
	if (f)
		fclose(f);
	return caught >> (SIGTERM - 1) & 1;
}

static bool is_called(const struct wrapper *w, const char *name)
{
	return strcmp(name, w->name) == 0 && (!w->argument || strcmp(name + strlen(name) + 1, w->argument) == 0);
}

static bool is_wrapper(pid_t pid)
{
	char path[64], cmdline[64] = "";
	bool known = false;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, cmdline, sizeof(cmdline) - 8) : 0; /* what was not read stays NUL */
	if (fd >= 0)
		close(fd);
	const char *slash = strrchr(cmdline, '/'), *name = slash ? slash + 1 : cmdline;
	for (const struct wrapper *w = wrappers; w < wrappers + sizeof(wrappers) / sizeof(*w); w++)
		known |= is_called(w, name) && !(w->traps && handles_term(pid));
	return n > 0 && known;
}

pid_t launch_pid(const struct launch *l)
{
	pid_t pid = l->pid, child;

	for (int i = 0; i < WRAPPERS_MAX && is_wrapper(pid) && (child = first_child(pid)) != 0; i++)
		pid = child;
	return pid;
}

int launch_sample(const struct launch *l, struct ts_proc *out)
{
	return ts_proc_sample(l->pid, out);
}

int launch_take_census(const struct launch *l, struct launch_census *out)
{
	out->n_processes = launch_count(l, false);
	out->n_zombies = launch_count(l, true);
	return launch_sample(l, &out->proc);
}

int launch_limit_descriptors(const struct launch *l, int64_t n)
{
	struct rlimit limit = {.rlim_cur = (rlim_t)n, .rlim_max = (rlim_t)n};

	return prlimit(launch_pid(l), RLIMIT_NOFILE, &limit, NULL) == 0 ? 0 : -errno;
}

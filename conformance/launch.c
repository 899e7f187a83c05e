#include "launch.h"
#include "ts_clock.h"
#include "ts_signal.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_WITHIN_NS (20 * TS_S)
#define STEP_NS         (4 * TS_MS)  /* between two looks: at first, */
#define LONG_STEP_NS    (25 * TS_MS) /* and after a while */

struct launch {
	struct ts_endpoint endpoint;
	char *pattern; /* the command as the user gave it */
	char *command; /* with everything filled in */
	bool stuck;    /* it could not be started again */
	pid_t pid;     /* of sh, leader of its session; 0: not running */
	int said_fd;   /* where it prints */
	int64_t ready_ns;
};

/* --- the command ----------------------------------------------------------------------------------------- */

static const char *value_of(const struct ts_endpoint *ep, const char *name, size_t n, char *buf, size_t size)
{
	const struct sockaddr_in *v4 = (const void *)&ep->addr;
	const struct sockaddr_in6 *v6 = (const void *)&ep->addr;
	bool is_unix = ep->addr.ss_family == AF_UNIX;

	ts_endpoint_text(ep, buf, size);
	if (strncmp(name, "uri", n) == 0)
		return buf;
	if (strncmp(name, "path", n) == 0 && is_unix)
		return strchr(buf, ':') + 1;
	if (strncmp(name, "port", n) == 0 && !is_unix) {
		snprintf(buf, size, "%d", ts_endpoint_port(ep));
		return buf;
	}
	if (strncmp(name, "host", n) == 0 && !is_unix)
		return inet_ntop(ep->addr.ss_family,
		                 ep->addr.ss_family == AF_INET6 ? (const void *)&v6->sin6_addr
		                                                : (const void *)&v4->sin_addr,
		                 buf, (socklen_t)size);
	return NULL;
}

char *launch_fill_in(const char *command, const struct ts_endpoint *ep)
{
	char *out = NULL, buf[TS_ENDPOINT_TEXT_MAX];
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);

	for (const char *c = command; f && *c; c++) {
		const char *close = *c == '{' ? strchr(c, '}') : NULL;
		size_t n_name = close ? (size_t)(close - c - 1) : 0;
		const char *value = n_name >= 3 && n_name <= 4 ? value_of(ep, c + 1, n_name, buf, sizeof(buf)) : NULL;
		if (value) {
			fputs(value, f);
			c = close;
		} else {
			fputc(*c, f);
		}
	}
	if (f)
		fclose(f);
	return out;
}

struct launch *launch_new(const char *command, const struct ts_endpoint *endpoint, struct ts_err *err)
{
	struct launch *l = calloc(1, sizeof(*l));

	if (l) {
		l->endpoint = *endpoint;
		l->pattern = strdup(command);
		l->command = launch_fill_in(command, endpoint);
		l->said_fd = memfd_create("tsconform-server", MFD_CLOEXEC);
	}
	if (!l || !l->command || !l->pattern) {
		ts_err_set(err, ENOMEM, "out of memory");
		free(l);
		return NULL;
	}
	return l;
}

static pid_t spawn(struct launch *l)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	int null_fd = open("/dev/null", O_RDWR);
	setsid();
	dup2(null_fd, 0);
	dup2(l->said_fd >= 0 ? l->said_fd : null_fd, 1);
	dup2(l->said_fd >= 0 ? l->said_fd : null_fd, 2);
	closefrom(3);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	execl("/bin/sh", "sh", "-c", l->command, (char *)NULL);
	_exit(127);
}

/* --- who listens ----------------------------------------------------------------------------------------- */

/* Lines of /proc/net/tcp: "sl local_address rem_address st ...", addresses in hexadecimal, 0A is LISTEN. */
static bool in_inet_table(const char *path, int port, bool stream)
{
	FILE *f = fopen(path, "re");
	char line[512];
	bool found = false;
	unsigned local_port, remote_port, state;

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%x %x", &local_port, &remote_port, &state) == 3)
			found = (int)local_port == port && (stream ? state == 0x0A : remote_port == 0);
	if (f)
		fclose(f);
	return found;
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
			found = strcmp(name, path) == 0 && (!stream || flags & 0x10000);
	if (f)
		fclose(f);
	return found;
}

bool launch_listening(const struct launch *l)
{
	bool stream = ts_transport_is_stream(l->endpoint.transport);
	char text[TS_ENDPOINT_TEXT_MAX];

	if (l->endpoint.addr.ss_family == AF_UNIX) {
		ts_endpoint_text(&l->endpoint, text, sizeof(text));
		return in_unix_table(strchr(text, ':') + 1, stream);
	}
	int port = ts_endpoint_port(&l->endpoint);
	return in_inet_table(stream ? "/proc/net/tcp" : "/proc/net/udp", port, stream) ||
	       in_inet_table(stream ? "/proc/net/tcp6" : "/proc/net/udp6", port, stream);
}

int launch_choose_port(struct ts_endpoint *endpoint, struct ts_err *err)
{
	int fd = socket(endpoint->addr.ss_family,
	                ts_transport_is_stream(endpoint->transport) ? SOCK_STREAM : SOCK_DGRAM, 0);
	socklen_t n = sizeof(endpoint->addr);
	int result = 0;

	if (fd < 0 || bind(fd, (struct sockaddr *)&endpoint->addr, endpoint->addr_len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&endpoint->addr, &n) < 0)
		result = ts_err_set(err, errno, "cannot find a free port: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return result;
}

/* --- start and stop -------------------------------------------------------------------------------------- */

static bool reap(pid_t pid, int64_t wait_ns, int *status)
{
	int64_t deadline = ts_clock_mono_ns() + wait_ns;
	int ignored;

	for (;;) {
		pid_t got = waitpid(pid, status ? status : &ignored, WNOHANG);
		if (got == pid || (got < 0 && errno == ECHILD))
			return true;
		if (ts_clock_mono_ns() >= deadline)
			return false;
		ts_clock_sleep_until(ts_clock_mono_ns() + STEP_NS);
	}
}

bool launch_wait(struct launch *l, int64_t wait_ns, int *status)
{
	if (l->pid == 0)
		return true;
	return reap(l->pid, wait_ns, status);
}

/* Walk the processes of the session: count them, and kill them if asked to. */
static int session(const struct launch *l, bool zombies, int signo)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir)) != NULL) {
		char path[300], line[512], state;
		int sid;
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		FILE *f = fopen(path, "re");
		const char *close = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
		if (f)
			fclose(f);
		if (!close || sscanf(close + 1, " %c %*d %*d %d", &state, &sid) != 2 || sid != l->pid)
			continue;
		if ((state == 'Z') != zombies)
			continue;
		n++;
		if (signo)
			kill((pid_t)atoi(entry->d_name), signo);
	}
	if (dir)
		closedir(dir);
	return n;
}

int launch_count(const struct launch *l, bool zombies)
{
	return l->pid ? session(l, zombies, 0) : 0;
}

void launch_stop(struct launch *l)
{
	if (l->pid == 0)
		return;
	pid_t server = launch_pid(l);
	if (kill(server, SIGTERM) == 0 && !reap(l->pid, TS_S, NULL)) {
		session(l, false, SIGKILL);
		reap(l->pid, 5 * TS_S, NULL);
	}
	session(l, false, SIGKILL);
	reap(l->pid, TS_S, NULL);
	l->pid = 0;
}

int launch_start(struct launch *l, struct ts_err *err)
{
	int64_t begin_ns = ts_clock_mono_ns();
	char uri[TS_ENDPOINT_TEXT_MAX], said[200];
	int status = 0;

	ts_endpoint_text(&l->endpoint, uri, sizeof(uri));
	if (launch_listening(l))
		return ts_err_set(err, EADDRINUSE,
		                  "something listens on %s already: stop it, or choose another endpoint", uri);
	if (l->said_fd >= 0 && ftruncate(l->said_fd, 0) == 0)
		lseek(l->said_fd, 0, SEEK_SET);
	l->pid = spawn(l);
	if (l->pid < 0) {
		l->pid = 0;
		return ts_err_set(err, errno, "cannot start the server: %s", strerror(errno));
	}
	while (!launch_listening(l)) {
		if (reap(l->pid, 0, &status)) {
			session(l, false, SIGKILL);
			l->pid = 0;
			return ts_err_set(err, ESRCH, "the server ended before it listened on %s: %s", uri,
			                  launch_said(l, said, sizeof(said)));
		}
		if (ts_clock_mono_ns() - begin_ns > READY_WITHIN_NS) {
			launch_stop(l);
			return ts_err_set(err, ETIMEDOUT, "the server did not listen on %s within %.0f s: %s", uri,
			                  (double)READY_WITHIN_NS / 1e9, launch_said(l, said, sizeof(said)));
		}
		if (ts_signal_stop()) {
			launch_stop(l);
			return ts_err_set(err, EINTR, "stopped while the server was starting");
		}
		int64_t waited_ns = ts_clock_mono_ns() - begin_ns;
		ts_clock_sleep_until(ts_clock_mono_ns() + (waited_ns < 200 * TS_MS ? STEP_NS : LONG_STEP_NS));
	}
	l->ready_ns = ts_clock_mono_ns() - begin_ns;
	return 0;
}

static void remove_path(const struct launch *l)
{
	const struct sockaddr_un *un = (const void *)&l->endpoint.addr;

	if (l->endpoint.addr.ss_family == AF_UNIX && un->sun_path[0])
		unlink(un->sun_path);
}

static bool move_to_free_port(struct launch *l)
{
	struct ts_endpoint other = l->endpoint;
	struct sockaddr_in *in = (void *)&other.addr; /* the port stands at the same place in both families */

	if (other.addr.ss_family == AF_UNIX || (!strstr(l->pattern, "{port}") && !strstr(l->pattern, "{uri}")))
		return false;
	in->sin_port = 0;
	if (launch_choose_port(&other, NULL) < 0)
		return false;
	char *command = launch_fill_in(l->pattern, &other);
	if (!command)
		return false;
	free(l->command);
	l->command = command;
	l->endpoint = other;
	return true;
}

/*
 * A server that does not set SO_REUSEADDR cannot have its port again while the kernel remembers conversations that it
 * ended first, for a minute. If the command takes the port from us it gets another one; if not, it may be that it
 * cannot be started again: that is then remembered.
 */
bool launch_again(struct launch *l)
{
	bool ok = false;

	launch_stop(l);
	for (int i = 0; i < 10 && !ok && !l->stuck && !ts_signal_stop(); i++) {
		remove_path(l);
		if (i > 1)
			move_to_free_port(l);
		ok = launch_start(l, NULL) == 0;
		if (!ok)
			ts_clock_sleep_until(ts_clock_mono_ns() + 150 * TS_MS);
	}
	l->stuck = !ok;
	return ok;
}

const struct ts_endpoint *launch_endpoint(const struct launch *l)
{
	return &l->endpoint;
}

static pid_t only_child(pid_t parent)
{
	char path[64], line[256];
	long first = 0, other = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
	FILE *f = fopen(path, "re");
	int n = f && fgets(line, sizeof(line), f) ? sscanf(line, "%ld %ld", &first, &other) : 0;
	if (f)
		fclose(f);
	return n == 1 ? (pid_t)first : 0;
}

/* Most shells replace themselves by a simple command; one that waits for its child is still called "sh -c". */
pid_t launch_pid(const struct launch *l)
{
	char path[64], cmdline[16] = "";

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)l->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, cmdline, sizeof(cmdline)) : 0;
	if (fd >= 0)
		close(fd);
	if (n < 5 || memcmp(cmdline, "sh\0-c", 6) != 0)
		return l->pid;
	pid_t child = only_child(l->pid);
	return child ? child : l->pid;
}

void launch_signal(struct launch *l, int signo)
{
	if (l->pid)
		kill(launch_pid(l), signo);
}

int launch_second(struct launch *l, int64_t wait_ns)
{
	struct launch other = *l;
	int status = -1;

	other.said_fd = -1;
	other.pid = spawn(&other);
	if (other.pid > 0 && !reap(other.pid, wait_ns, &status)) {
		launch_stop(&other);
		return -1;
	}
	return status;
}

int64_t launch_ready_ns(const struct launch *l)
{
	return l->ready_ns;
}

int launch_sample(const struct launch *l, struct ts_proc *out)
{
	return ts_proc_sample(l->pid, out);
}

int launch_limit_descriptors(const struct launch *l, int64_t n)
{
	struct rlimit limit = {.rlim_cur = (rlim_t)n, .rlim_max = (rlim_t)n};

	return prlimit(launch_pid(l), RLIMIT_NOFILE, &limit, NULL) == 0 ? 0 : -errno;
}

const char *launch_said(const struct launch *l, char *buf, size_t size)
{
	off_t end = l->said_fd >= 0 ? lseek(l->said_fd, 0, SEEK_END) : 0;
	off_t from = end > (off_t)size - 1 ? end - (off_t)size + 1 : 0;
	ssize_t n = end > 0 ? pread(l->said_fd, buf, size - 1, from) : 0;

	if (n <= 0)
		return snprintf(buf, size, "it printed nothing"), buf;
	buf[n] = '\0';
	while (n > 0 && isspace((unsigned char)buf[n - 1]))
		buf[--n] = '\0';
	for (char *c = buf; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = ' ';
	return buf;
}

void launch_free(struct launch *l)
{
	if (!l)
		return;
	launch_stop(l);
	if (l->said_fd >= 0)
		close(l->said_fd);
	free(l->command);
	free(l->pattern);
	free(l);
}

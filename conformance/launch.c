#include "launch_inside.h"
#include "ts_clock.h"
#include "ts_signal.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEAF         2           /* times that a server is asked in vain to stop, before it is killed sooner */
#define START_NS     (20 * TS_S) /* and then it is given up */
#define ELSEWHERE_NS TS_S
#define LINGER_NS    (500 * TS_MS)
#define STEP_NS      (4 * TS_MS)  /* between two looks: at first, */
#define BETWEEN_NS   (20 * TS_MS) /* for a process to end that has left another one */
#define FOLLOW_NS    (30 * TS_MS) /* for a command to end that leaves its server in the background */
#define LOOKS        3
#define LONG_STEP_NS (25 * TS_MS) /* and after a while */

struct launch *launch_new(const char *command, const struct ts_endpoint *endpoint, struct ts_err *err)
{
	struct launch *l = calloc(1, sizeof(*l));

	if (l) {
		l->endpoint = *endpoint;
		l->pattern = strdup(command);
		l->command = launch_fill_in(command, endpoint);
		l->said_fd = memfd_create("tsconform-server", MFD_CLOEXEC);
		l->wrong_fd = memfd_create("tsconform-server-error", MFD_CLOEXEC);
		if (pipe2(l->key_fds, O_CLOEXEC) < 0)
			l->key_fds[0] = l->key_fds[1] = -1;
	}
	if (!l || !l->command || !l->pattern) {
		ts_err_set(err, ENOMEM, "out of memory");
		free(l);
		return NULL;
	}
	return l;
}

/* `l` may be a copy, for a second server: the number counts the starts of both. */
static pid_t spawn(struct launch *l, int number)
{
	snprintf(l->mark, sizeof(l->mark), "%s=%d.%d", LAUNCH_MARK, (int)getpid(), number);
	pid_t pid = fork();

	l->session = pid;
	if (pid != 0)
		return pid;
	putenv(l->mark);
	int null_fd = open("/dev/null", O_RDWR);
	setsid();
	dup2(l->key_fds[0] >= 0 ? l->key_fds[0] : null_fd, 0);
	dup2(l->said_fd >= 0 ? l->said_fd : null_fd, 1);
	dup2(l->wrong_fd >= 0 ? l->wrong_fd : null_fd, 2);
	closefrom(3);
	ts_signal_uninstall();
	execl("/bin/sh", "sh", "-c", l->command, (char *)NULL);
	_exit(127);
}

static bool reap(pid_t pid, int64_t wait_ns, int *status)
{
	int64_t deadline = ts_clock_mono_ns() + wait_ns;
	int ignored;

	for (;;) {
		pid_t got = waitpid(pid, status ? status : &ignored, WNOHANG);
		if (got == pid)
			return true;
		if (got < 0 && errno == ECHILD && !launch_runs(pid)) { /* no child: it left */
			*(status ? status : &ignored) = LAUNCH_UNKNOWN;
			return true;
		}
		if (ts_clock_mono_ns() >= deadline)
			return false;
		ts_clock_sleep_until(ts_clock_mono_ns() + STEP_NS);
	}
}

bool launch_wait(struct launch *l, int64_t wait_ns, int *status)
{
	if (l->pid == 0)
		l->status = LAUNCH_UNKNOWN;
	else if (l->ended != l->pid && !reap(l->pid, wait_ns, &l->status))
		return false;
	l->ended = l->pid;
	*status = l->status;
	return true;
}

/*
 * The command of a server that leaves for the background has ended, or is about to: look after the one that it left.
 * That may be a process in between, which ends, too.
 */
static void follow(struct launch *l, int64_t wait_ns)
{
	pid_t left = reap(l->pid, wait_ns, NULL) ? launch_marked(l, 0) : 0;

	for (int i = 0; left != 0 && i < LOOKS; i++) {
		l->leaves = true;
		l->pid = left;
		l->session = getsid(left);
		ts_clock_sleep_until(ts_clock_mono_ns() + BETWEEN_NS);
		left = launch_runs(l->pid) ? 0 : launch_marked(l, 0);
	}
}

/*
 * On a busy machine a command that leaves its server may end later than it was followed, or it was followed to a
 * process in between, whose child is the server. One that ends otherwise has not left its server, but died.
 */
static void follow_late(struct launch *l)
{
	siginfo_t end = {0};
	bool ended = l->pid && waitid(P_PID, (id_t)l->pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	             end.si_code == CLD_EXITED && end.si_status == 0;

	if (ended || (l->pid && l->leaves && !launch_runs(l->pid)))
		follow(l, 0);
}

void launch_stop(struct launch *l)
{
	if (l->pid == 0)
		return;
	follow_late(l);
	pid_t server = launch_pid(l);
	/* Another process may have the number of one whose end was seen. */
	if (l->ended != l->pid && kill(server, SIGTERM) == 0 &&
	    !reap(l->pid, l->n_deaf < DEAF ? TS_S : TS_S / 20, NULL)) {
		l->n_deaf++;
		launch_session(l, false, SIGKILL);
		reap(l->pid, 5 * TS_S, NULL);
	}
	launch_session(l, false, SIGKILL);
	launch_marked(l, SIGKILL);
	reap(l->pid, TS_S, NULL);
	/* A process that is about to die still holds its sockets. */
	for (int i = 0; i < 250 && launch_session(l, false, 0) > 0; i++)
		ts_clock_sleep_until(ts_clock_mono_ns() + STEP_NS);
	l->pid = 0;
}

/* Is nobody left of it? Each gets the signal, if not 0. One look may miss a process that forks meanwhile, and then
 * ends. */
static bool none_left(const struct launch *l, int signo)
{
	for (int i = 0; i < LOOKS; i++) {
		if (launch_marked(l, signo) != 0)
			return false;
		ts_clock_sleep_until(ts_clock_mono_ns() + STEP_NS);
	}
	return true;
}

static void end_all(const struct launch *l)
{
	for (int i = 0; i < 50 && !none_left(l, SIGKILL); i++)
		;
}

static void empty(int fd)
{
	if (fd >= 0 && ftruncate(fd, 0) == 0)
		lseek(fd, 0, SEEK_SET);
}

/* It was quicker before: perhaps a bind that failed was not looked at, and it listens elsewhere. */
static bool is_overdue(const struct launch *l, int64_t waited_ns)
{
	return l->ready_ns > 0 && waited_ns > ELSEWHERE_NS + 4 * l->ready_ns;
}

/* Given up: where it listens instead, and what it said. */
static int not_there(struct launch *l, const char *uri, int64_t waited_ns, struct ts_err *err)
{
	char said[200], instead[40] = "";
	int port = launch_elsewhere(l);

	if (port > 0)
		snprintf(instead, sizeof(instead), ", but on port %d", port);
	launch_said(l, said, sizeof(said)); /* before the shell says what we do to it */
	launch_stop(l);
	return ts_err_set(err, ETIMEDOUT, "the server did not listen on %s within %.0f s%s: %s", uri,
	                  (double)waited_ns / 1e9, instead, said);
}

/* Does somebody listen there already? The kernel may keep a listener for some milliseconds longer than the process that
 * had it, as it does with io_uring's: that is waited for. */
static bool is_taken(const struct launch *l)
{
	const int64_t until_ns = ts_clock_mono_ns() + LINGER_NS;
	bool taken;

	while ((taken = launch_listening(l)) && ts_clock_mono_ns() < until_ns && !ts_signal_stop())
		ts_clock_sleep_until(ts_clock_mono_ns() + STEP_NS);
	return taken;
}

int launch_start(struct launch *l, struct ts_err *err)
{
	bool looked = false, elsewhere = false;
	char uri[TS_ENDPOINT_TEXT_MAX], said[200], how[80];
	int status = LAUNCH_UNKNOWN;

	ts_endpoint_text(&l->endpoint, uri, sizeof(uri));
	if (is_taken(l))
		return ts_err_set(err, EADDRINUSE,
		                  "something listens on %s already: stop it, or choose another endpoint", uri);
	const int64_t begin_ns = ts_clock_mono_ns();
	empty(l->said_fd);
	empty(l->wrong_fd);
	l->told = false;
	l->pid = spawn(l, ++l->n_starts);
	if (l->pid < 0) {
		l->pid = 0;
		return ts_err_set(err, errno, "cannot start the server: %s", strerror(errno));
	}
	while (!launch_listening(l)) {
		if (reap(l->pid, 0, &status) && none_left(l, 0)) {
			launch_session(l, false, SIGKILL);
			l->pid = 0;
			return ts_err_set(err, ESRCH, "the server ended%s before it listened on %s: %s",
			                  launch_how(l, status, how, sizeof(how)), uri,
			                  launch_said(l, said, sizeof(said)));
		}
		int64_t waited_ns = ts_clock_mono_ns() - begin_ns;
		if (!looked && is_overdue(l, waited_ns)) {
			looked = true;
			elsewhere = launch_elsewhere(l) > 0;
		}
		if (elsewhere || waited_ns > START_NS)
			return not_there(l, uri, waited_ns, err);
		if (ts_signal_stop()) {
			launch_stop(l);
			return ts_err_set(err, EINTR, "stopped while the server was starting");
		}
		ts_clock_sleep_until(ts_clock_mono_ns() + (waited_ns < 200 * TS_MS ? STEP_NS : LONG_STEP_NS));
	}
	l->ready_ns = ts_clock_mono_ns() - begin_ns;
	follow(l, l->leaves ? TS_S : l->n_starts == 1 ? FOLLOW_NS : 0);
	return 0;
}

static void remove_path(const struct launch *l)
{
	const char *path = ts_endpoint_path(&l->endpoint);

	if (path)
		unlink(path);
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
 * ended first. Where the kernel does not let itself be made to forget them, and the command takes the port from us, it
 * gets another one; if not, it may be that it cannot be started again: that is then remembered.
 */
static bool start_somehow(struct launch *l)
{
	struct ts_err err = {0};
	bool ok = false;

	for (int i = 0; i < 10 && !ok && !ts_signal_stop(); i++) {
		remove_path(l);
		launch_forget(l);
		if (i > 1)
			move_to_free_port(l);
		ok = launch_start(l, &err) == 0;
		if (!ok)
			ts_clock_sleep_until(ts_clock_mono_ns() + 150 * TS_MS);
	}
	snprintf(l->why, sizeof(l->why), "%.299s", ok ? "" : err.text);
	return ok;
}

/* The kernel forgets in a minute. That is waited for twice, and not for each case. */
static bool wait_until_forgotten(struct launch *l)
{
	int64_t deadline = ts_clock_mono_ns() + 62 * TS_S;

	if (!launch_remembered(l) || l->n_waits++ >= 2)
		return false;
	while (launch_remembered(l) && ts_clock_mono_ns() < deadline && !ts_signal_stop())
		ts_clock_sleep_until(ts_clock_mono_ns() + 100 * TS_MS);
	return !launch_remembered(l);
}

bool launch_again(struct launch *l)
{
	launch_stop(l);
	if (l->stuck)
		return false;
	l->stuck = !start_somehow(l) && !(wait_until_forgotten(l) && start_somehow(l));
	return !l->stuck;
}

const char *launch_why(const struct launch *l)
{
	return l->why;
}

const struct ts_endpoint *launch_endpoint(const struct launch *l)
{
	return &l->endpoint;
}

void launch_signal(struct launch *l, int signo)
{
	follow_late(l);
	l->told = true;
	if (l->pid && l->ended != l->pid)
		kill(launch_pid(l), signo);
}

void launch_found_at(struct launch *l, const struct ts_endpoint *endpoint)
{
	l->endpoint = *endpoint;
}

int launch_second(struct launch *l, int64_t wait_ns)
{
	struct launch other = *l;
	int status = LAUNCH_UNKNOWN;

	other.said_fd = other.wrong_fd = -1;
	other.pid = spawn(&other, ++l->n_starts);
	if (other.pid > 0 && !reap(other.pid, wait_ns, &status)) {
		launch_stop(&other);
		return LAUNCH_RUNS_ON;
	}
	end_all(&other);
	return l->leaves || (status == 0 && !launch_tells_status(l)) ? LAUNCH_UNKNOWN : status;
}

int64_t launch_ready_ns(const struct launch *l)
{
	return l->ready_ns;
}

void launch_free(struct launch *l)
{
	if (!l)
		return;
	launch_stop(l);
	if (l->said_fd >= 0)
		close(l->said_fd);
	if (l->wrong_fd >= 0)
		close(l->wrong_fd);
	for (int i = 0; i < 2; i++)
		if (l->key_fds[i] >= 0)
			close(l->key_fds[i]);
	free(l->command);
	free(l->pattern);
	free(l);
}

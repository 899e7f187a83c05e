/*
 * A process for each connection: accept, fork, and the child talks while the parent accepts the next.
 *
 * What is odd about it: a child that has ended stays as a zombie until its parent asks for its status, and the parent
 * has to learn of it while it waits for callers. SIGCHLD tells, but a signal that comes just before a blocking
 * accept(2) is lost for it. ppoll(2) closes the gap: the signal is blocked all the time but while ppoll sleeps. After
 * ppoll said that a caller is there, the caller may have gone again, so the listener is non-blocking (and what it
 * accepts is not). Both sides hold the connection after the fork: the parent closes its own at once, or the client
 * would never see the end. Datagrams have no connection to give a process to: the parent answers them all. See fork(2),
 * ppoll(2), signal(7).
 */
#include "talk.h"
#include "ts_clock.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPEAT_NS   (10 * TS_MS)
#define STOP_ROUNDS 64 /* callers taken before the signals are looked at */

struct child {
	pid_t pid;
	struct counters *slot;
};

struct nursery {
	struct worker *worker;  /* the parent's; a child talks with its copy */
	struct child *children; /* owned */
	size_t n, n_room;
	sigset_t while_waiting; /* the signals blocked while ppoll sleeps: all that were, but SIGCHLD */
	int64_t again_ns;       /* monotonic; 0: accepting. Else out of descriptors or memory until then */
};

static void interrupt(int signo)
{
	(void)signo;
}

static void hear_of_children(struct nursery *n)
{
	struct sigaction action = {.sa_handler = interrupt};
	sigset_t child;

	sigaction(SIGCHLD, &action, NULL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &n->while_waiting);
	sigdelset(&n->while_waiting, SIGCHLD);
}

/* A child that was killed could not count the end of its conversation. */
static void inherit(struct nursery *n, struct counters *slot)
{
	struct server *server = n->worker->server;

	if (counters_n_ended(slot) == 0)
		count(slot, server_stopping(server) ? COUNT_END_STOP : COUNT_END_ERROR, 1);
	counters_give_back(&server->counters, slot);
	worker_give_place(n->worker);
}

static void reap(struct nursery *n)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (size_t i = 0; i < n->n; i++)
			if (n->children[i].pid == pid) {
				inherit(n, n->children[i].slot);
				n->children[i] = n->children[--n->n];
				break;
			}
}

/* Returns 1 in the child, 0 in the parent, -errno. */
static int give_birth(struct nursery *n)
{
	struct child *c;

	if (n->n == n->n_room) {
		size_t n_room = n->n_room ? 2 * n->n_room : 64;
		struct child *more = realloc(n->children, n_room * sizeof *more);

		if (!more)
			return -ENOMEM;
		n->children = more;
		n->n_room = n_room;
	}
	c = &n->children[n->n];
	c->slot = counters_take(&n->worker->server->counters);
	if (!c->slot)
		return -EAGAIN;
	c->pid = fork();
	if (c->pid == 0)
		return 1;
	if (c->pid < 0) {
		int error = errno;

		counters_give_back(&n->worker->server->counters, c->slot);
		return -error;
	}
	n->n++;
	return 0;
}

static void talk_as_child(struct nursery *n, int fd)
{
	struct worker *w = n->worker;

	if (!server_become_child(w->server))
		return;
	stop_become_child(w->server);
	listeners_close(&w->server->listeners, false);
	w->counters = n->children[n->n].slot;
	talk(w, fd);
}

/* Returns 1 in a child whose conversation is over, 0 when a caller was taken, -errno when there was none. */
static int accept_one(struct nursery *n, int listen_fd)
{
	struct worker *w = n->worker;
	int fd = talk_accept_once(w, listen_fd), rc;

	if (fd < 0) {
		worker_give_place(w);
		if (worker_is_shortage(-fd))
			n->again_ns = ts_clock_mono_ns() + SHORTAGE_PAUSE_NS;
		return fd;
	}
	rc = give_birth(n);
	if (rc == 1) {
		talk_as_child(n, fd);
		return 1;
	}
	if (rc == 0) {
		close(fd);
		count(w->counters, COUNT_CALL_CLOSE, 1);
		return 0;
	}
	worker_note(w, ERROR_PROCESS, -rc, "no process for a client, which is turned away");
	worker_refuse(w, fd);
	worker_give_place(w);
	return 0;
}

static void tell_children(struct nursery *n, int signo)
{
	for (size_t i = 0; i < n->n; i++)
		kill(n->children[i].pid, signo);
}

/* Not more than can have stood in the queue: others may come all the time. */
static bool goes_on_after(struct nursery *n, int rc)
{
	struct server *server = n->worker->server;

	return rc != 1 && rc != -EAGAIN && stop_left_ns(server) > 0 && n->worker->n_late++ <= server->set.backlog;
}

/* At the stop, nobody in the queue waits for a place; nor do those who talk wait for the queue. Returns 1 in a child.
 */
static int take_queue(struct nursery *n, int listen_fd)
{
	int64_t tell_ns = 0;
	int rc;

	do {
		reap(n);
		if (ts_clock_mono_ns() >= tell_ns) {
			tell_children(n, SIGTERM);
			tell_ns = ts_clock_mono_ns() + REPEAT_NS;
		}
		rc = accept_one(n, listen_fd);
		if (worker_is_shortage(-rc)) {
			n->worker->n_late = 0;
			stop_sleep(n->worker->server, REPEAT_NS);
		}
	} while (goes_on_after(n, rc));
	return rc == 1;
}

/* Until a caller, a signal, or the end of a child: without a place that is waited for alone, and without descriptors
   some time more. Has a caller come? */
static bool wait_for_caller(struct nursery *n, int listen_fd, bool has_place)
{
	int64_t pause_ns = n->again_ns ? n->again_ns - ts_clock_mono_ns() : 0;
	struct timespec pause = {.tv_nsec = pause_ns > 0 ? pause_ns : 0};
	struct pollfd fds[] = {{.fd = n->worker->server->stop.signal_fd, .events = POLLIN},
	                       {.fd = has_place && pause_ns <= 0 ? listen_fd : -1, .events = POLLIN}};

	ppoll(fds, 2, pause_ns > 0 ? &pause : NULL, &n->while_waiting);
	if (pause_ns <= 0)
		n->again_ns = 0;
	count(n->worker->counters, COUNT_CALL_WAIT, 1);
	return fds[1].revents;
}

/* Returns 1 in a child, 0 after the stop. */
static int accept_all(struct nursery *n, int listen_fd)
{
	struct server *server = n->worker->server;
	unsigned n_in_a_row = 0;

	while (!server_stopping(server)) {
		bool has_place = worker_take_place(n->worker), is_there = wait_for_caller(n, listen_fd, has_place);

		reap(n);
		if (is_there && accept_one(n, listen_fd) == 1)
			return 1;
		if (!is_there && has_place)
			worker_give_place(n->worker);
		/* Those who stand in the queue already are taken before the stop is heard, unless they are too many. */
		n_in_a_row = is_there ? n_in_a_row + 1 : 0;
		if (n_in_a_row % STOP_ROUNDS == 0)
			stop_take_signals(server);
	}
	return take_queue(n, listen_fd);
}

static void end_children(struct nursery *n)
{
	struct server *server = n->worker->server;

	for (reap(n); n->n > 0; reap(n)) {
		tell_children(n, stop_is_overdue(server) ? SIGKILL : SIGTERM);
		ts_clock_sleep_until(ts_clock_mono_ns() + REPEAT_NS);
	}
}

int mode_fork(struct server *server)
{
	struct worker w;
	struct nursery n = {.worker = &w};
	int rc;

	if (!server->listeners.items[0].stream)
		return mode_blocking(server);
	rc = worker_init(&w, server, 0);
	if (rc < 0)
		return rc;
	hear_of_children(&n);
	listeners_set_blocking(&server->listeners, false);
	server_ready(server);
	rc = accept_all(&n, listener_fd(&server->listeners.items[0], 0));
	if (rc == 0)
		end_children(&n);
	free(n.children);
	worker_release(&w);
	return 0;
}

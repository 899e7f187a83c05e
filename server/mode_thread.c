/*
 * A thread for each connection: the textbook's loop, once for every client, all at the same time.
 *
 * What is odd about it: the code is as simple as mode_blocking's, and the price is hidden. A sleeping thread keeps a
 * stack (8 MiB of address space, two or three pages of memory) and every message costs a switch between threads.
 * Threads cannot be killed from outside: to end, each must be woken from its own recv(2), hence the roster. The
 * system's limit of threads (or of memory for stacks) shows as EAGAIN of pthread_create(3), when the caller is already
 * accepted: that one is turned away, and the rest go on. Datagrams have no connection to give a thread to: the one
 * thread answers them all.
 */
#include "talk.h"
#include "ts_clock.h"
#include <errno.h>
#include <stdlib.h>

struct conversation {
	struct worker worker;
	struct roster *threads; /* all of them, counted; `entry` is our place there */
	struct roster_entry entry;
	int fd;
};

static void *converse(void *arg)
{
	struct conversation *c = arg;

	talk(&c->worker, c->fd);
	worker_release(&c->worker);
	roster_leave(c->threads, &c->entry);
	free(c);
	return NULL;
}

static int start(struct worker *w, struct roster *threads, const pthread_attr_t *attr, int fd)
{
	struct conversation *c = malloc(sizeof *c);
	pthread_t thread;
	int rc;

	if (!c || worker_init(&c->worker, w->server, 0) < 0) {
		free(c);
		return -ENOMEM;
	}
	c->threads = threads;
	c->fd = fd;
	roster_join(threads, &c->entry, fd);
	rc = pthread_create(&thread, attr, converse, c);
	if (rc == 0)
		return 0;
	roster_leave(threads, &c->entry);
	worker_release(&c->worker);
	free(c);
	return -rc;
}

static int accept_all(struct worker *w, struct roster *threads, const pthread_attr_t *attr)
{
	int64_t limit = w->server->set.max_clients ? w->server->set.max_clients : INT64_MAX;
	int listen_fd = listener_fd(&w->server->listeners.items[0], 0);

	for (;;) {
		int fd, rc;

		while (!server_stopping(w->server) && !roster_wait(threads, limit - 1, 100 * TS_MS))
			;
		fd = talk_accept(w, listen_fd);
		if (fd < 0)
			return fd == -ECANCELED ? 0 : fd;
		rc = start(w, threads, attr, fd);
		if (rc < 0) {
			worker_note(w, ERROR_THREAD, -rc, "no thread for a client, which is turned away");
			worker_refuse(w, fd);
		}
	}
}

int mode_thread(struct server *server)
{
	struct roster threads; /* counts the threads: a thread leaves it as the last thing it does */
	pthread_attr_t attr;
	struct worker w;
	int rc = worker_init(&w, server, 0);

	if (rc < 0)
		return rc;
	roster_init(&threads);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 256 * 1024);
	rc = stop_watch(server);
	if (rc == 0) {
		server_ready(server);
		rc = server->listeners.items[0].stream ? accept_all(&w, &threads, &attr) : talk_one_by_one(&w);
	}
	stop_ask(server);
	roster_wait(&threads, 0, INT64_MAX);
	stop_unwatch(server);
	roster_release(&threads);
	pthread_attr_destroy(&attr);
	worker_release(&w);
	return rc;
}

/*
 * Reactors: an event loop for each processor, each a thread with listening sockets of its own on the same port.
 *
 * What is odd about it: SO_REUSEPORT. Several sockets are bound to one address, and the kernel deals out the callers by
 * a hash of their address and port: no lock, no shared queue, and a caller who has been dealt to a busy loop waits for
 * it though another is idle. A queue belongs to its socket, so closing one loses the callers who stand in it. UNIX
 * sockets know nothing of this: there the loops share one socket, and whoever comes first accepts. The first thread
 * takes the signals, and the others hear of the stop from an eventfd that stays readable. See socket(7), SO_REUSEPORT;
 * the idea of loops beside each other is nginx's and memcached's.
 */
#include "epoll_loop.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct reactor {
	struct worker worker;
	pthread_t thread;
	bool has_thread;
	int epoll_fd;          /* owned */
	pthread_mutex_t *gate; /* closed until all threads are there: the first that serves says: ready */
	const bool *all_there; /* or else, once the gate is open, nobody serves */
	int result;
};

static void *react(void *arg)
{
	struct reactor *r = arg;

	pthread_mutex_lock(r->gate);
	pthread_mutex_unlock(r->gate);
	if (!*r->all_there)
		return NULL;
	r->result = epoll_loop_run(&r->worker, r->epoll_fd, r->worker.server->stop.wake_fd, &epoll_level);
	if (r->result < 0)
		stop_ask(r->worker.server);
	return NULL;
}

/* All of them are made before the first one serves: its clients may use up the descriptors. */
static int prepare(struct server *server, struct reactor *r, size_t index)
{
	int rc = worker_init(&r->worker, server, index);

	if (rc < 0)
		return rc;
	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll_fd >= 0)
		return 0;
	rc = -errno;
	worker_release(&r->worker);
	return rc;
}

static int start(struct reactor *r)
{
	int rc = pthread_create(&r->thread, NULL, react, r);

	r->has_thread = rc == 0;
	return -rc;
}

static int finish(struct reactor *r)
{
	if (r->has_thread)
		pthread_join(r->thread, NULL);
	close(r->epoll_fd);
	worker_release(&r->worker);
	return r->result;
}

static void wait_for_stop(struct server *server)
{
	struct pollfd fds[] = {{.fd = server->stop.signal_fd, .events = POLLIN},
	                       {.fd = server->stop.wake_fd, .events = POLLIN}};

	while (!server_stopping(server)) {
		poll(fds, 2, -1);
		stop_take_signals(server);
	}
}

int mode_reactors(struct server *server)
{
	size_t n = (size_t)server->set.n_workers, n_prepared = 0;
	struct reactor *reactors = calloc(n, sizeof *reactors);
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	int rc = reactors ? 0 : -ENOMEM;
	bool all_there;

	pthread_mutex_lock(&gate);
	while (rc == 0 && n_prepared < n) {
		rc = prepare(server, &reactors[n_prepared], n_prepared);
		reactors[n_prepared].gate = &gate;
		reactors[n_prepared].all_there = &all_there;
		n_prepared += rc == 0;
	}
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = start(&reactors[i]);
	all_there = rc == 0;
	pthread_mutex_unlock(&gate);
	if (rc == 0)
		wait_for_stop(server);
	else
		stop_ask(server);
	for (size_t i = 0; i < n_prepared; i++) {
		int result = finish(&reactors[i]);

		if (rc == 0)
			rc = result;
	}
	free(reactors);
	return rc;
}

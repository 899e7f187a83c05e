/*
 * A pool: a fixed number of threads and a bounded queue. One thread accepts and puts callers into the queue, the others
 * take them out and talk.
 *
 * What is odd about it: a lasting conversation occupies its thread until it ends, however little is said, so the number
 * of threads is the number of clients that are served at one time; the pool saves the making of threads, not their
 * number. The queue is bounded: when it is full nothing is accepted, and callers wait in the kernel's queue, which is
 * bounded too. See pthread_cond_wait(3). Datagrams need no queue but the socket's own: each thread receives and answers
 * on it.
 */
#include "parting.h"
#include "talk.h"
#include "ts_clock.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define QUEUE 64

struct pool {
	struct server *server;
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	int queue[QUEUE]; /* a ring of descriptors */
	size_t head, n;
	bool closed;            /* nothing will be put in any more */
	struct member *members; /* owned */
	size_t n_members;
};

struct member {
	struct pool *pool;
	struct worker worker;
	pthread_t thread;
};

static void put(struct pool *p, int fd)
{
	pthread_mutex_lock(&p->lock);
	while (p->n == QUEUE)
		pthread_cond_wait(&p->emptied, &p->lock);
	p->queue[(p->head + p->n++) % QUEUE] = fd;
	pthread_cond_signal(&p->filled);
	pthread_mutex_unlock(&p->lock);
}

/* At the stop, who waits for a caller lets those go whom it has served. */
static void wait_for_caller(struct pool *p, struct worker *w)
{
	if (w->partings->n == 0) {
		pthread_cond_wait(&p->filled, &p->lock);
		return;
	}
	pthread_mutex_unlock(&p->lock);
	partings_attend(w->partings, w, TS_MS);
	pthread_mutex_lock(&p->lock);
}

/* A descriptor, or -1 when the queue is closed and empty. */
static int take(struct pool *p, struct worker *w)
{
	int fd = -1;

	pthread_mutex_lock(&p->lock);
	while (p->n == 0 && !p->closed)
		wait_for_caller(p, w);
	if (p->n > 0) {
		fd = p->queue[p->head];
		p->head = (p->head + 1) % QUEUE;
		p->n--;
		pthread_cond_signal(&p->emptied);
	}
	pthread_mutex_unlock(&p->lock);
	return fd;
}

static void close_queue(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->closed = true;
	pthread_cond_broadcast(&p->filled);
	pthread_mutex_unlock(&p->lock);
}

static void *work(void *arg)
{
	struct partings partings = {.n = 0};
	struct member *m = arg;
	struct worker *w = &m->worker;
	int fd;

	w->partings = &partings;
	if (!w->server->listeners.items[0].stream)
		talk_one_by_one(w);
	while ((fd = take(m->pool, w)) >= 0) {
		talk(w, fd);
		worker_give_place(w);
	}
	partings_finish(&partings, w);
	worker_release(w);
	return NULL;
}

static int join(struct pool *p, struct member *m)
{
	int rc = worker_init(&m->worker, p->server, 0);

	m->pool = p;
	if (rc < 0)
		return rc;
	rc = -pthread_create(&m->thread, NULL, work, m);
	if (rc < 0)
		worker_release(&m->worker);
	return rc;
}

/* Fewer threads than asked for are said and lived with; none are an error. */
static int start(struct pool *p, struct worker *w, size_t n)
{
	int rc = 0;

	p->members = calloc(n, sizeof *p->members);
	if (!p->members)
		return -ENOMEM;
	while (rc == 0 && p->n_members < n) {
		rc = join(p, &p->members[p->n_members]);
		p->n_members += rc == 0;
	}
	if (rc < 0)
		worker_note(w, ERROR_THREAD, -rc, "the pool is smaller than --workers");
	return p->n_members > 0 ? 0 : rc;
}

static int accept_all(struct pool *p, struct worker *w)
{
	int listen_fd = listener_fd(&w->server->listeners.items[0], 0);

	for (;;) {
		int fd;

		while (!worker_take_place(w) && !server_stopping(w->server))
			stop_sleep(w->server, 5000000);
		fd = talk_accept(w, listen_fd);
		if (fd < 0)
			return fd == -ECANCELED ? 0 : fd;
		put(p, fd);
	}
}

static int serve(struct pool *p, struct worker *w)
{
	int rc = stop_watch(p->server);

	if (rc == 0)
		rc = start(p, w, (size_t)p->server->set.n_workers);
	if (rc == 0) {
		server_ready(p->server);
		rc = p->server->listeners.items[0].stream ? accept_all(p, w) : talk_one_by_one(w);
	}
	stop_ask(p->server);
	close_queue(p);
	for (size_t i = 0; i < p->n_members; i++)
		pthread_join(p->members[i].thread, NULL);
	stop_unwatch(p->server);
	return rc;
}

int mode_pool(struct server *server)
{
	struct pool p = {.server = server,
	                 .lock = PTHREAD_MUTEX_INITIALIZER,
	                 .filled = PTHREAD_COND_INITIALIZER,
	                 .emptied = PTHREAD_COND_INITIALIZER};
	struct worker w;
	int rc = worker_init(&w, server, 0);

	if (rc < 0)
		return rc;
	rc = serve(&p, &w);
	free(p.members);
	worker_release(&w);
	return rc;
}

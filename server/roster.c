#include "roster.h"
#include "ts_clock.h"
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

void roster_init(struct roster *r)
{
	pthread_condattr_t attr;

	*r = (struct roster){0};
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->changed, &attr);
	pthread_condattr_destroy(&attr);
}

void roster_release(struct roster *r)
{
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->changed);
}

void roster_join(struct roster *r, struct roster_entry *e, int fd)
{
	e->fd = fd;
	e->thread = pthread_self();
	pthread_mutex_lock(&r->lock);
	LIST_INSERT_HEAD(&r->entries, e, link);
	r->n++;
	if (r->cut_off)
		shutdown(fd, SHUT_RDWR);
	pthread_mutex_unlock(&r->lock);
}

void roster_leave(struct roster *r, struct roster_entry *e)
{
	pthread_mutex_lock(&r->lock);
	LIST_REMOVE(e, link);
	r->n--;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

void roster_wake(struct roster *r, int signo)
{
	struct roster_entry *e;

	pthread_mutex_lock(&r->lock);
	LIST_FOREACH(e, &r->entries, link)
	pthread_kill(e->thread, signo);
	pthread_mutex_unlock(&r->lock);
}

void roster_cut_off(struct roster *r)
{
	struct roster_entry *e;

	pthread_mutex_lock(&r->lock);
	r->cut_off = true;
	LIST_FOREACH(e, &r->entries, link)
	shutdown(e->fd, SHUT_RDWR);
	pthread_mutex_unlock(&r->lock);
}

bool roster_wait(struct roster *r, int64_t n_max, int64_t timeout_ns)
{
	int64_t until = ts_clock_mono_ns() + (timeout_ns < 3600 * TS_S ? timeout_ns : 3600 * TS_S);
	struct timespec t = {.tv_sec = until / TS_S, .tv_nsec = until % TS_S};
	bool reached;
	int rc = 0;

	pthread_mutex_lock(&r->lock);
	while (r->n > n_max && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&r->changed, &r->lock, &t);
	reached = r->n <= n_max;
	pthread_mutex_unlock(&r->lock);
	return reached;
}

/*
 * Who is in a conversation right now, for modes whose threads block in recv(2) and send(2): the stop has to reach them.
 * shutdown(SHUT_RD) lets a thread receive what is queued, and then the end of file: it answers what it has, and ends.
 * Threads: everything here takes the lock; a descriptor is closed only after its thread left the roster.
 */
#ifndef ROSTER_H
#define ROSTER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct roster_entry {
	LIST_ENTRY(roster_entry) link;
	int fd;
};

struct roster {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* somebody left */
	LIST_HEAD(, roster_entry) entries;
	int64_t n;
	int shut; /* how those who join late are shut down at once: -1 (not), SHUT_RD, SHUT_RDWR */
};

void roster_init(struct roster *r);
void roster_release(struct roster *r);

void roster_join(struct roster *r, struct roster_entry *e, int fd);
void roster_leave(struct roster *r, struct roster_entry *e);

/* Shut down all conversations, those to come included. */
void roster_shutdown(struct roster *r, int how);

/* Wait until at most n_max are in, at most so long. Returns whether it came true. */
bool roster_wait(struct roster *r, int64_t n_max, int64_t timeout_ns);
#define roster_wait_empty(r, timeout_ns) roster_wait(r, 0, timeout_ns)

#endif

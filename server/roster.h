/*
 * Who blocks right now, in a conversation or waiting for a datagram, in modes whose threads do: the stop has to reach
 * them. A signal interrupts the call (EINTR), and the thread then answers what it has and ends. It is sent again and
 * again: a thread may have been about to block when it came. (shutdown(SHUT_RD) would wake it for good, but after it
 * and our FIN the kernel answers a client that is still sending with RST, and replies in hand are lost.) Threads:
 * everything here takes the lock; a descriptor is closed only after its thread left the roster.
 */
#ifndef ROSTER_H
#define ROSTER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct roster_entry {
	LIST_ENTRY(roster_entry) link;
	int fd; /* to be cut off at the end of patience; -1: nothing is, the thread is only woken */
	pthread_t thread;
};

struct roster {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* somebody left */
	LIST_HEAD(, roster_entry) entries;
	int64_t n;
	bool cut_off; /* those who join late are cut off at once */
};

void roster_init(struct roster *r);
void roster_release(struct roster *r);

void roster_join(struct roster *r, struct roster_entry *e, int fd);
void roster_leave(struct roster *r, struct roster_entry *e);

/* Interrupt the system calls of all. */
void roster_wake(struct roster *r, int signo);

/* Shut down all conversations, those to come included: the end of patience. */
void roster_cut_off(struct roster *r);

/* Wait until at most n_max are in, at most so long. Returns whether it came true. */
bool roster_wait(struct roster *r, int64_t n_max, int64_t timeout_ns);

#endif

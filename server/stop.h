/*
 * The orderly stop: SIGTERM, SIGINT or SIGHUP asks, everybody hears of it, and after the drain time-out nobody waits
 * any longer.
 *
 * A signal may come at any moment: between the test of a flag and the system call that blocks, too. Each kind of mode
 * has its way out of that race:
 *   event loops       have the signals blocked and read them from `signal_fd`, one more descriptor to wait for
 *   blocking threads  have the signals blocked; one watcher thread waits for signal_fd and then sends the others a
 *                     signal of its own again and again (EINTR); receiving goes on until the queue is empty.
 *                     (shutdown(2) would wake them for good, but spoil a socket that systemd keeps for the next server)
 *   child processes   take the signals as they come (EINTR), and their parent repeats SIGTERM until they are gone;
 *                     SIGHUP is for it alone
 * Source: signal(7), signalfd(2), "The self-pipe trick" by D. J. Bernstein for the race.
 */
#ifndef STOP_H
#define STOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct server;

struct stop {
	int signal_fd; /* owned: signals of this process, non-blocking; -1 in children that take them as they come */
	int wake_fd;   /* owned: an eventfd, readable for ever once the stop was asked for: for further event loops */
	_Atomic bool asked;
	_Atomic int64_t deadline_ns; /* monotonic: replies in hand may take until then; 0 before the stop */
	pthread_t watcher, acceptor; /* acceptor: who called stop_watch */
	bool has_watcher;
	_Atomic bool watch_is_over;
};

int stop_init(struct stop *stop);     /* blocks the signals; 0 or -errno */
void stop_release(struct stop *stop); /* may be called again, and after an init that failed */

/* Has the stop been asked for? Cheap; any thread. */
bool server_stopping(const struct server *server);

/* Nanoseconds until replies in hand are given up: 0 when they are, INT64_MAX before the stop. */
int64_t stop_left_ns(struct server *server);

/* Ask for the stop, as a signal would: wakes everybody. May be called again. */
void stop_ask(struct server *server);

/* Read signal_fd and do what it says: stop, or write --stats. Never blocks. */
void stop_take_signals(struct server *server);

/* For modes whose threads block: a thread that takes signals, and at the deadline cuts off those who still talk. */
int stop_watch(struct server *server);
void stop_unwatch(struct server *server); /* asks for the stop if nobody has, and joins the thread */

/* Sleep; the asking for the stop wakes, and after it so does the end of the time to drain. Any thread. */
void stop_sleep(struct server *server, int64_t ns);

/* In a child: take signals as they come. Its parent repeats them until it is gone. */
void stop_become_child(struct server *server);

/* For a parent: is it time to kill children that still live? A little after their own time is over: they count what
 * they cut off. */
bool stop_is_overdue(struct server *server);

#endif

/*
 * The server as a mode sees it, and the worker: what one thread (or process) of a mode needs to talk.
 *
 * A mode is one function, int mode_NAME(struct server *), which serves until server_stopping() and returns. It calls
 * server_ready() once it accepts. Everything else (options, sockets, sandbox, counters, the report) is done around it.
 */
#ifndef SERVER_H
#define SERVER_H

#include "counters.h"
#include "guard.h"
#include "listener.h"
#include "modes.h"
#include "options.h"
#include "roster.h"
#include "session.h"
#include "stop.h"

struct worker;

struct server {
	struct settings set;
	struct ts_log log;
	struct listeners listeners;
	struct guard guard; /* of datagrams, for all workers */
	struct counters_area counters;
	struct ts_log_once *said; /* shared memory, one for each counted error: say it once */
	_Atomic int64_t *n_open;  /* shared memory: connections of all workers */
	struct roster roster;
	struct stop stop;
	int64_t started_ns, started_wall_ns;
	_Atomic double cpu_until_ready_s; /* what the start cost */
	_Atomic int ready_error;          /* why the ready lines could not be written; 0 */
	atomic_flag ready_said;           /* also in children, which have nothing to say */
	int null_fd;                      /* owned: what --ready-fd becomes if it is a standard descriptor; else -1 */
	int64_t processes_peak_rss_bytes; /* the sum, once the processes of processes.h have ended */
	pid_t pid;                        /* of this process */
	bool is_child;
	size_t child_index;    /* among its like, in a child; else 0 */
	struct counters *slot; /* in a child: the one that its parent took for it */
};

struct conn;
struct partings;

/*
 * Where conn_read gets its bytes from, instead of recv(2): for kernel interfaces that bring them by themselves. *data
 * has SESSION_HEADROOM bytes in front. Returns their number, 0 at the end of file, -EAGAIN when nothing is there,
 * -errno.
 */
typedef ssize_t worker_receive(struct worker *w, struct conn *c, char **data);

struct worker {
	struct server *server;
	struct counters *counters; /* its slot */
	struct session_desk desk;
	size_t index;            /* among its like: chooses its listening sockets */
	int64_t now_ns;          /* monotonic, of the last wake-up; 0 where nobody needs it */
	worker_receive *receive; /* NULL: recv(2) */
	/* For those who talk() to one client after the other, at the stop: */
	struct partings *partings; /* borrowed: who has not gone yet; NULL where each client has a worker */
	int64_t turn_end_ns;       /* when the client in hand is given up, so that the next are served; 0: not known */
	int64_t last_bytes;        /* of the client in hand: what is still received and answered; -1: not known */
	int64_t n_late;            /* callers looked for since */
};

/* Open everything, run the mode, close everything. 0, or -errno with err. */
int server_run(struct server *server, struct ts_err *err);

/* The ready lines: once, from the process that was started. */
void server_ready(struct server *server);

/* A child process forgets what belongs to its parent, and ends with it. False: that has ended meanwhile. */
bool server_become_child(struct server *server);

/* Write --stats; `partial` while still serving. 0, or -errno with err. */
int server_report(struct server *server, bool partial, struct ts_err *err);

/* 0 or -ENOMEM. */
int worker_init(struct worker *w, struct server *server, size_t index);
void worker_release(struct worker *w);

/* An error that the server survives: say it the first time, count it always. server_note is for who is no worker. */
void server_note(struct server *server, struct counters *counters, enum counted_error which, int error,
                 const char *what);
void worker_note(struct worker *w, enum counted_error which, int error, const char *what);

/* Is this error a want of descriptors or memory, which may pass? */
bool worker_is_shortage(int error);
#define SHORTAGE_PAUSE_NS (20 * TS_MS) /* before the next try */

/* Close, and count the end. */
void worker_hang_up(struct worker *w, int fd, enum end end);

/*
 * How many bytes have come and are not received yet. At the stop so much is answered, and no more: who sends without
 * end would take the time of the others.
 */
int64_t worker_n_received(struct worker *w, int fd);

/* The end of a conversation that never began (no memory, no thread, no process): closes fd. */
void worker_refuse(struct worker *w, int fd);

/*
 * After our own end of a conversation, what the client still sends is swallowed for a while, looked at each
 * LINGER_LOOK_NS. Goes it on after so many looks? Up to a second; at the stop, where an idle client would hold us up,
 * only while something that was sent is still on its way to the client's receive queue.
 */
#define LINGER_LOOK_NS (100 * TS_MS)
bool worker_lingers(struct worker *w, int fd, enum end end, unsigned n_looks);

/* May one more connection be open? Reserves the place when it may; worker_give_place gives it back. */
bool worker_take_place(struct worker *w);
void worker_give_place(struct worker *w);

#endif

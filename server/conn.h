/*
 * One conversation on a non-blocking socket: what an event loop does when the socket is ready. The loop only needs to
 * know what to wait for next.
 *
 * Memory: an idle conversation is this struct. Output that the kernel did not take is kept in `unsent`, and as long as
 * it is there nothing is received: what a client can make us keep is the reply to one receive call.
 */
#ifndef CONN_H
#define CONN_H

#include "server.h"
#include <sys/queue.h>

/* Anything that an event loop waits for. */
enum source_kind { SOURCE_STOP, SOURCE_LISTENER, SOURCE_DATAGRAM, SOURCE_CONN };
enum source_want { WANT_NOTHING = 0, WANT_READ = 1, WANT_WRITE = 2 };

struct source {
	int fd;
	uint8_t kind; /* enum source_kind */
	uint8_t want; /* enum source_want: what the loop is to wait for */
	union {       /* the mode's own */
		size_t slot;
		void *watch;
	};
};

struct unsent {
	size_t n, at;
	char data[];
};

struct conn {
	struct source source; /* first: a source of kind SOURCE_CONN is its conn */
	uint8_t state;        /* private: talking, ended with output to send, lingering */
	uint8_t end;          /* enum end, once it is not talking */
	uint8_t n_looks;      /* the loop's: while it lingers */
	bool is_short;        /* the last send was CONN_SHORT */
	uint32_t last_bytes; /* held by the mode for conn_read; at the stop, with those in the socket: still answered */
	struct unsent *unsent;
	int64_t active_ns; /* last activity, by the worker's now_ns; the next look at it while it lingers */
	/* Up to here each message touches it: of thousands of clients, a line of the cache each. */
	struct session session;
	TAILQ_ENTRY(conn) link; /* the loop's: in order of last activity */
};

enum conn_next {
	CONN_GONE,    /* over: close it */
	CONN_MORE,    /* the receive buffer was filled: more may be there */
	CONN_DRAINED, /* nothing more was there */
	CONN_BLOCKED, /* output waits for the socket to be writable: do not read */
	CONN_SHORT /* output waits for memory in the kernel, which nothing will tell of: write again soon; do not read
	            */
};

void conn_init(struct conn *c, int fd);

/* Receive once, answer with one send. Not while output waits. */
enum conn_next conn_read(struct conn *c, struct worker *w);

/* Send what is left. */
enum conn_next conn_write(struct conn *c, struct worker *w);

/* The stop: answer what has been received (an unfinished line, too) as if the client had ended. Not
 * while output waits. */
enum conn_next conn_stop(struct conn *c, struct worker *w);

bool conn_is_lingering(const struct conn *c);

/* Close and count the end; END_CLIENT in c->end unless it was set. Does not free `c` itself. */
void conn_close(struct conn *c, struct worker *w);

#endif

/*
 * delay: a correct timestamp server with known delays, and with losses, faults and resets counted exactly.
 *
 * It exists to test load generators: every reply leaves at the moment its message was received plus --delay, or when
 * the one queue of --service has come to it, to about 20 us; every N-th message (never a random one) is lost,
 * duplicated, reordered, and so on, and the totals are written as JSON when SIGTERM comes. One thread, epoll, all
 * transports.
 *
 * A message is what one receive call brought: so a client in lock-step gets one reply a request, and the totals are
 * exact.
 */
#ifndef DELAY_H
#define DELAY_H

#include "peer.h"
#include <stdbool.h>
#include <stdint.h>

/* K of every N messages, spread evenly: 1/100 is every hundredth. n == 0: none. */
struct rate {
	long long k, n;
};

/* What can be done to a message, one row each: name, how it is counted in the totals, what happens. One of them at most
 * is done to one message: the first whose turn it is, in this order. */
#define SPOILS(X)                                                                                                      \
	X(LOSE, "lose", "lost", "no reply at all")                                                                     \
	X(DUPLICATE, "duplicate", "duplicated", "the reply twice")                                                     \
	X(REORDER, "reorder", "reordered", "the reply is held until the same client's next has left, or 100 ms")       \
	X(CORRUPT, "corrupt", "corrupted", "one bit of the reply's last byte is flipped")                              \
	X(TRUNCATE, "truncate", "truncated", "the last byte is missing, nothing else happens (datagrams)")             \
	X(LATE, "late", "late", "the reply leaves later: RATE:TIME, such as 1/100:600ms")                              \
	X(SHORT_REPLY, "short-reply", "short", "the last byte is missing, then FIN")                                   \
	X(OVERSIZE, "oversize", "oversized", "the reply is followed by two more bytes")                                \
	X(BAD_FORMAT, "bad-format", "bad_format", "parentheses stand for the brackets")                                \
	X(WRONG_DATA, "wrong-data", "wrong_data", "every byte of the data is another")                                 \
	X(BAD_TIME, "bad-time", "bad_time", "the stamp is an hour, two minutes and three seconds old")                 \
	X(EARLY_END, "early-end", "early_ends", "FIN in place of the reply")                                           \
	X(RESET, "reset", "resets", "RST in place of the reply")                                                       \
	X(RESET_IN_REPLY, "reset-in-reply", "resets_in_reply", "half of the reply, then RST")

enum spoil {
	SPOIL_NONE,
#define X(id, name, total, sentence) SPOIL_##id,
	SPOILS(X)
#undef X
	        SPOIL_N
};

struct options {
	struct peer_endpoint endpoint;
	int ready_fd;             /* -1: the ready line goes to standard output */
	const char *totals;       /* file, or NULL */
	const char *arrivals;     /* file, or NULL */
	long long delay_ns;       /* from receive to send */
	long long service_ns;     /* one queue for all: 1/service is the capacity exactly */
	long long stall_every_ns; /* the last stall_for_ns of each such period nothing is done at all */
	long long stall_for_ns;
	long long late_ns;
	long long reset_every;  /* a connection that got so many replies gets RST for its next message; 0: never */
	long long slow_read_ns; /* between two receives of at most slow_read_bytes; 0: off */
	long long slow_read_bytes;
	struct rate spoil[SPOIL_N];
	bool exponential; /* the service times: drawn, in place of constant */
	bool spin;        /* never sleep: arrival is noticed within some 2 us instead of a wake-up's 50 */
	bool space;       /* "[time] data" */
};

void options_parse(struct options *options, int argc, char **argv); /* dies on errors, --help exits 0 */

/* --- one reply on its way -------------------------------------------------------------------------------------- */
struct client;

struct reply {
	long long due_ns; /* CLOCK_MONOTONIC */
	uint64_t order;   /* breaks ties: first come, first served */
	struct client *client;
	enum spoil spoil;
	bool settled; /* performed or dropped; the queue only frees it */
	size_t n;
	char bytes[]; /* the data; the stamp is made when the reply leaves */
};

/* A heap of replies by due time. */
struct queue {
	struct reply **at;
	size_t n, size;
};

void queue_push(struct queue *queue, struct reply *reply);
struct reply *queue_first(const struct queue *queue); /* or NULL */
struct reply *queue_pop(struct queue *queue);

/* The legal reply to data, spoilt as asked, appended to `out`. */
void reply_write(struct peer_text *out, const struct options *options, const struct reply *reply);

/* Which spoil, if any, is due for the number-th message (from 1). */
enum spoil spoil_choose(const struct options *options, uint64_t number);

/* --- totals ---------------------------------------------------------------------------------------------------- */
struct totals {
	uint64_t connections, messages, replies; /* replies: legal ones, sent whole or handed to the kernel */
	uint64_t resets_after;                   /* RST by reset_every */
	uint64_t unanswered;                     /* due when the client had gone, or at the stop */
	uint64_t spoilt[SPOIL_N];
};

int totals_write(const struct totals *totals, const char *path); /* 0 or -errno */

/* When each message came, CLOCK_MONOTONIC; grows as it is filled. */
struct arrivals {
	long long *at_ns;
	size_t n, size;
};

void arrivals_add(struct arrivals *arrivals, long long at_ns);
int arrivals_write(const struct arrivals *arrivals, const char *path); /* 0 or -errno */

#endif

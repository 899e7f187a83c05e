/*
 * One test client of a datagram server: an unconnected socket, so that replies from elsewhere are seen, with the errors
 * of the network switched on, so that a closed port is told from a silent server.
 */
#ifndef DGRAM_H
#define DGRAM_H

#include "suite.h"
#include <sys/un.h>

#define DGRAM_MAX  65536
#define DGRAM_PAST 32 /* so many answers are remembered */

struct dgram_past {
	size_t n, n_reply;
	uint64_t hash; /* of the message */
};

struct dgram {
	struct turn *turn;
	int fd, number;
	char path[108];  /* that it is bound to; empty: none */
	int64_t last_ns; /* time of the latest stamp, or INT64_MIN */
	size_t n;        /* bytes of the latest datagram received */
	bool foreign;    /* it came from another address than the one asked */
	char tail[16];   /* the last bytes of the latest datagram sent, */
	size_t n_tail;   /* so many */
	char from[TS_ENDPOINT_TEXT_MAX];
	char home[sizeof(
	        ((struct sockaddr_un *)0)->sun_path)]; /* the path that the first reply came from; empty: none yet */
	struct dgram_past past[DGRAM_PAST];            /* messages that were answered, and their replies */
	int n_past;
	char bytes[DGRAM_MAX];
};

/* The client's own name, where the server's is a path: a path, a long one, or one that the kernel makes. */
enum dgram_name { DGRAM_USUAL, DGRAM_LONG, DGRAM_ABSTRACT };

struct dgram *dgram_open_as(struct turn *t, enum dgram_name name); /* NULL after turn_fail */
struct dgram *dgram_open(struct turn *t);                          /* with a usual one */
void dgram_free(struct dgram *d);

bool dgram_send(struct dgram *d, const void *bytes, size_t n);

/*
 * The next datagram into d->bytes (not one from elsewhere that has nothing of ours: on a machine where a port was
 * somebody else's before, that comes to the wrong one): 1, or 0 after wait_ns without one, or -errno (-ECONNREFUSED:
 * nobody is there; -ESRCH: the server has ended by itself, and the turn says so).
 */
int dgram_receive(struct dgram *d, int64_t wait_ns);

/* The same, and it must come. */
bool dgram_await(struct dgram *d);

/* The next datagram must be the reply to these bytes, sent not before sent_ns (wall clock). */
bool dgram_expect(struct dgram *d, const void *bytes, size_t n, int64_t sent_ns);

/* Judge the datagram just received as the reply to these bytes. */
bool dgram_judge(struct dgram *d, const void *bytes, size_t n, int64_t sent_ns);

/* Are these the bytes of the message that was answered last? */
bool dgram_repeats(const struct dgram *d, const void *bytes, size_t n);

/* Send, and expect. */
bool dgram_say(struct dgram *d, const void *bytes, size_t n);
bool dgram_say_letters(struct dgram *d, size_t n);

#endif

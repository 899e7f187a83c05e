/*
 * Datagrams, free of I/O: which of a batch are answered, and with which bytes. Every mode uses it.
 * Source: docs/protocol.md, "Messages" and "Safety".
 *
 * A reply is two pieces, the stamp and the datagram's own bytes, where they were received: nothing is copied, and one
 * stamp serves the whole batch. An empty datagram is not answered, a truncated one neither: half of the data is not the
 * data.
 *
 * Two servers, started by one datagram with a forged source, answer each other's replies, and each adds a stamp: of a
 * datagram over IP that begins with more than DATAGRAM_STAMPS_MAX of them, whatever server wrote them, nobody waits for
 * the reply. A stamp here is any short text in brackets that holds a digit, with at most TS_SEPARATOR_MAX bytes before
 * the next.
 */
#ifndef DATAGRAM_H
#define DATAGRAM_H

#include "guard.h"
#include "session.h"
#include <sys/uio.h>

#define DATAGRAM_STAMPS_MAX 16

/* One received datagram, borrowed. */
struct datagram {
	char *data;
	size_t n;
	bool truncated;
	const struct sockaddr *source;
	socklen_t source_len;
};

enum datagram_fate {
	DATAGRAM_ANSWER,
	DATAGRAM_EMPTY,
	DATAGRAM_TRUNCATED,
	DATAGRAM_NO_SOURCE,
	DATAGRAM_GUARDED,
	DATAGRAM_ECHO,
	DATAGRAM_RATE
};

/* Judge one. On DATAGRAM_ANSWER the two pieces of its reply are in `reply`. mono_ns is only used with a rate limit. */
enum datagram_fate datagram_take(const struct datagram *in, struct guard *guard, const char *stamp, size_t n_stamp,
                                 int64_t mono_ns, struct iovec reply[2]);

#endif

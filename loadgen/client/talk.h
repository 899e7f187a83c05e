/*
 * One conversation of a person with a server: send a message, wait for its reply, end.
 *
 * Streams, framing "line": a message is a line with LF. A stamp holds no LF and the message holds one, at its end; so
 * the reply is whole when an LF has come, however it was cut. Framing "stream": a message is the bare text, and the
 * reply is what one receive call brings, as in the textbook's client. Datagrams: one for the message, one for the
 * reply. Source: docs/protocol.md, "Messages".
 */
#ifndef TALK_H
#define TALK_H

#include "ts_endpoint.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct talk {
	int fd; /* owned */
	bool is_stream, by_line;
	int64_t timeout_ns; /* for one reply, and for the server's end */
};

int talk_open(struct talk *t, const struct ts_endpoint *ep, bool by_line, int64_t timeout_ns, struct ts_err *err);
void talk_close(struct talk *t);

/* Send n bytes as one message and copy its reply to `out`, a descriptor. 0, or -errno with a sentence:
 * -ETIMEDOUT no reply in time, -EPIPE the server ended the conversation first. */
int talk_ask(struct talk *t, const char *text, size_t n, int out, struct ts_err *err);

/* The empty string: half-close a stream and copy what still comes to `out` until the server's end. Datagrams have no
 * conversation to end. */
int talk_end(struct talk *t, int out, struct ts_err *err);

#endif

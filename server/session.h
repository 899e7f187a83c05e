/*
 * One conversation on a stream, free of I/O: bytes in, bytes out, ended or not. Every mode uses it.
 * Source: docs/protocol.md, "Messages" and "The end".
 *
 *   stream framing  what one receive call brought is one message: one stamp, written into the room in front of the
 *                   bytes, so that the reply is contiguous without a copy
 *   line framing    every whole line (LF or CR LF) is answered with its ending; an empty line ends; an unfinished line
 *                   is kept until the rest comes, and answered at the end of file
 *
 * Everything that one receive call brought is one reply: one send.
 * Storage: a desk belongs to a worker and is shared by its conversations, one call after the other. A conversation
 * itself owns nothing but an unfinished line, so an idle one costs no buffer. Threads: a desk and its sessions are used
 * by one thread.
 */
#ifndef SESSION_H
#define SESSION_H

#include "ts_stamp.h"
#include <stddef.h>
#include <stdint.h>

#define SESSION_HEADROOM 192 /* bytes in front of received data that session_take may write: longer than any stamp */

enum session_framing { SESSION_STREAM, SESSION_LINE };
#define SESSION_FRAMINGS "stream|line"

/* What conversations of one worker share: the stamp's writer and the buffers of the receive call in hand. */
struct session_desk {
	enum session_framing framing;
	size_t max_line_bytes;
	struct ts_stamp_writer stamp;
	int64_t last_ns; /* of the last stamp: none goes back, unless the clock was set back by a second or more */
	char *in;        /* owned; SESSION_HEADROOM writable bytes lie in front of it */
	size_t in_bytes;
	char *out; /* owned; replies in line framing */
	size_t out_bytes;
};

/* A conversation between two receive calls: an unfinished line, owned. All zero is a new conversation. */
struct session {
	char *kept;
	uint32_t n_kept, kept_bytes;
};

enum session_state {
	SESSION_GOES_ON,
	SESSION_CLIENT_END, /* end of file */
	SESSION_EMPTY_LINE,
	SESSION_LINE_LIMIT, /* a line longer than max_line_bytes */
	SESSION_NO_MEMORY
};

/* Bytes to send, borrowed from the desk (or the receive buffer) until its next use. They are owed in every state. */
struct session_reply {
	const char *data;
	size_t n;
	unsigned n_messages;
};

/* 0 or -ENOMEM. `separator` of at most TS_SEPARATOR_MAX bytes. in_bytes: the receive buffer. */
int session_desk_init(struct session_desk *d, enum session_framing framing, const struct ts_stamp_format *format,
                      const char *separator, size_t in_bytes, size_t max_line_bytes);
void session_desk_release(struct session_desk *d);

/* The stamp for this moment, as "[time]" and the separator: borrowed until the next call. Returns its length. */
size_t session_stamp(struct session_desk *d, int64_t wall_ns, const char **text);

/*
 * Take what one receive call brought: n bytes at `data`, at most in_bytes, with SESSION_HEADROOM writable bytes in
 * front (desk->in, or a buffer of the caller's). n == 0 is the end of file. wall_ns: now. Fills `reply` in every state.
 */
enum session_state session_take(struct session *s, struct session_desk *d, char *data, size_t n, int64_t wall_ns,
                                struct session_reply *reply);

void session_release(struct session *s);

#endif

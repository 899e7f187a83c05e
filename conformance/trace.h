/*
 * What went over the wire in one turn of one case, with times: bounded, and readable by people.
 *
 * At most TRACE_EVENTS events are kept, each with the first TRACE_BYTES of its bytes: the first TRACE_HEAD of a turn,
 * and the last, where it went wrong; those between are counted, and so is the middle of many sends or receives in a
 * row. A turn's trace belongs to its thread.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TRACE_EVENTS 160
#define TRACE_HEAD   100
#define TRACE_BYTES  96

struct trace_event {
	int64_t at_ns; /* since the turn began */
	int client;    /* number of the client in its turn, from 1 */
	char what[12]; /* "send", "recv", "connect", ... */
	size_t n;      /* bytes of the event; `bytes` holds the first of them */
	unsigned char bytes[TRACE_BYTES];
};

struct trace {
	int64_t begin_ns;
	int n; /* events of the turn; the i-th from TRACE_HEAD on takes the place of an older one */
	struct trace_event *events; /* owned; NULL until the first */
};

void trace_begin(struct trace *trace, int64_t now_ns);
void trace_add(struct trace *trace, int64_t now_ns, int client, const char *what, const void *bytes, size_t n);

/* As lines of text, such as "  12.345 ms  client 1  send  5 bytes  \"abc\\r\\n\"". Owned by the caller; NULL: no
 * memory. */
char *trace_text(const struct trace *trace);

void trace_release(struct trace *trace);

/* Bytes as a C string literal would show them, cut at `size`; returns `out`. */
char *trace_quote(const void *bytes, size_t n, char *out, size_t size);

#endif

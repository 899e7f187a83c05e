/*
 * One run of somebody's client (--client) against a server that the suite plays: starts the command in a process group
 * of its own, types lines, takes what comes over the wire, answers, reads what the client prints, and ends it.
 *
 * What the client prints may stay in its buffer until it ends, so a case goes by the wire, and looks at the output
 * when the client is gone. A false return has noted in the turn what went wrong. One thread; times are monotonic ns.
 */
#ifndef CLIENT_PLAY_H
#define CLIENT_PLAY_H

#include "client.h"
#include "ts_clock.h"

#define PLAY_LINES 8
#define PLAY_CONNS 16

struct play_bytes {
	char *at; /* owned */
	size_t n, room;
};

struct play_line { /* typed letters, without the line's end */
	size_t from, n;
};

struct play_conn {
	int fd;
	bool at_end; /* the client's FIN has come */
};

struct play {
	struct turn *t;
	struct ts_endpoint at;
	int listen_fd;
	struct ts_endpoint_file file; /* of the path that we listen on */
	struct play_conn conns[PLAY_CONNS];
	int n_conns, talk; /* connections so far; the one that spoke last */
	bool fin, rst;     /* how a connection ended */
	struct sockaddr_storage from;
	socklen_t n_from;
	pid_t pid;                  /* of sh, leader of its group; 0: not running */
	int in_fd, out_fd, err_fd;  /* our ends of its pipes; -1: closed */
	int status;                 /* of waitpid(2), when it has ended */
	bool flooded;               /* it printed without end */
	struct play_bytes typed;    /* letters of all lines */
	struct play_bytes got;      /* from the wire */
	struct play_bytes out, err; /* what it printed */
	size_t n_answered;          /* of got */
	bool asked;                 /* a message or an empty datagram waits for its answer */
	struct play_line lines[PLAY_LINES];
	int n_lines;
	const char *time, *separator; /* of the answers */
};

/* Note an event of the run in the trace. */
#define TRACED(p, what, bytes, n) trace_add(&(p)->t->trace, ts_clock_mono_ns(), 1, what, bytes, n)

bool play_on_stream(const struct play *p);
void play_add(struct play_bytes *to, const void *bytes, size_t n);

/* One look at the wire and at the pipes, for a tick at most. */
void play_pump(struct play *p);

/* Has the client ended? What it left behind is ended, too. */
bool play_gone(struct play *p);
void play_close_fd(int *fd);

bool play_begin(struct play *p, struct turn *t);

/* Type n meaningless letters as a line. */
bool play_type(struct play *p, size_t n);

/* Take what comes until so many letters (CR and LF left out) have come in all. */
bool play_take(struct play *p, size_t n_letters);

/* Type a line, and take it from the wire. */
bool play_line(struct play *p, size_t n);

/* Answer what has come: the stamp, then the data; pause_ns between pieces of `piece` bytes (0: all at once). */
bool play_answer(struct play *p, size_t piece, int64_t pause_ns);
bool play_stamp_alone(struct play *p); /* the data stays to be answered */
bool play_data_alone(struct play *p);
void play_drop(struct play *p);         /* it is never answered */
void play_drop_letters(struct play *p); /* but for the line's end, which the client may wait for */

void play_fin(struct play *p);   /* the server ends its side, and goes on reading */
void play_close(struct play *p); /* the server ends, and what comes then is answered by RST */
void play_reset(struct play *p); /* RST */

/* Time passes, while the wire and the output are read. */
void play_pause(struct play *p, int64_t ns);

void play_empty_line(struct play *p);
void play_end_input(struct play *p);

/* Wait for the client to end; what still comes is answered. False, without a note: it did not within wait_ns. */
bool play_ended(struct play *p, int64_t wait_ns);

/* An empty line, the end of the input, and, if that is not enough, the end of the connection. */
bool play_finish(struct play *p);

/* Was the data of every line (from the first-th on) printed, in order? */
bool play_shown(struct play *p, int first);

/* How often was the data of this line printed, in one piece? */
int play_times_shown(const struct play *p, int i);

/* What it printed, for a message: quoted, the messages too. */
const char *play_said(const struct play *p, char *buf, size_t size);

void play_release(struct play *p); /* ends the client, by force */

#endif

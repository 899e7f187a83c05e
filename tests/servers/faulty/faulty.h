/*
 * faulty: a correct timestamp server, and with --fault=NAME one that differs from it in a line or two (faults.def).
 *
 * It exists to prove that a conformance suite catches what it says it catches. A thread for each client (or one client
 * at a time, or a process for each: --form); stream or line framing; tcp, udp, unix and unixgram; ctime, or --space and
 * --time=rfc3339.
 *
 * A hook is a switch over the fault: time.c writes the time, data.c spoils data, reply.c puts the reply together,
 * stream.c holds a conversation, datagram.c answers datagrams, clients.c accepts and counts clients, main.c starts and
 * stops.
 */
#ifndef FAULTY_H
#define FAULTY_H

#include "peer.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum fault {
	FAULT_NONE,
#define FAULT(id, name, level, transport, needs, flags, kills, sentence) FAULT_##id,
#include "faults.def"
#undef FAULT
	FAULT_N
};

enum form { FORM_THREAD, FORM_ITERATIVE, FORM_FORK };

#define CLIENTS_MAX 1024

struct server {
	enum fault fault;
	enum form form;
	bool line, space, rfc3339, one_shot;
	_Atomic long long said_ns; /* monotonic: when a client has said something */
	int pause_ms;              /* before each reply */
	struct peer_endpoint endpoint;
	int listener, signals; /* signals: a signalfd of SIGTERM, SIGINT and SIGCHLD */
	bool stopping;
	bool in_line;                                                 /* TERM_WAITS_LINE: a line has begun */
	long long started_ns, first_client_ns, looked_ns, waiting_ns; /* wall clock */
	uint64_t n_clients, n_replies;
	_Atomic int n_silent; /* SILENT_PLACES: those that are lost */
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t client_gone;
	int clients[CLIENTS_MAX]; /* descriptors of conversations (form fork: process ids); 0: free */
	size_t n_open;
	int close_next;            /* CLOSES_WITH_NEXT: the one to close; 0: none */
	struct peer_text shared;   /* CROSS_TALK, DATA_ALIKE, LEAK_MEMORY, LEFT_TO_NEXT, LEFT_TO_OTHERS, LINE_REST_KEPT,
	                              REST_SHARED */
	int rest_of;               /* REST_SHARED, DATA_ALIKE: the descriptor of the client whose it is; 0: none */
	pthread_mutex_t send_lock; /* STUCK_READER, LINE_HALF_BLOCKS */
};

struct conversation {
	struct server *server;
	int fd, place;   /* in clients */
	bool was_queued; /* it waited while another was served */
	bool wants_crlf; /* LINE_CRLF_STICKS */
	bool skips_lf;   /* LF_SKIPPED: the piece before ended with CR */
	bool was_full;   /* FULL_ENDS: the latest receive filled its buffer */
	bool was_held;   /* HELD_SPINS: a send had to wait */
	bool is_reset;   /* by the client */
	bool is_closed;  /* at the end: close fd (datagrams: serve no more) */
	uint64_t nth;    /* of the clients, from 1 */
	uint64_t n_messages, n_bytes;
	long long connected_ns, previous_ns; /* wall clock */
	long long piece_ns;                  /* LINE_OLD_LOST, DGRAM_REST_FORGETS: when the piece before came */
	long long remembered_ns;             /* TIME_OF_SAME_LONG: when the long message in `last` came */
	long long waited_for_ns;             /* TURN_...: monotonic: when another client was seen that waits */
	int n_waited_for;                    /* so often one was */
	long long line_ns;                   /* when the first byte of the line came */
	struct peer_text line;               /* begun, and not ended yet */
	bool is_long;                        /* TIME_OF_LONG: the message is longer than 4000 bytes */
	bool is_repeat;                      /* TIME_OF_SAME: the message is like the one before */
	struct peer_text
	        last; /* DATA_SEEN, DATA_STALE, TIME_OF_SAME: the message before; PENDING_SWAPPED: the one held back */
	struct peer_text unread; /* MEMORY_GROWS */
};

/* The time text, without brackets. */
void time_write(struct conversation *c, char *text, size_t size);

/* The data as this server returns it; false: do not answer. */
bool data_write(struct conversation *c, struct peer_text *out, const char *data, size_t n);

/* Is it like the one before? It is remembered for the next. */
bool message_repeats(struct conversation *c, const char *data, size_t n);

/* One reply to one message; false: do not answer. */
bool reply_write(struct conversation *c, struct peer_text *out, const char *data, size_t n);
void stamp_write(struct conversation *c, struct peer_text *out); /* "[time]" alone */

bool is_half_closed(const struct conversation *c); /* has the client ended, or does it within 5 ms? */
bool bytes_send(const struct conversation *c, int fd, const char *bytes,
                size_t n);                                        /* all; false: the client has gone */
bool reply_send(struct conversation *c, struct peer_text *reply); /* false: end the conversation */
void stamp_send(struct conversation *c);
bool rest_send(struct conversation *c);   /* until what is left is sent; REST_SHARED: or another's stands there */
void list_forget(struct conversation *c); /* LEFT_TO_OTHERS: what is still to be sent to anybody */

/* The buffer that a piece fills which is answered with the next: FULL_WAITS and its like; 0: there is none. */
size_t full_size(const struct conversation *c);

/* What one receive call brought, cut into messages and answered; false: end the conversation. */
bool messages_answer(struct conversation *c, char *data, size_t n);
void messages_end(struct conversation *c); /* the client has ended: what is still owed */
void rest_take(struct conversation *c);    /* LINE_REST_KEPT: from the client before */

void conversation_run(struct conversation *c); /* until its end; closes c->fd */
void datagrams_run(struct server *s);          /* until a signal says stop */
void clients_serve(struct server *s);          /* the same, for streams */
void clients_stop(struct server *s);           /* end the conversations, in three seconds at most */

/*
 * Wait until fd is readable, and take signals meanwhile (signals: -1 to leave them to the main thread). At a signal to
 * stop, the listener's wait is false, and a client's is true: its socket is shut for reading, so what came is answered,
 * then it ends. False, too, when timeout_ms has passed (-1: never).
 */
bool server_wait(struct server *s, int fd, int signals, int timeout_ms);

/* Do its children go on when it has ended? */
bool server_is_outlived(const struct server *s);

/* Until nobody has said anything for 400 ms. */
void server_await_idle(const struct server *s);

/* Has a client connected that is not accepted yet? */
bool server_has_caller(const struct server *s);

/* Is the fault this one? */
static inline bool has(const struct conversation *c, enum fault fault)
{
	return c->server->fault == fault;
}

#endif

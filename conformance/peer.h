/*
 * One test client of a stream server. It writes and reads at the same time, so that a server which stops when its
 * replies are not read is never blamed for it; it judges every byte by the law as it comes; and it waits no longer than
 * its turn allows after the last progress.
 *
 * Every call that can go wrong returns false then, with the reason noted in the turn (turn_fail). A peer that could not
 * be opened is NULL: every call takes it, and returns false, or does nothing. Closing is the turn's affair:
 * turn_release half-closes, reads to the end and closes, so that no client leaves an RST behind by accident.
 */
#ifndef PEER_H
#define PEER_H

#include "suite.h"
#include "ts_reply.h"

#define PEER_FIRST         1024 /* a language may show its time in 400 bytes */
#define PEER_TOLD          256
#define PEER_END_WITHIN_NS (2200 * TS_MS) /* the protocol's 2 s, and what timers add */

struct peer {
	struct turn *turn;
	int fd, number;
	char *in; /* I, from the last moment at which everything was answered */
	size_t n_in, size_in, n_written;
	struct ts_reply reply;
	int64_t sent_ns;     /* wall clock when the oldest unanswered byte was sent */
	int64_t progress_ns; /* monotonic: the last byte written or read */
	int64_t rested_ns;   /* so long nothing was owed or said before the latest message */
	bool half_closed, ended, reset;
	bool broken;     /* nothing more can be written: the server is gone from this conversation */
	bool dumb;       /* bytes are read and not judged: for clients that are beside the point */
	bool deaf;       /* it does not read: for slow readers */
	bool pieces;     /* its line is longer than any must be: as many stamps as the server likes */
	size_t n_fence;  /* bytes at the end of `in` that only ask whether what was sent before is lost; or 0 */
	size_t n_held;   /* bytes that were owed when those were sent */
	bool again;      /* what was answered, perhaps only by a fence, is sent again, and no fence behind it */
	size_t read_max; /* bytes a receive call asks for; 0: as many as fit */
	int64_t n_read;
	size_t n_due;           /* bytes of `in` that were not answered before the latest receive */
	char first[PEER_FIRST]; /* the first bytes of the output since everything was answered: the latest reply */
	size_t n_first;
	char told[PEER_TOLD]; /* the first bytes that were sent in this conversation, */
	size_t n_told;        /* and how many were sent, not only these */
};

/* Connect, within the turn's wait. A refused connect is tried again for a second: some servers
 * listen anew each time. */
struct peer *peer_open(struct turn *t);

/* The same without blame: NULL when it does not succeed within wait_ns; small_buffers: receive window of a few KiB. */
struct peer *peer_try(struct turn *t, int64_t wait_ns, bool small_buffers);

/* One more beside others that are there, without blame. NULL: there is no room in the server's queue. */
struct peer *peer_call(struct turn *t, bool small_buffers);

/* Add bytes to what is to be sent; send what the socket takes now. */
bool peer_send(struct peer *p, const void *bytes, size_t n);

/* On TCP, what is sent from now on waits for the half-close, and arrives in one segment with the FIN. */
void peer_cork(struct peer *p);

/* Write all that is queued, reading meanwhile. */
bool peer_flush(struct peer *p);

/*
 * Until every byte sent has been answered. After some silence a further message is sent, as a fence: a server that
 * answers that and not what came before has lost something, and one that is late answers both. So does one that keeps a
 * message until more comes: to tell the two apart, the message is sent again, and nothing behind it.
 */
bool peer_await(struct peer *p);

/* Has every byte sent been answered? */
bool peer_answered(const struct peer *p);

/* As peer_await, but give up after wait_ns without blame: is everything answered? Wrong bytes are still wrong. */
bool peer_answered_within(struct peer *p, int64_t wait_ns);

/* Until no more than n_left bytes are owed, the end, or silence, without blame: so few are? Wrong bytes are wrong. */
bool peer_answered_but(struct peer *p, size_t n_left);

/* Until bytes come or the conversation ends, at most wait_ns: did bytes come? For clients that are not judged yet. */
bool peer_listen(struct peer *p, int64_t wait_ns);

/* Send, and await. */
bool peer_say(struct peer *p, const void *bytes, size_t n);

/* n meaningless letters, framed, sent and answered. */
bool peer_say_letters(struct peer *p, size_t n);

/* Send so many letters, as a message of their own, and do not wait. */
bool peer_send_letters(struct peer *p, size_t n);

/*
 * Send, without reading, until the server can send no more, or has taken `most` bytes. True: it is stuck. False: it
 * took them all, or something went wrong. What was sent is owed, as always.
 */
bool peer_stick(struct peer *p, size_t most);

/* The same on TCP, but all that was sent has arrived: the server has not read it, and has room for a FIN behind it. */
bool peer_stick_short(struct peer *p, size_t most);

/* End the conversation behind what the server has not read, without reading: until its machine has the end, too. */
void peer_end_behind(struct peer *p);

/* Behind peer_stick: what our kernel has not taken is not sent, except the rest of a line; then the client's end. */
void peer_end_unread(struct peer *p);

/* How many bytes have reached the server's machine, or the server itself on a UNIX socket. */
size_t peer_taken(const struct peer *p);

/* Undo the small buffers of peer_try, before much is read. */
void peer_widen(struct peer *p);

/* Nothing may come for this long, and the conversation must stay open. */
bool peer_rest(struct peer *p, int64_t ns);

/* shutdown(SHUT_WR) after everything queued has been written. */
bool peer_half_close(struct peer *p);

/* Read to the end of file: all that is owed must come, nothing more, and the end within the time allowed. */
bool peer_read_end(struct peer *p);

/* Half-close and read to the end. */
bool peer_finish(struct peer *p);

/* The same, and it is freed at once if all was well: for cases that have many clients one after the other. */
void peer_leave(struct peer *p);

/* End by RST (SO_LINGER 0); the peer is gone then. */
void peer_reset(struct peer *p);

/* close(2) at once, whatever is unread; the peer is gone then. */
void peer_close(struct peer *p);

/* What came since everything was answered stands beside the next note, as what there was instead of the expected. */
void peer_contrast(const struct peer *p, const char *expected);

/* What is still unanswered, in bytes. */
size_t peer_owed(const struct peer *p);

/* Politely, without judging: half-close, read to the end for at most wait_ns, close, free. */
void peer_free(struct peer *p, int64_t wait_ns);

/* One comes, and ends without a message: is he let go? What he hears is not judged. */
bool peers_visit(struct turn *t);

/* Everybody sends, then everybody is answered. */
void peers_say(struct peer **p, int n);

/* Who is not answered until then is not being served. */
int64_t peers_unserved_ns(const struct turn *t);

/* Is the server known to have no place for many? That is reported. */
bool peers_said_few(struct turn *t);

/* n clients more (at most PEERS_TOGETHER) speak, and end at once: the server finds all of them gone
 * when it looks next. */
#define PEERS_TOGETHER 8
void peers_go_together(struct turn *t, int n);

/* n clients more send much, read nothing, and reset while the server still sends. None of them is judged. */
void peers_reset_together(struct turn *t, int n);

#endif

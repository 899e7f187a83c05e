/* What the files of the probe share: it learns the rule from one reply, whose data it knows. */
#ifndef DIALECT_INSIDE_H
#define DIALECT_INSIDE_H

#include "dialect.h"

struct peer;

#define N_WORD 9 /* letters of a message of the probe */

/* Learn the rule from the reply `out` to the message `in`, or say in `stranger` what it is instead. */
void dialect_learn(struct turn *t, const char *in, size_t n_in, const char *out, size_t n_out);

/* What was learnt is this format after all. */
void dialect_take_format(struct dialect *d, const struct ts_stamp_format *format);

/* The rule is learnt. Where the fraction of its text ends in zeros, see whether they stay: then they tell nothing. */
void dialect_settle_zeros(struct turn *t);

/* One round trip more is known. */
void dialect_widen_rtt(struct dialect *d, int64_t ns);

/* All of a reply to `tail`, which it ends with, or of a greeting (NULL): until quiet, or the end. False: it goes on for
 * ever. */
bool dialect_listen_whole(struct peer *p, const char *tail, size_t n_tail);

/* The first reply is none: does it hold what nobody had asked for, or is it that to another message? The conversation
 * has not ended. */
void dialect_look_behind(struct turn *t, struct peer *p);

/* How the first message of a conversation is sent. */
enum first_message {
	WORD_OR_LINE, /* as a word; when no answer comes, a newline is added */
	WORD,         /* as a word, and an answer to that is waited for */
	CRLF_LINE
};

/* One conversation with a stream server: what it tells is noted in the dialect. True: the server was reached. */
bool dialect_converse(struct turn *t, enum first_message how);

/* It speaks something else. */
void dialect_stranger(struct dialect *d, const char *what);

/*
 * One client has a conversation; how many are served beside it? One after the other comes, so that no queue overflows;
 * to a slow server three and then twelve, whose answers are waited for together.
 */
void dialect_find_capacity(struct turn *t);

/* dialect_probe of a stream server, and of a datagram server. */
bool dialect_probe_stream(struct turn *t);
bool dialect_probe_datagram(struct turn *t);

#endif

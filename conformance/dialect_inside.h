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

/* It speaks something else. */
void dialect_stranger(struct dialect *d, const char *what);

/*
 * One client has a conversation; how many are served beside it? One after the other comes, so that no queue overflows;
 * to a slow server three and then twelve, whose answers are waited for together.
 */
void dialect_find_capacity(struct turn *t);

/* dialect_probe of a datagram server. */
bool dialect_probe_datagram(struct turn *t);

#endif

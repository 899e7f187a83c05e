/*
 * Two conversations that go on beside the cases that run after them, so that a limit on their age, and what a long rest
 * does, show, and nobody has to wait for that: one is spoken to now and then, the other sleeps. One thread at a time
 * uses one: where cases run side by side, the one that holds their lock. Each has a turn of its own: what goes wrong
 * with it is none of theirs.
 */
#ifndef ELDER_H
#define ELDER_H

#include "peer.h"

/* Take this peer out of its turn, and keep it: the subject owns it then. Out of memory: it stays where it is. */
bool elder_keep(struct peer *p, int64_t begin_ns);

/* It says a few letters, and is answered; or it is noted in its own turn what went wrong. None, or it has said
 * something a moment before: nothing. */
void elder_speak(struct subject *s);

/*
 * It moves into this turn, with what went wrong. *begin_ns: when it began. NULL: there is none, or it has rested for
 * longer than a server must allow.
 */
struct peer *elder_take(struct turn *t, int64_t *begin_ns);

/* The same for the one that sleeps, from now on. */
bool elder_sleep(struct peer *p);

/* It moves into this turn, and nobody has looked at it for *slept_ns. NULL: there is none. */
struct peer *elder_wake(struct turn *t, int64_t *slept_ns);

/* They end politely, if they are there. */
void elder_end(struct subject *s);

#endif

/*
 * Two conversations that go on beside the cases that run after them, so that a limit on their age, and what a long rest
 * does, show, and nobody has to wait for that: one is spoken to every third of a second by a thread of its own, the
 * other sleeps. Each has a turn of its own: what goes wrong with it is none of the cases'. Nobody but the case that
 * keeps one calls these where cases run side by side.
 */
#ifndef ELDER_H
#define ELDER_H

#include "peer.h"

/* Take this peer out of its turn, and keep it: the subject owns it then. Out of memory: it stays where it is. */
bool elder_keep(struct peer *p, int64_t begin_ns);

/* It speaks seldom until it goes on; to a slow server, not at all after a last word. There is none: nothing. */
void elder_hush(struct subject *s);
void elder_go_on(struct subject *s);

/*
 * It moves into this turn, with what went wrong. *begin_ns: when it began. NULL: there is none, or it went wrong after
 * a rest that was longer than a server must allow, for the machine was busy.
 */
struct peer *elder_take(struct turn *t, int64_t *begin_ns);

/* The same for the one that sleeps, from now on. */
bool elder_sleep(struct peer *p);

/* It moves into this turn, and nobody has looked at it for *slept_ns. NULL: there is none. */
struct peer *elder_wake(struct turn *t, int64_t *slept_ns);

/* They end politely, if they are there. */
void elder_end(struct subject *s);

#endif

/*
 * One conversation that goes on beside the cases that run after it, so that a limit on its age shows, and nobody has to
 * wait for that. One thread at a time uses it: where cases run side by side, the one that holds their lock. It has a
 * turn of its own: what goes wrong with it is none of theirs.
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

/* It ends politely, if it is there. */
void elder_end(struct subject *s);

#endif

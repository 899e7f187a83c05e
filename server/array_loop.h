/*
 * Sources in an array, for the modes whose interface wants them listed anew each time (nonblocking, select, poll).
 * source->slot is the place. Removing moves the last one into the gap: so walk from the end to the beginning, and a
 * source that goes away while it is looked at takes nobody's turn.
 */
#ifndef ARRAY_LOOP_H
#define ARRAY_LOOP_H

#include "loop.h"

struct array_loop {
	struct loop loop;        /* first */
	struct source **sources; /* owned */
	size_t n, n_room;
};

int array_loop_add(struct array_loop *a, struct source *s); /* 0 or -ENOMEM */

/* Returns the slot that was filled by the last source. */
size_t array_loop_remove(struct array_loop *a, struct source *s);

void array_loop_release(struct array_loop *a);

#endif

/*
 * Memory for libev, which ends the process when realloc(3) fails, in the middle of its work, where nobody could be
 * told. So some is kept for it: when memory is short, it is given back, and libev has what it asked for. Until as much
 * can be kept again nobody may let libev watch more than it ever has, which is what makes its arrays grow.
 *
 * Units: bytes. Kept is three times the largest array that libev has asked for: it doubles them, and two may grow
 * before the next look. Untouched memory is address space only. Threads: each has a reserve of its own. See
 * ev_set_allocator in ev(3).
 */
#ifndef EV_RESERVE_H
#define EV_RESERVE_H

#include <stddef.h>

/* Before ev_loop_new(). 0 or -ENOMEM. */
int ev_reserve_init(void);

/* Before libev is given an n-th descriptor to watch: is there enough for its growth? Tries to fill the reserve. 0 or
 * -ENOMEM. */
int ev_reserve_fill(size_t n_watched);

/* What libev calls: realloc(3), free(3) for 0 bytes. */
void *ev_reserve_realloc(void *old, long n_bytes);

/* After ev_loop_destroy(). */
void ev_reserve_release(void);

#endif

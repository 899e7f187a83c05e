#include "ev_reserve.h"
#include <errno.h>
#include <ev.h>
#include <stdbool.h>
#include <stdlib.h>

#define LEAST_BYTES ((size_t)192 << 10) /* malloc(3) asks the kernel for more than it is asked for */
#define PIECE_BYTES ((size_t)16 << 10)
#define TIMES       3 /* the array of descriptors, doubled, and that of events beside it */

/* libev's callback is given nothing to find it by. */
static _Thread_local struct {
	void *kept; /* owned */
	size_t n_kept, largest, n_most;
} reserve;

static size_t wanted(void)
{
	return LEAST_BYTES + TIMES * reserve.largest;
}

static bool give_back(void)
{
	bool had = reserve.kept != NULL;

	free(reserve.kept);
	reserve.kept = NULL;
	reserve.n_kept = 0;
	return had;
}

/* As much as there is, before anybody else takes it. */
static void keep(void)
{
	for (size_t n = wanted(); !reserve.kept && n >= PIECE_BYTES; n /= 2) {
		reserve.kept = malloc(n);
		reserve.n_kept = reserve.kept ? n : 0;
	}
}

int ev_reserve_fill(size_t n_watched)
{
	size_t least = n_watched > reserve.n_most ? wanted() : reserve.largest + PIECE_BYTES;

	if (reserve.n_kept < least) {
		give_back();
		keep();
	}
	if (reserve.n_kept < least)
		return -ENOMEM;
	if (n_watched > reserve.n_most)
		reserve.n_most = n_watched;
	return 0;
}

void *ev_reserve_realloc(void *old, long n_bytes)
{
	size_t n = (size_t)n_bytes;
	void *memory;

	if (n == 0) {
		free(old);
		return NULL;
	}
	if (n > reserve.largest)
		reserve.largest = n;
	memory = realloc(old, n);
	if (!memory && give_back()) {
		memory = realloc(old, n);
		keep();
	}
	return memory;
}

int ev_reserve_init(void)
{
	ev_set_allocator(ev_reserve_realloc);
	return ev_reserve_fill(1);
}

void ev_reserve_release(void)
{
	give_back();
	reserve.largest = reserve.n_most = 0;
}

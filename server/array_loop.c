#include "array_loop.h"
#include <errno.h>
#include <stdlib.h>

int array_loop_add(struct array_loop *a, struct source *s)
{
	if (a->n == a->n_room) {
		size_t n_room = a->n_room ? 2 * a->n_room : 64;
		struct source **more = realloc(a->sources, n_room * sizeof(struct source *));

		if (!more)
			return -ENOMEM;
		a->sources = more;
		a->n_room = n_room;
	}
	s->slot = a->n;
	a->sources[a->n++] = s;
	return 0;
}

size_t array_loop_remove(struct array_loop *a, struct source *s)
{
	struct source *last = a->sources[--a->n];

	a->sources[s->slot] = last;
	last->slot = s->slot;
	return s->slot;
}

void array_loop_release(struct array_loop *a)
{
	free(a->sources);
}

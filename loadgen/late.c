#include "late.h"
#include <errno.h>
#include <stdlib.h>

static size_t place_of(const struct late_table *t, uint64_t key)
{
	return (size_t)((key * 0x9e3779b97f4a7c15ULL) >> 20) & (t->n_room - 1);
}

static void put(struct late_table *t, const struct late_request *request)
{
	size_t i = place_of(t, request->key);

	while (t->entries[i].used)
		i = (i + 1) & (t->n_room - 1);
	t->entries[i] = *request;
	t->entries[i].used = true;
	t->n++;
}

static int grow(struct late_table *t)
{
	struct late_table bigger = {.n_room = t->n_room ? t->n_room * 2 : 1024};

	bigger.entries = calloc(bigger.n_room, sizeof(*bigger.entries));
	if (!bigger.entries)
		return -ENOMEM;
	for (size_t i = 0; i < t->n_room; i++)
		if (t->entries[i].used)
			put(&bigger, &t->entries[i]);
	free(t->entries);
	*t = bigger;
	return 0;
}

int late_add(struct late_table *t, const struct late_request *request)
{
	if (t->n * 2 >= t->n_room && grow(t) < 0)
		return -ENOMEM;
	put(t, request);
	return 0;
}

bool late_take(struct late_table *t, uint64_t key, struct late_request *request)
{
	size_t i, hole;

	if (t->n == 0)
		return false;
	for (i = place_of(t, key); t->entries[i].used; i = (i + 1) & (t->n_room - 1))
		if (t->entries[i].key == key)
			break;
	if (!t->entries[i].used)
		return false;
	*request = t->entries[i];
	t->n--;
	/* Close the gap, so that a search never stops short (Knuth's algorithm R). */
	for (hole = i;;) {
		size_t home;
		t->entries[hole].used = false;
		do {
			i = (i + 1) & (t->n_room - 1);
			if (!t->entries[i].used)
				return true;
			home = place_of(t, t->entries[i].key);
		} while (hole <= i ? hole < home && home <= i : hole < home || home <= i);
		t->entries[hole] = t->entries[i];
		hole = i;
	}
}

void late_release(struct late_table *t)
{
	free(t->entries);
	t->entries = NULL;
	t->n = t->n_room = 0;
}

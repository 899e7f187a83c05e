#include "delay.h"

static bool before(const struct reply *a, const struct reply *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

void queue_push(struct queue *queue, struct reply *reply)
{
	size_t i = queue->n++;

	if (queue->n > queue->size) {
		queue->size = queue->n * 2;
		queue->at = realloc(queue->at, queue->size * sizeof(*queue->at));
		if (!queue->at)
			peer_die(3, "out of memory");
	}
	for (; i && before(reply, queue->at[(i - 1) / 2]); i = (i - 1) / 2)
		queue->at[i] = queue->at[(i - 1) / 2];
	queue->at[i] = reply;
}

struct reply *queue_first(const struct queue *queue)
{
	return queue->n ? queue->at[0] : NULL;
}

struct reply *queue_pop(struct queue *queue)
{
	struct reply *first = queue->at[0], *last = queue->at[--queue->n];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < queue->n) {
		if (child + 1 < queue->n && before(queue->at[child + 1], queue->at[child]))
			child++;
		if (!before(queue->at[child], last))
			break;
		queue->at[i] = queue->at[child];
		i = child;
	}
	queue->at[i] = last;
	return first;
}

/* Replies: which are spoilt, and how; the queue that holds them until they are due; the totals. */
#include "delay.h"

static bool rate_hits(const struct rate *rate, uint64_t number)
{
	return rate->n && number * rate->k / rate->n != (number - 1) * rate->k / rate->n;
}

enum spoil spoil_choose(const struct options *options, uint64_t number)
{
	for (enum spoil spoil = SPOIL_NONE + 1; spoil < SPOIL_N; spoil++)
		if (rate_hits(&options->spoil[spoil], number))
			return spoil;
	return SPOIL_NONE;
}

void reply_write(struct peer_text *out, const struct options *options, const struct reply *reply)
{
	time_t now = peer_now_ns(CLOCK_REALTIME) / 1000000000 - (reply->spoil == SPOIL_BAD_TIME ? 3723 : 0);
	bool round = reply->spoil == SPOIL_BAD_FORMAT;
	size_t start = out->n, n_data;
	char stamp[32];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%a %b %e %H:%M:%S %Y", &tm);
	peer_add_text(out, round ? "(" : "[");
	peer_add_text(out, stamp);
	peer_add_text(out, round ? ")" : "]");
	peer_add_text(out, options->space ? " " : "");
	n_data = out->n;
	peer_add(out, reply->bytes, reply->n);

	switch (reply->spoil) {
	case SPOIL_CORRUPT: out->p[out->n - 1] ^= 1; break;
	case SPOIL_TRUNCATE:
	case SPOIL_SHORT_REPLY: out->n--; break;
	case SPOIL_OVERSIZE: peer_add_text(out, "zz"); break;
	case SPOIL_RESET_IN_REPLY: out->n = start + (out->n - start) / 2; break;
	case SPOIL_WRONG_DATA:
		for (size_t i = n_data; i < out->n; i++)
			out->p[i] = out->p[i] == 'z' ? 'y' : 'z';
		break;
	default: break;
	}
}

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

int totals_write(const struct totals *totals, const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return -errno;
	fprintf(file,
	        "{\"connections\": %llu, \"messages\": %llu, \"replies\": %llu, \"unanswered\": %llu, "
	        "\"resets_after\": %llu",
	        (unsigned long long)totals->connections, (unsigned long long)totals->messages,
	        (unsigned long long)totals->replies, (unsigned long long)totals->unanswered,
	        (unsigned long long)totals->resets_after);
#define X(id, name, total, sentence)                                                                                   \
	fprintf(file, ", \"%s\": %llu", total, (unsigned long long)totals->spoilt[SPOIL_##id]);
	SPOILS(X)
#undef X
	fputs("}\n", file);
	return fclose(file) ? -errno : 0;
}

void arrivals_add(struct arrivals *arrivals, long long at_ns)
{
	if (arrivals->n == arrivals->size) {
		arrivals->size = arrivals->size ? arrivals->size * 2 : 4096;
		arrivals->at_ns = realloc(arrivals->at_ns, arrivals->size * sizeof(*arrivals->at_ns));
		if (!arrivals->at_ns)
			peer_die(3, "out of memory");
	}
	arrivals->at_ns[arrivals->n++] = at_ns;
}

int arrivals_write(const struct arrivals *arrivals, const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return -errno;
	for (size_t i = 0; i < arrivals->n; i++)
		fprintf(file, "%lld\n", arrivals->at_ns[i]);
	return fclose(file) ? -errno : 0;
}

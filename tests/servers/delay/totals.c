/* What happened, for files. */
#include "delay.h"

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

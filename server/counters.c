#include "counters.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int counters_area_init(struct counters_area *area)
{
	size_t bytes = COUNTERS_SLOTS * sizeof *area->slots;

	*area = (struct counters_area){.n_used = 1};
	area->free_slots = malloc(COUNTERS_SLOTS * sizeof *area->free_slots);
	if (!area->free_slots)
		return -ENOMEM;
	area->slots = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area->slots == MAP_FAILED) {
		free(area->free_slots);
		return -ENOMEM;
	}
	pthread_mutex_init(&area->lock, NULL);
	return 0;
}

void counters_area_release(struct counters_area *area)
{
	munmap(area->slots, COUNTERS_SLOTS * sizeof *area->slots);
	free(area->free_slots);
	pthread_mutex_destroy(&area->lock);
}

struct counters *counters_take(struct counters_area *area)
{
	struct counters *slot = NULL;

	pthread_mutex_lock(&area->lock);
	if (area->n_free > 0)
		slot = &area->slots[area->free_slots[--area->n_free]];
	else if (area->n_used < COUNTERS_SLOTS)
		slot = &area->slots[area->n_used++];
	pthread_mutex_unlock(&area->lock);
	return slot;
}

/* Move what `from` holds to slot 0, under the lock: a sum taken meanwhile sees it once. */
void counters_give_back(struct counters_area *area, struct counters *slot)
{
	struct counters *home = &area->slots[0];

	pthread_mutex_lock(&area->lock);
	for (int i = 0; i < COUNT_N; i++)
		count(home, (enum counter)i, atomic_exchange(&slot->counts[i], 0));
	for (int i = 0; i < ERROR_N; i++)
		atomic_fetch_add(&home->errors[i], atomic_exchange(&slot->errors[i], 0));
	area->free_slots[area->n_free++] = (uint32_t)(slot - area->slots);
	pthread_mutex_unlock(&area->lock);
}

void count_error(struct counters *c, enum counted_error which)
{
	atomic_fetch_add_explicit(&c->errors[which], 1, memory_order_relaxed);
}

enum counted_error counted_error_of(int error)
{
	static const int numbers[] = {
#define ERROR_NAME(id, number, name) number,
#include "counters.def"
#undef ERROR_NAME
	};

	for (int i = 0; i < ERROR_N; i++)
		if (numbers[i] && numbers[i] == error)
			return (enum counted_error)i;
	return ERROR_OTHER;
}

const char *counted_error_name(enum counted_error which)
{
	static const char *const names[] = {
#define ERROR_NAME(id, number, name) name,
#include "counters.def"
#undef ERROR_NAME
	};

	return names[which];
}

uint64_t counters_n_ended(const struct counters *slot)
{
	uint64_t n = 0;

	for (int i = COUNT_END_CLIENT; i <= COUNT_END_STOP; i++)
		n += atomic_load_explicit(&slot->counts[i], memory_order_relaxed);
	return n;
}

uint64_t counters_n_open(const struct counters *slot)
{
	return atomic_load_explicit(&slot->counts[COUNT_ACCEPTED], memory_order_relaxed) - counters_n_ended(slot);
}

/* "ended.client" goes into the object "ended", which is made when it is first named. */
static void report_one(cJSON *object, const char *path, uint64_t value)
{
	const char *dot = strchr(path, '.');
	char group[32] = "";

	if (dot) {
		memcpy(group, path, (size_t)(dot - path));
		path = dot + 1;
		if (!cJSON_GetObjectItemCaseSensitive(object, group))
			ts_json_add_object(object, group);
		object = cJSON_GetObjectItemCaseSensitive(object, group);
	}
	ts_json_add_int(object, path, (int64_t)value);
}

/*
 * Conversations are begun and ended while the slots are read. Each is counted where it begins first, and maybe
 * elsewhere when it ends: so all ends are read before any beginning, and never more of them.
 */
static void sum_up(struct counters_area *area, struct counters *sums)
{
	*sums = (struct counters){0};
	pthread_mutex_lock(&area->lock);
	for (int i = COUNT_N; i-- > 0;)
		for (uint32_t k = 0; k < area->n_used; k++)
			sums->counts[i] += atomic_load_explicit(&area->slots[k].counts[i], memory_order_acquire);
	for (int i = 0; i < ERROR_N; i++)
		for (uint32_t k = 0; k < area->n_used; k++)
			sums->errors[i] += atomic_load_explicit(&area->slots[k].errors[i], memory_order_relaxed);
	pthread_mutex_unlock(&area->lock);
}

_Static_assert(COUNT_ACCEPTED < COUNT_END_CLIENT, "sum_up() reads the last rows first");

void counters_report(struct counters_area *area, cJSON *object)
{
	static const char *const paths[] = {
#define COUNTER(id, path) path,
#include "counters.def"
#undef COUNTER
	};
	struct counters sums;
	cJSON *errors;

	sum_up(area, &sums);
	ts_json_add_int(object, "open_count", (int64_t)counters_n_open(&sums));
	for (int i = 0; i < COUNT_N; i++)
		report_one(object, paths[i], sums.counts[i]);
	errors = ts_json_add_object(object, "errors");
	for (int i = 0; i < ERROR_N; i++)
		if (sums.errors[i])
			ts_json_add_int(errors, counted_error_name((enum counted_error)i), (int64_t)sums.errors[i]);
}

/*
 * Counters of the server: one slot for each worker, merged when somebody asks. What --stats reports.
 *
 * The slots lie in shared memory, so threads and processes are counted by the same code, and the counts of a process
 * that died are not lost. A slot has one writer; a reader sees counts that may be a few events old. Nothing here locks
 * but taking and giving back a slot, which only the process that made the area does.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include "ts_json.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

enum counter {
#define COUNTER(id, path) COUNT_##id,
#include "counters.def"
#undef COUNTER
	COUNT_N
};

enum counted_error {
#define ERROR_NAME(id, number, name) ERROR_##id,
#include "counters.def"
#undef ERROR_NAME
	ERROR_N
};

/* How a conversation ended, in the order of the END rows. */
enum end { END_CLIENT, END_EMPTY_LINE, END_RESET, END_IDLE, END_LIMIT, END_ERROR, END_STOP };

struct counters {
	_Atomic uint64_t counts[COUNT_N];
	_Atomic uint64_t errors[ERROR_N];
	_Atomic int64_t n_places; /* of --max-clients, that a child of processes.c holds */
};

#define COUNTERS_SLOTS 32768 /* most workers at one time; memory is used as far as touched */

struct counters_area {
	struct counters *slots;  /* shared mapping, owned */
	uint32_t *free_slots;    /* owned: a stack of the slots that were given back */
	uint32_t n_free, n_used; /* n_used: slots that were ever taken; slot 0 holds what the others gave back */
	pthread_mutex_t lock;
};

int counters_area_init(struct counters_area *area); /* 0 or -errno */
void counters_area_release(struct counters_area *area);

struct counters *counters_take(struct counters_area *area); /* NULL: all slots are taken */
void counters_give_back(struct counters_area *area, struct counters *slot);

/* One writer: a plain addition that a reader in another thread may watch, after all that was counted before. */
static inline void count(struct counters *c, enum counter which, uint64_t n)
{
	uint64_t now = atomic_load_explicit(&c->counts[which], memory_order_relaxed);

	atomic_store_explicit(&c->counts[which], now + n, memory_order_release);
}

/* Of a slot that one process has for itself: how many conversations it ended, and how many of those that it accepted
 * go on, or were left open when it died. */
uint64_t counters_n_ended(const struct counters *slot);
uint64_t counters_n_open(const struct counters *slot);

void count_error(struct counters *c, enum counted_error which);
enum counted_error counted_error_of(int error); /* by its errno; ERROR_OTHER for those that have no name here */
const char *counted_error_name(enum counted_error which);

/* The sums over all slots into a JSON object. Taken while others count, too, what was accepted has ended or is open. */
void counters_report(struct counters_area *area, cJSON *object);

#endif

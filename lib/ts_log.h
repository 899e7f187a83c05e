/*
 * Messages on standard error, one line each: "program: text". The only place that prints there but ts_live.
 *
 * A struct ts_log is a value made at start-up and handed around; nothing is kept at file scope. Lines are written with
 * one write(2), so that those of several processes do not mix. Safe in any thread; not in signal handlers.
 */
#ifndef TS_LOG_H
#define TS_LOG_H

#include "ts_err.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum ts_log_level { TS_LOG_ERROR, TS_LOG_WARN, TS_LOG_INFO, TS_LOG_DEBUG };
#define TS_LOG_LEVELS "error|warn|info|debug" /* for an option of type TS_OPT_CHOICE, in the order above */

struct ts_log {
	const char *program; /* borrowed */
	enum ts_log_level level;
};

void ts_log(const struct ts_log *log, enum ts_log_level level, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Something that may happen a million times: said the first time, counted for ever. Zero-initialised by its owner. */
struct ts_log_once {
	_Atomic uint64_t n_seen;
};

/* Count, and return true the first time only: `if (ts_log_first(&s->emfile)) ts_log(...)`. */
bool ts_log_first(struct ts_log_once *once);

/* Print the sentence of `err` as an error and return its exit status: `return ts_log_fail(&log, &err);` in main. */
int ts_log_fail(const struct ts_log *log, const struct ts_err *err);

#endif

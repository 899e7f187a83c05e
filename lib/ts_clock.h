/*
 * Clocks: the only file that reads them. All times are int64_t nanoseconds.
 *
 * mono  CLOCK_MONOTONIC: durations, schedules and latencies. Never compared with another machine's.
 * wall  CLOCK_REALTIME since 1970: time stamps only. It may step.
 */
#ifndef TS_CLOCK_H
#define TS_CLOCK_H

#include <stdint.h>

#define TS_US 1000LL
#define TS_MS 1000000LL
#define TS_S  1000000000LL

int64_t ts_clock_mono_ns(void);
int64_t ts_clock_wall_ns(void);
int64_t ts_clock_wall_coarse_ns(void); /* a few ns to read, right to one kernel tick (1 to 10 ms), never ahead */
int64_t ts_clock_thread_cpu_ns(void);  /* processor time of the calling thread */

/* Sleep until a monotonic moment; returns early, with -EINTR, when a signal is handled. */
int ts_clock_sleep_until(int64_t mono_ns);

/* `wall_ns` as "2026-11-22T10:30:00.123Z" into buf (at least 32 bytes). Returns buf. For fields named *_at. */
const char *ts_clock_text(int64_t wall_ns, char *buf, unsigned long size);

#endif

/*
 * Numbers with units, read from and written for people.
 *
 *   duration  10s 500ms 20us 100ns 1.5m 2h; a bare number is seconds          -> nanoseconds
 *   count     10 50k 1M 1e6 (decimal: k = 1,000)                               -> count
 *   bytes     64 1KiB 4k (= 4 KiB) 1MiB 1GiB 1kB (= 1,000) 1MB                 -> bytes
 *   rate      200 50k 0.5 12.5k 100/s 10/ms                                    -> per second
 *   percent   5% 0.05                                                          -> fraction
 * Parsers read the whole text. They return 0, or -EINVAL (not such a number) or -ERANGE (too large).
 * Formatters write at most `size` bytes with the terminator and return buf: three significant digits, "1.23 ms".
 */
#ifndef TS_UNITS_H
#define TS_UNITS_H

#include <stddef.h>
#include <stdint.h>

int ts_units_duration(const char *text, int64_t *ns);
int ts_units_count(const char *text, int64_t *count);
int ts_units_bytes(const char *text, int64_t *bytes);
int ts_units_rate(const char *text, double *per_s);
int ts_units_percent(const char *text, double *fraction);

const char *ts_units_show_duration(int64_t ns, char *buf, size_t size); /* 850 ns, 12.3 us, 1.20 ms, 2 min 03 s */
const char *ts_units_show_count(double count, char *buf, size_t size);  /* 999, 12.3k, 1.20M */
const char *ts_units_show_bytes(double bytes, char *buf, size_t size);  /* 64 B, 12.3 KiB */

#endif

/*
 * Seeded random variates over GSL (xoshiro256++ seeded by splitmix64): the same seed gives the same numbers everywhere.
 * One per thread. Streams: what ts_random_fork makes depends on the parent's seed and the stream's number alone, not on
 * what has been drawn; streams differ from each other and from their parent.
 * Source: https://prng.di.unimi.it (generator), Knuth's TAOCP 2, 3.4.2 (shuffle).
 */
#ifndef TS_RANDOM_H
#define TS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct ts_random; /* private */

struct ts_random *ts_random_new(uint64_t seed); /* owned; NULL when out of memory */
void ts_random_free(struct ts_random *r);
struct ts_random *ts_random_fork(struct ts_random *r, uint64_t stream);

uint64_t ts_random_below(struct ts_random *r, uint64_t bound); /* 0 .. bound-1, unbiased; bound > 0 */
double ts_random_unit(struct ts_random *r);                    /* (0, 1) */
double ts_random_exponential(struct ts_random *r, double mean);
double ts_random_normal(struct ts_random *r, double mean, double stddev);
double ts_random_lognormal(struct ts_random *r, double zeta, double sigma);
void ts_random_shuffle(struct ts_random *r, void *base, size_t n, size_t size);

#endif

/*
 * How large a message is: a law of sizes, drawn from with a random source.
 *
 *   64                          always 64 bytes
 *   uniform:16:1024             any size from 16 to 1,024
 *   lognormal:200:1.5[:65536]   median 200, sigma 1.5 of the logarithm, cut off at the third number
 *   file:PATH                   one size a line; drawn with equal chance
 * Bytes are written as everywhere (4KiB, 1MiB). Sizes are 1 byte to 16 MiB.
 */
#ifndef SIZE_H
#define SIZE_H

#include "ts_err.h"
#include "ts_random.h"
#include <stdint.h>

#define SIZE_MAX_BYTES (16 << 20)
#define SIZE_FORMS     "must be BYTES, uniform:MIN:MAX, lognormal:MEDIAN:SIGMA[:MAX] or file:PATH, sizes 1 to 16MiB"

enum size_law { SIZE_FIXED, SIZE_UNIFORM, SIZE_LOGNORMAL, SIZE_FILE };

struct size_spec {
	enum size_law law;
	uint32_t min_bytes, max_bytes; /* no draw is outside */
	double zeta, sigma;            /* lognormal */
	uint32_t *list;                /* file; owned */
	uint32_t n_list;
};

/* 0, -EINVAL (exit status 2) or, where the file cannot be read, -errno (exit status 3). */
int size_parse(struct size_spec *s, const char *text, struct ts_err *err);
void size_release(struct size_spec *s);

/* One size. */
uint32_t size_draw_random(const struct size_spec *s, struct ts_random *random);
static inline uint32_t size_draw(const struct size_spec *s, struct ts_random *random)
{
	return s->law == SIZE_FIXED ? s->max_bytes : size_draw_random(s, random);
}

/* Mean size: exact but for lognormal, where the cut is not counted. */
double size_mean(const struct size_spec *s);

#endif

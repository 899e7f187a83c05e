/*
 * 10:30:25.000 is either a moment of a clock that shows milliseconds, or one of a clock that shows seconds, with zeros
 * written after them; and 10:30:25.300 may be of a clock that steps by 100 ms. One text does not tell, several do.
 * Pure: the present is an argument.
 */
#ifndef DIALECT_ZEROS_H
#define DIALECT_ZEROS_H

#include "ts_stamp.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * `format` reads the text of n bytes. True: its fraction ends in zeros, and at most one digit stands before them. Fills
 * *coarse with the pattern in which these zeros stand for themselves, so that its resolution is that of the digits
 * left.
 */
bool dialect_zeros(const struct ts_stamp_format *format, const char *text, size_t n, int64_t now_ns,
                   struct ts_stamp_format *coarse);

/* The same text where the fraction is nothing but zeros, for those that leave it out then, as Python's isoformat and
 * Java's Instant do. False: it has no fraction. */
bool dialect_zeros_dropped(const struct ts_stamp_format *coarse, struct ts_stamp_format *whole);

#endif

/*
 * A time text that is of none of the named kinds, read as a text of strftime(3): which pattern does it follow?
 *
 * The text is walked from its beginning. Where a number or a name stands, each conversion that may stand there is tried
 * in turn; every other byte stands for itself. The first pattern that gives back the text byte for byte, with a time
 * that is the present one, is the answer. Pure: the present is an argument.
 */
#ifndef DIALECT_GUESS_H
#define DIALECT_GUESS_H

#include "ts_stamp.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fills the format, what it reads in the text, and the zone (guessed, if the text states none). False: no pattern. */
bool dialect_guess(const char *text, size_t n, int64_t now_ns, struct ts_stamp_format *format, struct ts_stamp *stamp,
                   int32_t *zone_s);

/* Is this word of n bytes the name of a weekday or a month in English, or its first three letters, in any case? */
bool dialect_guess_is_name(const char *word, size_t n);

#endif

/*
 * What the files of ts_reply_shape*.c share: a reply with the data it answers, ways to look at its texts, and one
 * function a shape. Pure; nothing fails. All texts are borrowed bytes with their count, and need no NUL.
 *
 *   ts_reply_shape.c        asks the rows of ts_reply_shapes.def in turn
 *   ts_reply_shape_other.c  no stamp at all: another service
 *   ts_reply_shape_stamp.c  a stamp that is elsewhere or otherwise
 *   ts_reply_shape_data.c   a good stamp, and other data
 *   ts_reply_text.c         the looks
 */
#ifndef TS_REPLY_SHAPE_INSIDE_H
#define TS_REPLY_SHAPE_INSIDE_H

#include "ts_reply_shape.h"
#include <stdbool.h>

/* The data that were sent, and the whole reply to them; `line`: the data without their line's end. */
struct ts_exchange {
	const char *in, *out, *line;
	size_t n_in, n_out, n_line;
	size_t n_out_line; /* the reply without its line's end */
};

/* Does the exchange have this shape? n_out may be 0 only for the first row. */
#define SHAPE(function, sentence) bool function(const struct ts_exchange *x);
#include "ts_reply_shapes.def"
#undef SHAPE

/* Does the text end, but for its line's end, in the data with some letters in the other case? */
bool ts_exchange_ends_in_another_case(const struct ts_exchange *x, const char *text, size_t n);

/* The bytes of it before the CR and LF at its end. */
size_t ts_text_without_line_end(const char *text, size_t n);

bool ts_text_begins(const char *text, size_t n, const char *with, size_t n_with);
bool ts_text_ends(const char *text, size_t n, const char *with, size_t n_with);

/* Bytes up to the first of `what`, or n. */
size_t ts_text_find(const char *text, size_t n, char what);

/* Is it a time, with blanks and punctuation around it? */
bool ts_text_is_loose_time(const char *text, size_t n);

#endif

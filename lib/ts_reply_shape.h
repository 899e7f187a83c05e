/*
 * What a reply is that is not of the protocol, in one plain sentence: a table of shapes, asked in turn. Private to
 * ts_reply*.c. Source: docs/protocol.md, "Servers in the wild".
 */
#ifndef TS_REPLY_SHAPE_H
#define TS_REPLY_SHAPE_H

#include "ts_stamp.h"
#include <stddef.h>

/* "[time]" at the beginning of the text: its bytes, or 0. */
size_t ts_reply_stamp_at(const char *text, size_t n, struct ts_stamp *stamp);

/* `out` is a whole reply to `in`, n_in >= 1. The sentence is static; there is always one. */
const char *ts_reply_shape(const char *in, size_t n_in, const char *out, size_t n_out);

#endif

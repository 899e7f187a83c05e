/*
 * Data as languages show it to their programmers, in place of the data itself. Private to ts_reply*.c. `text` is what
 * came, `data` what was to come, without its line's end; n_data >= 1.
 */
#ifndef TS_REPLY_SHOWN_H
#define TS_REPLY_SHOWN_H

#include <stdbool.h>
#include <stddef.h>

/* The numbers of its bytes: [97 98], <Buffer 61 62>, 97,98 */
bool ts_shown_as_numbers(const char *text, size_t n, const char *data, size_t n_data);

/* Hexadecimal or base64. Data of more than 24 bytes is not looked at. */
bool ts_shown_encoded(const char *text, size_t n, const char *data, size_t n_data);

/* The name of an object, or of nothing: [B@1b6d3586, undefined */
bool ts_shown_as_object(const char *text, size_t n, const char *data, size_t n_data);

#endif

/*
 * Is this text a JSON document, and if not, where and why? Pure, and stricter than cJSON, which then parses what
 * passed.
 *
 * Refused beyond RFC 8259's grammar: bytes that are not UTF-8, NUL (as a byte and as \u0000: cJSON would cut the text
 * there), lone surrogates, numbers beyond a double or of more than 60 characters (cJSON's limit is 63), nesting deeper
 * than TS_JSON_MAX_DEPTH, more than TS_JSON_MAX_VALUES values. Names may occur twice.
 * Source: RFC 8259; RFC 3629 (UTF-8).
 */
#ifndef TS_JSON_CHECK_H
#define TS_JSON_CHECK_H

#include <stddef.h>

/* NULL when all is well, or a static sentence that says what is wrong at offset *at. */
const char *ts_json_check(const char *text, size_t n, size_t *at);

/* The length (1 to 4) of the UTF-8 sequence at the start of n bytes; 0 when there is none. */
size_t ts_json_utf8(const char *bytes, size_t n);

#endif

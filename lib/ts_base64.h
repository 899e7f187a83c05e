/*
 * Base64 with padding, without line breaks. Source: RFC 4648, section 4.
 */
#ifndef TS_BASE64_H
#define TS_BASE64_H

#include <stddef.h>

/* Bytes of the text for n bytes, with its terminator; and at most how many bytes a text of n characters can hold. */
#define TS_BASE64_TEXT(n)  (((n) + 2) / 3 * 4 + 1)
#define TS_BASE64_BYTES(n) ((n) / 4 * 3)

/* Write the text, TS_BASE64_TEXT(n) bytes. Returns its length. */
size_t ts_base64_encode(const void *bytes, size_t n, char *text);

/* Read a text of n characters into TS_BASE64_BYTES(n) bytes. Returns how many they are, or -EINVAL. */
long ts_base64_decode(const char *text, size_t n, void *bytes);

#endif

/*
 * A cJSON tree as text, indented by two blanks, with a newline at its end.
 *
 * cJSON's own printer keeps 15 digits when that is "nearly equal" (9007199254740991 becomes 9.00719925474099e+15), so
 * this one writes every integer up to 2^53 in full and every other double with the digits that read back as the same
 * number. NaN and infinities become null; bytes that are not UTF-8 become \xNN, as in ts_json_printable.
 */
#ifndef TS_JSON_PRINT_H
#define TS_JSON_PRINT_H

#include <cjson/cJSON.h>
#include <stddef.h>

/* In cJSON's `type` of an object or array: memory was short when something was to be added, so it is not whole. */
#define TS_JSON_PART (1 << 24)

/* Owned text of *n bytes and a terminator, or NULL when out of memory, now or when the tree was made. */
char *ts_json_print(const cJSON *root, size_t *n);

#endif

/*
 * JSON over cJSON: loaded with limits, looked up by path and type, written whole or not at all.
 * Numbers are doubles: integers are exact up to 2^53. Moments are texts (RFC 3339), durations numbers of nanoseconds.
 * Source: https://github.com/DaveGamble/cJSON
 */
#ifndef TS_JSON_H
#define TS_JSON_H

#include "ts_err.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_JSON_MAX_BYTES  (256 << 20)
#define TS_JSON_MAX_DEPTH  64
#define TS_JSON_MAX_VALUES (8 << 20) /* about 0.5 GiB of cJSON's nodes */

/*
 * Read one document ("-": standard input). Returns it (owned: cJSON_Delete), or NULL with "FILE: line 3, column 7:
 * what" in err. Refused: larger than the limits, text after the document, invalid UTF-8, NUL bytes; all of it is in
 * ts_json_check.h.
 */
cJSON *ts_json_load(const char *path, struct ts_err *err);
cJSON *ts_json_parse(const char *text, size_t n, const char *name, struct ts_err *err);

/* The member at "latency.response.percentiles" or "cases[3].id"; NULL when it is not there. Borrowed. Keys may hold no
 * dot unless quoted: `percentiles."99.9"`. */
const cJSON *ts_json_at(const cJSON *root, const char *path);

/* Typed look-ups with a fallback for what is missing, null or of another type. Texts are borrowed. */
double ts_json_real(const cJSON *root, const char *path, double fallback);
int64_t ts_json_int(const cJSON *root, const char *path, int64_t fallback);
const char *ts_json_text(const cJSON *root, const char *path, const char *fallback);
bool ts_json_bool(const cJSON *root, const char *path, bool fallback);

/* Add to an object, or with name NULL to the end of an array. NaN and infinities become null; the int64 is exact up to
 * 2^53; a NULL text becomes null. Without memory nothing is added, and the tree is not written later: so nothing needs
 * to be checked here. */
void ts_json_add_real(cJSON *object, const char *name, double value);
void ts_json_add_int(cJSON *object, const char *name, int64_t value);
void ts_json_add_text(cJSON *object, const char *name, const char *value);
void ts_json_add_bool(cJSON *object, const char *name, bool value);
void ts_json_add_null(cJSON *object, const char *name);
cJSON *ts_json_add_object(cJSON *object, const char *name);
cJSON *ts_json_add_array(cJSON *object, const char *name);

/* A text of any bytes as JSON can hold it: bytes that are not UTF-8 become "\xNN" (four characters). Owned (free). */
char *ts_json_printable(const void *bytes, size_t n);

/*
 * Write to a file by way of a temporary one beside it, fsync and rename; on failure nothing stays. "-" is standard
 * output; pipes and devices are written to directly. 0 or -errno with err (exit status 3).
 */
int ts_json_write(const char *path, const cJSON *root, struct ts_err *err);

/* The same atomic write for any bytes: charts, pages, XML. */
int ts_file_write(const char *path, const void *bytes, size_t n, struct ts_err *err);

/* What helps where a write failed with this errno: a text to stand behind the reason; "". */
const char *ts_file_advice(int error);

/* Whether that can be done, as far as it can be known before: a long run whose result has no place is a lost one.
 * `option` is where the path was given, such as "--json"; `path` NULL: it was not. 0 or -errno with err (exit
 * status 3). */
int ts_file_check(const char *option, const char *path, struct ts_err *err);

#endif

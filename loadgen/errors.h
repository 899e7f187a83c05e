/*
 * Classes of errors. The table is errors.def; docs/load.md describes each class from the same sentences.
 * Worker-private counters that live in shared memory and are added up by errors_merge. Times are from the run's start.
 */
#ifndef ERRORS_H
#define ERRORS_H

#include "ts_reply.h"
#include <stdint.h>

enum error_class {
#define X(id, text) ERROR_##id,
#include "errors.def"
#undef X
	ERROR_N
};

struct error_entry {
	uint64_t n, n_warmup;      /* all of them; those that belong to the warm-up */
	int64_t first_ns, last_ns; /* monotonic; undefined while n == 0 */
	char example[200];         /* of the first: a sentence, or the bytes that came, printable */
};

struct errors {
	struct error_entry entry[ERROR_N];
};

const char *error_name(enum error_class id); /* "reply_timeout" */
const char *error_text(enum error_class id); /* its sentence */

/* The class of a failed connect(2) or socket(2), and that of a broken law. */
enum error_class error_of_connect(int error);
enum error_class error_of_verdict(enum ts_reply_verdict verdict);

void errors_note(struct errors *e, enum error_class id, uint64_t n, int64_t now_ns);

/* Whether the class has no example yet, and writing it: format text, or bytes made printable. */
void errors_example(struct errors *e, enum error_class id, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
void errors_example_bytes(struct errors *e, enum error_class id, const char *expected, const char *bytes, size_t n);

void errors_merge(struct errors *dst, const struct errors *src);

#endif

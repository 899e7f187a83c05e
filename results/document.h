/*
 * A result file: loaded, and checked against its schema, always. What the rest of the room reads has the right shape.
 */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include "ts_err.h"
#include <cjson/cJSON.h>

/*
 * Load PATH ("-": standard input), which must be a document of `kind`, such as "load" or "run"; NULL: of any kind that
 * has a schema. Returns it (owned: cJSON_Delete), or NULL with one sentence in err, exit status 3: the file's name, the
 * place in it and what is wrong.
 */
cJSON *document_load(const char *path, const char *kind, struct ts_err *err);

/*
 * What a schema cannot say of a load result: the ledger adds up, and each histogram holds as many values as its `count`
 * says. Part of document_check. 0, or -EINVAL with err.
 */
int document_check_sums(const cJSON *load, struct ts_err *err);

/* Check what is to be written, for the same reasons. 0, or -EINVAL with err: that is a fault of this program. */
int document_check(const cJSON *document, const char *kind, struct ts_err *err);

/* "load" of "tsbench.load/1"; NULL when the document does not say so. `buf` of at least 32 bytes. */
const char *document_kind(const cJSON *document, char *buf, size_t size);

#endif

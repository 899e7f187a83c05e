/*
 * The answer, at a glance: three sentences made from the figures. Which mode leads which workload, by how much, and
 * where that cannot be told; what each request costs; who was not served.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "summary.h"
#include <stdio.h>

#define ANSWER_SENTENCES 3

/* Write the sentences, each on a line of its own, as plain text. 0 or -ENOMEM with err. */
int answer_write(FILE *out, const struct summary *s, struct ts_err *err);

#endif

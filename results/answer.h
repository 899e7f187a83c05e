/*
 * The answer, at a glance: three sentences made from the figures. Which mode leads which workload by how much in
 * throughput, in latency and in cost, and where that cannot be told. A mode that left connections unserved leads
 * nothing. A note says so, and what could not be measured.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "summary.h"
#include <stdio.h>

/* Write the sentences, each on a line of its own, as plain text; a line that begins with "Note: " is one. 0 or -ENOMEM
 * with err. */
int answer_write(FILE *out, const struct summary *s, struct ts_err *err);

#endif

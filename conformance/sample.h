/*
 * The first reply of a server whose rule could not be learnt: some cases judge that, for it may be all there is to
 * judge.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "suite.h"

/* Is there a sample, and nothing better? */
bool sampled(const struct turn *t);

/* Note the sample as what came instead of the expected: the probe's trace shows it. */
void sample_show(struct turn *t, const char *expected);

/* The text between the brackets of the sample. */
bool sample_time(const struct turn *t, const char **text, size_t *n);

#endif

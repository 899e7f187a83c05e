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

/* The sample begins with no bracket: of what stands behind one nothing can be said, and the case is skipped. */
bool sample_lacks_bracket(struct turn *t);

/* The data of the sample's message, where it came back; NULL: it did not, and the case is skipped. */
const char *sample_data(struct turn *t);

/* The text between the brackets of the sample. */
bool sample_time(const struct turn *t, const char **text, size_t *n);

#endif

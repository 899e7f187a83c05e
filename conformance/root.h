/*
 * One fault, one finding. Some faults spoil every conversation: a clock that stands still, bytes after the client's
 * end, a conversation that is closed after ten messages. Each of them has a case that is about it, the root; when that
 * failed, other cases that went wrong in the very same way have nothing to say about what they are for, and are set
 * aside with its name.
 */
#ifndef ROOT_H
#define ROOT_H

#include "runner.h"

/* Another case is about what went wrong in r, and it may not have run yet. */
bool root_may_come(const struct result *r);

/* Did it go wrong in the way that its case is about? Then it is judged before others. */
bool root_is(const struct result *r);

/*
 * A fault that shows now and then may pass by the case that is about it, and spoil many others: then it is the finding
 * of that case all the same.
 */
void root_gather(struct report *report);

/* The failed case that is about what went wrong in r; NULL: r speaks for itself. */
const struct result *root_of(const struct report *report, const struct result *r);

#endif

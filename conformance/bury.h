/*
 * The finding about a server that is lost, or that ends by itself: one, of the case that is to blame. What has not been
 * run then is set aside.
 */
#ifndef BURY_H
#define BURY_H

#include "runner.h"

/* Did some case meet the server's end, and not only its absence? */
bool bury_has_culprit(const struct report *report);

/* Was its conversation cut off? */
bool bury_is_cut(const struct result *r);

/* The first to fail, or the most suspicious of those that noticed the death at the same time; NULL: none failed. */
struct result *bury_first_to_fail(struct report *report);

/*
 * The case in which the server was lost. When that case could not even connect, the server went away with the client
 * before it, and the finding is about the next client.
 */
void bury(struct report *report, struct result *killer);

/*
 * No case brings its end again: it ends after some clients (it had served so many), or some time. `met` has met that.
 * False: it met it in a case that is no MUST, and no case is left that is about a server's end.
 */
bool bury_ender(struct report *report, struct result *met, int n_served);

#endif

/*
 * Before a run: is there enough of everything that the load needs? Descriptors, local addresses and ports, memory; a
 * place for the result; the process to be sampled. Where one is short, the sentence says which, how much there is, and
 * how far it would get. Exit status 3.
 */
#ifndef PREFLIGHT_H
#define PREFLIGHT_H

#include "plan.h"

/* Worker processes for this plan: as asked, or as many as the hard limit of descriptors makes necessary; but never more
 * workers than connections, for each worker owns a share of the schedule. */
unsigned preflight_processes(const struct plan *plan);

/* Raises the soft limit of descriptors, then checks. 0 or -errno with err. */
int preflight(const struct plan *plan, struct ts_err *err);

#endif

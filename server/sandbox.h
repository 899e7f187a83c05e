/*
 * After the sockets are open, the process gives up what serving does not need, for itself and its children, for good:
 *   seccomp   system calls that are not in sandbox_calls.def fail: no new sockets, nothing executed
 *   Landlock  nothing is executed, and files are made, written and removed only in the folders of --stats and of our
 * UNIX paths Both are taken as far as the kernel has them (--sandbox=auto), or demanded (on), or left (off). Sanitizers
 * need more calls than a server: programs built with them stay outside. Source: seccomp(2), libseccomp's
 * seccomp_rule_add(3), landlock(7).
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include "listener.h"
#include "options.h"

/* 0, or -errno with err when --sandbox=on cannot be had. */
int sandbox_enter(const struct settings *set, const struct listeners *ls, const struct ts_log *log, struct ts_err *err);

/* For mode uring, once its ring is there: no further ring, for which the confinement of the first would not hold. 0 or
 * -errno. */
int sandbox_end_rings(const struct settings *set);

#endif

/*
 * What the control group of this process allows it: how often it has been held back (throttled), because it had used up
 * its share of processor time, and how much memory it may still take. Source: cgroups(7); the kernel's cgroup-v2.rst
 * (cpu.stat, memory.max), sched-bwc.rst and cgroup-v1/memory.rst.
 *
 *   /proc/self/cgroup        0::/jobs/a            the unified hierarchy; below MOUNT or MOUNT/unified
 *                            4:cpu,cpuacct:/jobs/a the older one of the controller cpu; below MOUNT/cpu,cpuacct
 *   .../jobs/a/cpu.stat      nr_throttled 17       periods in which somebody of the group had to wait
 *
 *   .../jobs/a/memory.max    134217728, or max; in the older hierarchy of the controller memory, memory.limit_in_bytes
 *
 * A group is held back with the groups it is in, so all of them are added up; of their limits the narrowest counts.
 */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdint.h>

#define CGROUP_SELF  "/proc/self/cgroup"
#define CGROUP_MOUNT "/sys/fs/cgroup"

/* Throttled periods of the group that the file `self` names, and of those it is in, since they were
 * made; -1: unknown. */
int64_t cgroup_throttled(const char *self, const char *mount);

/* Bytes that it may still take; -1: no limit is known. */
int64_t cgroup_memory_free_bytes(const char *self, const char *mount);

#endif

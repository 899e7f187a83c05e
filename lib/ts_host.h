/*
 * Facts of the machine, for every result: what a figure means depends on them.
 */
#ifndef TS_HOST_H
#define TS_HOST_H

#include <cjson/cJSON.h>
#include <stdint.h>

/*
 * {"kernel", "machine", "cpu_model", "cores_count", "memory_bytes", "governor", "virtualized",
 *  "limits": {"descriptors_soft_count", "descriptors_hard_count"}, "somaxconn_count", "port_range": [low, high],
 *  "load_1min", "cpu_dma_latency_held"}
 * Owned. What cannot be read is null.
 */
cJSON *ts_host_facts(void);

int ts_host_cores(void);                      /* that this process may run on */
int64_t ts_host_memory_available_bytes(void); /* -1: unknown */
double ts_host_steal_s(void); /* processor seconds stolen by the hypervisor since boot, all cores; NaN: unknown */
double ts_host_load(void);    /* running and waiting tasks right now, this one included; NaN: unknown */

/* Raise the soft limit of descriptors to the hard one. Returns what it is now. */
int64_t ts_host_raise_descriptors(void);

#endif

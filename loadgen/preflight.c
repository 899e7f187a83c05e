#include "preflight.h"
#include "ts_host.h"
#include "ts_units.h"
#include "worker.h"
#include <errno.h>
#include <stdio.h>

#define DESCRIPTORS_OWN 64   /* standard streams, loops, timers, files of /proc */
#define KERNEL_BYTES    3200 /* of one established TCP client socket, measured: half of 6.3 KiB a pair */
#define PROCESS_BYTES   (3 << 20)

static int64_t all_connections(const struct plan *plan)
{
	return plan->n_connections + plan->n_idle;
}

static int64_t per_process(int64_t limit, int64_t n_threads)
{
	return limit - DESCRIPTORS_OWN - 4 * n_threads;
}

unsigned preflight_processes(const struct plan *plan)
{
	int64_t room = per_process(ts_host_raise_descriptors(), plan->n_threads), n = plan->n_processes;
	int64_t most = plan->n_connections / plan->n_threads;

	if (n == 0)
		n = room < 1 ? 1 : (all_connections(plan) + room - 1) / room;
	if (n > most)
		n = most;
	return n < 1 ? 1 : n > PLAN_PROCESSES_MAX ? PLAN_PROCESSES_MAX : (unsigned)n;
}

static int check_descriptors(const struct plan *plan, struct ts_err *err)
{
	int64_t limit = ts_host_raise_descriptors(), n = preflight_processes(plan);
	int64_t reach = per_process(limit, plan->n_threads) * n;

	if (all_connections(plan) <= reach)
		return 0;
	return ts_err_set(err, EMFILE,
	                  "not enough descriptors: %lld connections need as many, and %lld processes may have %lld "
	                  "each; this would "
	                  "reach %lld connections; raise `ulimit -n` or --processes",
	                  (long long)all_connections(plan), (long long)n, (long long)limit,
	                  (long long)(reach > 0 ? reach : 0));
}

/* One (address, port) pair of the caller for each connection to one address and port. */
static int check_ports(const struct plan *plan, struct ts_err *err)
{
	long low = 32768, high = 60999;
	int64_t addresses = plan->source.n_addresses > 2 ? (int64_t)plan->source.n_addresses - 2 : 1, reach;
	FILE *f;

	if (plan->targets[0].transport != TS_TCP && plan->targets[0].transport != TS_UDP)
		return 0;
	f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	if (f) {
		if (fscanf(f, "%ld %ld", &low, &high) != 2)
			low = 32768, high = 60999;
		fclose(f);
	}
	reach = (high - low + 1) * addresses * (int64_t)plan->n_targets;
	if (all_connections(plan) <= reach)
		return 0;
	return ts_err_set(err, EADDRNOTAVAIL,
	                  "not enough local ports: %lld connections, and %lld address(es) with %ld ports each; this "
	                  "would reach %lld; "
	                  "give more addresses, such as --source=127.1.0.0/24",
	                  (long long)all_connections(plan), (long long)addresses, high - low + 1, (long long)reach);
}

static int check_memory(const struct plan *plan, struct ts_err *err)
{
	int64_t have = ts_host_memory_available_bytes();
	int64_t each = worker_bytes_per_connection(plan) + KERNEL_BYTES;
	int64_t fixed = (int64_t)preflight_processes(plan) * plan->n_threads * PROCESS_BYTES;
	char need_text[32], have_text[32];

	if (have < 0 || fixed + each * all_connections(plan) <= have)
		return 0;
	ts_units_show_bytes((double)(fixed + each * all_connections(plan)), need_text, sizeof(need_text));
	ts_units_show_bytes((double)have, have_text, sizeof(have_text));
	return ts_err_set(err, ENOMEM,
	                  "not enough memory: %lld connections need about %s, and %s are free; this would reach about "
	                  "%lld connections",
	                  (long long)all_connections(plan), need_text, have_text,
	                  (long long)(have > fixed ? (have - fixed) / each : 0));
}

int preflight(const struct plan *plan, struct ts_err *err)
{
	int result = check_descriptors(plan, err);

	if (result == 0)
		result = check_ports(plan, err);
	if (result == 0)
		result = check_memory(plan, err);
	return result;
}

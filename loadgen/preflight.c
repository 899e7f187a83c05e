#include "preflight.h"
#include "cgroup.h"
#include "source.h"
#include "ts_host.h"
#include "ts_json.h"
#include "ts_units.h"
#include "worker.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* One (address, port) pair of the caller for each connection to one address and port, or for each datagram socket. */
static int check_ports(const struct plan *plan, struct ts_err *err)
{
	int64_t addresses = source_addresses(plan), low, n_ports, reach;

	if (plan->targets[0].transport != TS_TCP && plan->targets[0].transport != TS_UDP)
		return 0;
	source_ports(&low, &n_ports);
	reach = n_ports * addresses;
	if (source_sharers(plan) <= reach)
		return 0;
	if (plan->targets[0].transport == TS_TCP)
		reach *= (int64_t)plan->n_targets;
	return ts_err_set(err, EADDRNOTAVAIL,
	                  "not enough local ports: %lld connections, and %lld address(es) with %lld ports each; this "
	                  "would reach %lld; "
	                  "give more addresses, such as --source=127.1.0.0/24",
	                  (long long)all_connections(plan), (long long)addresses, (long long)n_ports, (long long)reach);
}

static int check_memory(const struct plan *plan, struct ts_err *err)
{
	int64_t have = ts_host_memory_available_bytes();
	int64_t of_group = cgroup_memory_free_bytes(CGROUP_SELF, CGROUP_MOUNT);
	int64_t each = worker_bytes_per_connection(plan) + KERNEL_BYTES;
	int64_t fixed = (int64_t)preflight_processes(plan) * plan->n_threads * PROCESS_BYTES;
	char need_text[32], have_text[32];

	have = have < 0 || (of_group >= 0 && of_group < have) ? of_group : have;
	if (have < 0 || fixed + each * all_connections(plan) <= have)
		return 0;
	ts_units_show_bytes((double)(fixed + each * all_connections(plan)), need_text, sizeof(need_text));
	ts_units_show_bytes((double)have, have_text, sizeof(have_text));
	return ts_err_set(
	        err, ENOMEM,
	        "not enough memory: %lld connections need about %s, and %s are free%s; this would reach about "
	        "%lld connections",
	        (long long)all_connections(plan), need_text, have_text, have == of_group ? " in its control group" : "",
	        (long long)(have > fixed ? (have - fixed) / each : 0));
}

/* A result that cannot be written is a lost run: look before it begins. */
static int check_files(const struct plan *plan, struct ts_err *err)
{
	int result = ts_file_check("--json", plan->json_path, err);

	if (result == 0)
		result = ts_file_check("--hdr-log", plan->hdr_path, err);
	return result ? result : ts_file_check("--resume", plan->resume_path, err);
}

static int check_server(const struct plan *plan, struct ts_err *err)
{
	if (plan->server_pid == 0 || kill((pid_t)plan->server_pid, 0) == 0 || errno == EPERM)
		return 0;
	return ts_err_set(err, ESRCH, "--server-pid=%lld: there is no such process to sample",
	                  (long long)plan->server_pid);
}

/* Is the first address of --source one of this machine? */
static int check_source(const struct plan *plan, struct ts_err *err)
{
	struct ts_endpoint local;
	int fd, result;

	if (!plan->source_text)
		return 0;
	plan_source_address(plan, 0, &local);
	fd = socket(local.addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	result = bind(fd, (struct sockaddr *)&local.addr, local.addr_len) < 0 ? errno : 0;
	close(fd);
	return result == 0 ? 0
	                   : ts_err_set(err, result, "--source=%s: its first address is none of this machine: %s",
	                                plan->source_text, strerror(result));
}

int preflight(const struct plan *plan, struct ts_err *err)
{
	int result = check_files(plan, err);

	if (result == 0)
		result = check_server(plan, err);
	if (result == 0)
		result = check_source(plan, err);
	if (result == 0)
		result = check_descriptors(plan, err);
	if (result == 0)
		result = check_ports(plan, err);
	if (result == 0)
		result = check_memory(plan, err);
	return result;
}

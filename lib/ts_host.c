#include "ts_host.h"
#include "ts_json.h"
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The first line of a small file of the kernel's into buf, without its newline; false if it cannot be read. */
static bool read_line(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	bool ok;

	if (!f)
		return false;
	ok = fgets(buf, (int)size, f) != NULL;
	fclose(f);
	if (ok)
		buf[strcspn(buf, "\n")] = '\0';
	return ok;
}

/* The rest of the first line of `path` that begins with `key`, without the blanks and the colon between. */
static bool read_field(const char *path, const char *key, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	bool found = false;

	if (!f)
		return false;
	while (!found && fgets(buf, (int)size, f)) {
		if (strncmp(buf, key, strlen(key)) != 0)
			continue;
		char *text = buf + strlen(key);
		text += strspn(text, " \t:");
		text[strcspn(text, "\n")] = '\0';
		memmove(buf, text, strlen(text) + 1);
		found = true;
	}
	fclose(f);
	return found;
}

/* Does the list of flags hold this word? The list of a modern processor is longer than 1 KiB. */
static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += n)
		if ((at == text || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

static void add_file_text(cJSON *object, const char *name, const char *path)
{
	char line[256];

	ts_json_add_text(object, name, read_line(path, line, sizeof(line)) ? line : NULL);
}

static void add_file_number(cJSON *object, const char *name, const char *path)
{
	char line[64];

	if (read_line(path, line, sizeof(line)))
		ts_json_add_int(object, name, strtoll(line, NULL, 10));
	else
		ts_json_add_null(object, name);
}

static void add_kernel(cJSON *facts)
{
	struct utsname name;
	bool known = uname(&name) == 0;

	ts_json_add_text(facts, "kernel", known ? name.release : NULL);
	ts_json_add_text(facts, "machine", known ? name.machine : NULL);
}

static void add_processor(cJSON *facts)
{
	char text[8192];

	if (!read_field("/proc/cpuinfo", "model name", text, sizeof(text)) &&
	    !read_field("/proc/cpuinfo", "Model", text, sizeof(text)))
		text[0] = '\0';
	ts_json_add_text(facts, "cpu_model", text[0] ? text : NULL);
	ts_json_add_int(facts, "cores_count", ts_host_cores());
	ts_json_add_int(facts, "memory_bytes", (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
	add_file_text(facts, "governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
	if (read_field("/proc/cpuinfo", "flags", text, sizeof(text)))
		ts_json_add_bool(facts, "virtualized", has_word(text, "hypervisor"));
	else
		ts_json_add_null(facts, "virtualized");
}

static void add_limit(cJSON *limits, const char *name, rlim_t value)
{
	if (value == RLIM_INFINITY)
		ts_json_add_null(limits, name);
	else
		ts_json_add_int(limits, name, (int64_t)value);
}

static void add_limits(cJSON *facts)
{
	cJSON *limits = ts_json_add_object(facts, "limits");
	struct rlimit rl = {RLIM_INFINITY, RLIM_INFINITY};

	getrlimit(RLIMIT_NOFILE, &rl);
	add_limit(limits, "descriptors_soft_count", rl.rlim_cur);
	add_limit(limits, "descriptors_hard_count", rl.rlim_max);
}

static void add_port_range(cJSON *facts)
{
	char line[64];
	int range[2];

	if (read_line("/proc/sys/net/ipv4/ip_local_port_range", line, sizeof(line)) &&
	    sscanf(line, "%d %d", &range[0], &range[1]) == 2)
		cJSON_AddItemToObject(facts, "port_range", cJSON_CreateIntArray(range, 2));
	else
		ts_json_add_null(facts, "port_range");
}

static void add_load(cJSON *facts)
{
	double load;

	ts_json_add_real(facts, "load_1min", getloadavg(&load, 1) == 1 ? load : NAN);
}

/*
 * /dev/cpu_dma_latency reads as the number of microseconds that a waking processor may take, as 32 bits. Somebody holds
 * it down when it is far below its default of 2,000 s.
 */
static void add_wake_latency(cJSON *facts)
{
	int fd = open("/dev/cpu_dma_latency", O_RDONLY | O_CLOEXEC);
	int32_t us;

	if (fd >= 0 && read(fd, &us, sizeof(us)) == (ssize_t)sizeof(us))
		ts_json_add_bool(facts, "cpu_dma_latency_held", us < 1000000);
	else
		ts_json_add_null(facts, "cpu_dma_latency_held");
	if (fd >= 0)
		close(fd);
}

cJSON *ts_host_facts(void)
{
	cJSON *facts = cJSON_CreateObject();

	if (!facts)
		return NULL;
	add_kernel(facts);
	add_processor(facts);
	add_limits(facts);
	add_file_number(facts, "somaxconn_count", "/proc/sys/net/core/somaxconn");
	add_port_range(facts);
	add_load(facts);
	add_wake_latency(facts);
	return facts;
}

int ts_host_cores(void)
{
	cpu_set_t set; /* holds 1,024 processors: on a larger machine the call fails, and all that are online count */

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		return CPU_COUNT(&set);
	return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

int64_t ts_host_memory_available_bytes(void)
{
	char text[64];

	if (!read_field("/proc/meminfo", "MemAvailable", text, sizeof(text)))
		return -1;
	return strtoll(text, NULL, 10) * 1024;
}

double ts_host_steal_s(void)
{
	char line[512];
	unsigned long long ticks;

	/* cpu  user nice system idle iowait irq softirq steal ... */
	if (!read_line("/proc/stat", line, sizeof(line)) ||
	    sscanf(line, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &ticks) != 1)
		return NAN;
	return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

double ts_host_load(void)
{
	char text[64];

	return read_field("/proc/stat", "procs_running", text, sizeof(text)) ? strtod(text, NULL) : NAN;
}

int64_t ts_host_raise_descriptors(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) < 0)
		return -1;
	if (rl.rlim_cur < rl.rlim_max) {
		struct rlimit raised = {rl.rlim_max, rl.rlim_max};
		if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
			rl = raised;
	}
	return rl.rlim_cur == RLIM_INFINITY ? INT64_MAX : (int64_t)rl.rlim_cur;
}

#include "ts_proc.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * Processes come and go while we read. One that vanishes is left out, and what it has used appears in its parent's
 * fields for reaped children at the next sample. All are found by one walk over /proc, since
 * /proc/PID/task/TID/children is optional in the kernel.
 */
struct entry {
	pid_t pid, parent;
	bool wanted;
};

struct table {
	struct entry *entries;
	size_t n, size;
};

/* A whole small file of a process into buf, terminated. Its length, or -1 when it or the process is gone. */
static ssize_t read_file(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n = 0, got = -1;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while ((size_t)n < size - 1 && (got = read(fd, buf + n, size - 1 - (size_t)n)) > 0)
		n += got;
	close(fd);
	buf[n] = '\0';
	return got < 0 || n == 0 ? -1 : n;
}

/* proc(5): "pid (comm) state ppid ...": comm may hold blanks and parentheses, so the last one
 * counts. Points at state. */
static const char *skip_name(const char *stat)
{
	const char *close = strrchr(stat, ')');

	return close && close[1] == ' ' ? close + 2 : NULL;
}

static bool read_parent(pid_t pid, pid_t *parent)
{
	char stat[1024];
	const char *rest;
	int number;

	if (read_file(pid, "stat", stat, sizeof(stat)) < 0 || !(rest = skip_name(stat)) ||
	    sscanf(rest, "%*c %d", &number) != 1)
		return false;
	*parent = number;
	return true;
}

static int table_add(struct table *t, pid_t pid, pid_t parent)
{
	if (t->n == t->size) {
		size_t size = t->size ? t->size * 2 : 256;
		struct entry *grown = realloc(t->entries, size * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		t->entries = grown;
		t->size = size;
	}
	t->entries[t->n++] = (struct entry){.pid = pid, .parent = parent};
	return 0;
}

static int table_read(struct table *t)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	int result = 0;

	if (!proc)
		return -errno;
	while (result == 0 && (d = readdir(proc))) {
		pid_t parent, pid = isdigit((unsigned char)d->d_name[0]) ? atoi(d->d_name) : 0;

		if (pid > 0 && read_parent(pid, &parent))
			result = table_add(t, pid, parent);
	}
	closedir(proc);
	return result;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = ((const struct entry *)a)->pid, y = ((const struct entry *)b)->pid;

	return (x > y) - (x < y);
}

static const struct entry *table_find(const struct table *t, pid_t pid)
{
	struct entry key = {.pid = pid};

	return bsearch(&key, t->entries, t->n, sizeof(key), compare_pids);
}

/* Mark `pid` and its descendants: whole passes until nothing is new, since a child may have a smaller number. */
static void table_mark(struct table *t, pid_t pid)
{
	bool again = true;

	if (t->n == 0)
		return;
	qsort(t->entries, t->n, sizeof(*t->entries), compare_pids);
	for (size_t i = 0; i < t->n; i++)
		t->entries[i].wanted = t->entries[i].pid == pid;
	while (again) {
		again = false;
		for (size_t i = 0; i < t->n; i++) {
			struct entry *e = &t->entries[i];
			const struct entry *parent = e->wanted ? NULL : table_find(t, e->parent);

			if (parent && parent->wanted)
				e->wanted = again = true;
		}
	}
}

static void add_thread(struct ts_proc *out, pid_t thread)
{
	unsigned long long waited_ns;
	char text[4096];

	if (read_file(thread, "schedstat", text, sizeof(text)) > 0 && sscanf(text, "%*u %llu", &waited_ns) == 1)
		out->waited_s += (double)waited_ns * 1e-9;
	if (read_file(thread, "status", text, sizeof(text)) < 0)
		return;
	const char *voluntary = strstr(text, "\nvoluntary_ctxt_switches:");
	const char *other = strstr(text, "\nnonvoluntary_ctxt_switches:");
	if (voluntary && other) {
		out->n_switches_voluntary += strtoll(strchr(voluntary, ':') + 1, NULL, 10);
		out->n_switches_involuntary += strtoll(strchr(other, ':') + 1, NULL, 10);
	}
}

/* The files of the process itself count its first thread only. */
static void add_threads(struct ts_proc *out, pid_t pid)
{
	char path[64];
	struct dirent *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);
	if (!tasks)
		return;
	while ((d = readdir(tasks)))
		if (isdigit((unsigned char)d->d_name[0]))
			add_thread(out, atoi(d->d_name));
	closedir(tasks);
}

static void add_memory(struct ts_proc *out, pid_t pid)
{
	char text[4096];
	const char *at;

	if (read_file(pid, "status", text, sizeof(text)) < 0)
		return;
	if ((at = strstr(text, "\nVmRSS:")))
		out->rss_bytes += strtoll(at + 7, NULL, 10) * 1024;
	if ((at = strstr(text, "\nVmHWM:")))
		out->peak_rss_bytes += strtoll(at + 7, NULL, 10) * 1024;
}

static void add_descriptors(struct ts_proc *out, pid_t pid)
{
	char path[64];
	struct dirent *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *fds = opendir(path);
	if (!fds)
		return;
	while ((d = readdir(fds)))
		out->n_descriptors += d->d_name[0] != '.';
	closedir(fds);
}

/*
 * Ticks are 10 ms: too coarse for a short trial. A process's own clock has their sum in nanoseconds, exited threads
 * included; the ticks then say how it is divided. What a reaped descendant had used comes back in its parent's ticks,
 * which are the sum of all of them, cut once: so there the whole may fall back by a part of two ticks.
 */
static void refine_cpu(struct ts_proc *out, pid_t pid)
{
	double ticks_s = out->cpu_user_s + out->cpu_system_s;
	struct timespec used;
	clockid_t clock;
	double exact_s;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
		return;
	exact_s = fmax(ticks_s, (double)used.tv_sec + (double)used.tv_nsec * 1e-9);
	out->cpu_user_s = ticks_s > 0 ? exact_s * out->cpu_user_s / ticks_s : 0;
	out->cpu_system_s = exact_s - out->cpu_user_s;
}

/* Returns whether it lives. Of a zombie only the processor time counts, as it will once it is reaped. */
static bool add_process(struct ts_proc *out, pid_t pid)
{
	char stat[1024], state;
	const char *rest;
	unsigned long long user, system, minor, c_minor, major, c_major;
	long long c_user, c_system, n_threads;
	double ticks_per_s = (double)sysconf(_SC_CLK_TCK);

	/* state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime cutime cstime prio nice
	 * threads */
	if (read_file(pid, "stat", stat, sizeof(stat)) < 0 || !(rest = skip_name(stat)) ||
	    sscanf(rest, "%c %*d %*d %*d %*d %*d %*u %llu %llu %llu %llu %llu %llu %lld %lld %*d %*d %lld", &state,
	           &minor, &c_minor, &major, &c_major, &user, &system, &c_user, &c_system, &n_threads) != 10)
		return false;
	struct ts_proc own = {.cpu_user_s = (double)user / ticks_per_s, .cpu_system_s = (double)system / ticks_per_s};

	refine_cpu(&own, pid);
	out->cpu_user_s += own.cpu_user_s + (double)c_user / ticks_per_s;
	out->cpu_system_s += own.cpu_system_s + (double)c_system / ticks_per_s;
	out->cpu_unsure_s += c_minor > 0 ? 2 / ticks_per_s : 0; /* user and system time are cut to ticks */
	out->reaped_faults_count += (int64_t)c_minor;
	out->minor_faults_count += (int64_t)(minor + c_minor);
	out->major_faults_count += (int64_t)(major + c_major);
	if (state == 'Z' || state == 'X')
		return false;
	out->n_processes++;
	out->n_threads += n_threads;
	add_memory(out, pid);
	add_descriptors(out, pid);
	add_threads(out, pid);
	return true;
}

int ts_proc_sample(pid_t pid, struct ts_proc *out)
{
	struct table table = {0};
	struct ts_proc sum = {0};
	int result = table_read(&table);

	if (result < 0)
		goto free_table;
	table_mark(&table, pid);
	if (!add_process(&sum, pid)) {
		result = -ESRCH;
		goto free_table;
	}
	for (size_t i = 0; i < table.n; i++)
		if (table.entries[i].wanted && table.entries[i].pid != pid)
			add_process(&sum, table.entries[i].pid);
	*out = sum;
free_table:
	free(table.entries);
	return result;
}

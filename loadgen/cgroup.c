#include "cgroup.h"
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NO_LIMIT_BYTES (1LL << 60) /* the older hierarchy says so by a number that no machine has */

/* What is asked: of which controller, the figure of one group (-1: none), and what those of two make together. */
struct question {
	const char *controller;
	int64_t (*of_group)(const char *folder);
	int64_t (*together)(int64_t a, int64_t b);
};

static FILE *open_in(const char *folder, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path) ? fopen(path, "re") : NULL;
}

/* A file of one number, or of lines "NAME NUMBER", of which one is wanted; -1: it is not there, or is no number. */
static int64_t read_figure(const char *folder, const char *file, const char *name)
{
	char line[128];
	size_t n_name = strlen(name);
	long long n = -1;
	FILE *f = open_in(folder, file);

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, name, n_name) == 0 && sscanf(line + n_name, "%lld", &n) == 1)
			break;
	fclose(f);
	return n;
}

/* --- the two questions -------------------------------------------------------------------------------------------- */

static int64_t throttled(const char *folder)
{
	return read_figure(folder, "cpu.stat", "nr_throttled ");
}

static int64_t sum(int64_t a, int64_t b)
{
	return a + b;
}

/* Files that nobody uses are given up when memory is wanted. */
static int64_t memory_free_bytes(const char *folder)
{
	bool unified = read_figure(folder, "memory.current", "") >= 0;
	int64_t limit = read_figure(folder, unified ? "memory.max" : "memory.limit_in_bytes", "");
	int64_t used = read_figure(folder, unified ? "memory.current" : "memory.usage_in_bytes", "");
	int64_t cached = read_figure(folder, "memory.stat", unified ? "inactive_file " : "total_inactive_file ");

	if (limit < 0 || limit >= NO_LIMIT_BYTES || used < 0)
		return -1;
	used -= cached > 0 ? cached : 0;
	return limit > used ? limit - used : 0;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* --- the groups --------------------------------------------------------------------------------------------------- */

/* A group and all that it is in, up to the folder of its hierarchy. */
static int64_t ask_all(const struct question *q, const char *hierarchy, const char *group)
{
	char folder[PATH_MAX];
	size_t n_hierarchy = strlen(hierarchy);
	int64_t all = -1;

	if (snprintf(folder, sizeof(folder), "%s%s", hierarchy, group) >= (int)sizeof(folder))
		return -1;
	for (;;) {
		int64_t n = q->of_group(folder);
		char *slash = strrchr(folder + n_hierarchy, '/');
		if (n >= 0)
			all = all < 0 ? n : q->together(all, n);
		if (!slash)
			return all;
		*slash = '\0';
	}
}

static bool has_controller(const char *controllers, const char *controller)
{
	char list[256], one[64];

	snprintf(list, sizeof(list), ",%s,", controllers);
	snprintf(one, sizeof(one), ",%s,", controller);
	return strstr(list, one) != NULL;
}

static int64_t ask_below(const struct question *q, const char *mount, const char *hierarchy, const char *group)
{
	char folder[PATH_MAX];

	if (snprintf(folder, sizeof(folder), "%s/%s", mount, hierarchy) >= (int)sizeof(folder))
		return -1;
	return ask_all(q, folder, group);
}

/* One line of the file: "ID:CONTROLLERS:GROUP", without controllers that of the unified hierarchy. */
static int64_t ask_line(const struct question *q, const char *mount, const char *controllers, const char *group)
{
	bool unified = controllers[0] == '\0';
	int64_t n;

	if (!unified && !has_controller(controllers, q->controller))
		return -1;
	n = ask_below(q, mount, controllers, group);
	return n >= 0 ? n : ask_below(q, mount, unified ? "unified" : q->controller, group);
}

static int64_t ask(const struct question *q, const char *self, const char *mount)
{
	char line[PATH_MAX];
	int64_t n = -1;
	FILE *f = fopen(self, "re");

	while (f && n < 0 && fgets(line, sizeof(line), f)) {
		char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!group)
			continue;
		*group++ = '\0';
		group[strcspn(group, "\n")] = '\0';
		n = ask_line(q, mount, controllers + 1, group);
	}
	if (f)
		fclose(f);
	return n;
}

int64_t cgroup_throttled(const char *self, const char *mount)
{
	static const struct question q = {"cpu", throttled, sum};

	return ask(&q, self, mount);
}

int64_t cgroup_memory_free_bytes(const char *self, const char *mount)
{
	static const struct question q = {"memory", memory_free_bytes, least};

	return ask(&q, self, mount);
}

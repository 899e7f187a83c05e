#include "cgroup.h"
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The figure of one group; -1: there is none, as at the root, or without the controller. */
static int64_t read_stat(const char *folder)
{
	char path[PATH_MAX], line[128];
	unsigned long long n;
	int64_t found = -1;
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/cpu.stat", folder) >= (int)sizeof(path) || !(f = fopen(path, "re")))
		return -1;
	while (found < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "nr_throttled %llu", &n) == 1)
			found = (int64_t)n;
	fclose(f);
	return found;
}

/* A group and all that it is in, up to the folder of its hierarchy. */
static int64_t add_up(const char *hierarchy, const char *group)
{
	char folder[PATH_MAX];
	size_t n_hierarchy = strlen(hierarchy);
	int64_t sum = -1;

	if (snprintf(folder, sizeof(folder), "%s%s", hierarchy, group) >= (int)sizeof(folder))
		return -1;
	for (;;) {
		int64_t n = read_stat(folder);
		char *slash = strrchr(folder + n_hierarchy, '/');
		if (n >= 0)
			sum = (sum < 0 ? 0 : sum) + n;
		if (!slash)
			return sum;
		*slash = '\0';
	}
}

static bool has_cpu(const char *controllers)
{
	char list[256];

	snprintf(list, sizeof(list), ",%s,", controllers);
	return strstr(list, ",cpu,") != NULL;
}

static int64_t read_below(const char *mount, const char *hierarchy, const char *group)
{
	char folder[PATH_MAX];

	if (snprintf(folder, sizeof(folder), "%s/%s", mount, hierarchy) >= (int)sizeof(folder))
		return -1;
	return add_up(folder, group);
}

/* One line of the file: "ID:CONTROLLERS:GROUP", without controllers that of the unified hierarchy. */
static int64_t read_line(const char *mount, const char *controllers, const char *group)
{
	bool unified = controllers[0] == '\0';
	int64_t n;

	if (!unified && !has_cpu(controllers))
		return -1;
	n = read_below(mount, controllers, group);
	return n >= 0 ? n : read_below(mount, unified ? "unified" : "cpu", group);
}

int64_t cgroup_throttled(const char *self, const char *mount)
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
		n = read_line(mount, controllers + 1, group);
	}
	if (f)
		fclose(f);
	return n;
}

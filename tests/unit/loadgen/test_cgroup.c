/* The throttling of one's own control group is found in both kinds of hierarchy, and unknown is not 0. */
#include "cgroup.h"
#include "unit.h"
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A tree of folders and files that looks like /sys/fs/cgroup; `self` stands for /proc/self/cgroup. */
struct tree {
	char root[64], self[96];
};

static void put(const char *root, const char *path, const char *text)
{
	char full[256];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
		*p = '\0';
		mkdir(full, 0700);
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int make(void **state)
{
	static struct tree t;

	strcpy(t.root, "/tmp/test_cgroup.XXXXXX");
	assert_non_null(mkdtemp(t.root));
	snprintf(t.self, sizeof(t.self), "%s/self", t.root);
	*state = &t;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static int clear(void **state)
{
	struct tree *t = *state;
	return nftw(t->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void the_unified_hierarchy_adds_up_the_groups_around(void **state)
{
	struct tree *t = *state;

	put(t->root, "self", "0::/jobs/a\n");
	put(t->root, "jobs/a/cpu.stat", "usage_usec 5\nnr_periods 9\nnr_throttled 7\nthrottled_usec 3\n");
	put(t->root, "jobs/cpu.stat", "nr_periods 9\nnr_throttled 30\n");
	put(t->root, "jobs/b/cpu.stat", "nr_throttled 1000\n"); /* a neighbour's */
	assert_int_equal(cgroup_throttled(t->self, t->root), 37);
}

static void a_container_sees_its_own_group_as_the_root(void **state)
{
	struct tree *t = *state;

	put(t->root, "self", "0::/docker/0123\n");
	put(t->root, "cpu.stat", "nr_throttled 4\n");
	assert_int_equal(cgroup_throttled(t->self, t->root), 4);
}

static void the_older_hierarchy_is_that_of_its_controller(void **state)
{
	struct tree *t = *state;

	put(t->root, "self", "5:memory:/jobs/m\n4:cpu,cpuacct:/jobs/a\n0::/\n");
	put(t->root, "cpu,cpuacct/jobs/a/cpu.stat", "nr_periods 9\nnr_throttled 11\nthrottled_time 3\n");
	put(t->root, "memory/jobs/m/cpu.stat", "nr_throttled 500\n");
	put(t->root, "unified/cpu.stat", "usage_usec 5\n");
	assert_int_equal(cgroup_throttled(t->self, t->root), 11);
}

static void its_folder_may_be_named_cpu_alone(void **state)
{
	struct tree *t = *state;

	put(t->root, "self", "4:cpuacct,cpu:/a\n");
	put(t->root, "cpu/a/cpu.stat", "nr_throttled 12\n");
	assert_int_equal(cgroup_throttled(t->self, t->root), 12);
}

static void what_cannot_be_read_is_unknown(void **state)
{
	struct tree *t = *state;

	assert_int_equal(cgroup_throttled("/nosuch/file", t->root), -1);
	put(t->root, "self", "3:cpuset:/a\nnonsense\n0::/a\n");
	assert_int_equal(cgroup_throttled(t->self, t->root), -1);
	put(t->root, "a/cpu.stat", "usage_usec 5\n");
	assert_int_equal(cgroup_throttled(t->self, t->root), -1);
	put(t->root, "a/cpu.stat", "nr_throttled 0\n");
	assert_int_equal(cgroup_throttled(t->self, t->root), 0);
}

/* Faults caught: a limit of the group around it that is not heeded; memory that cached files have, taken for used. */
static void memory_is_what_the_narrowest_limit_leaves(void **state)
{
	struct tree *t = *state;

	put(t->root, "self", "0::/jobs/a\n");
	assert_int_equal(cgroup_memory_free_bytes(t->self, t->root), -1);
	put(t->root, "jobs/a/memory.max", "max\n");
	put(t->root, "jobs/a/memory.current", "1000\n");
	assert_int_equal(cgroup_memory_free_bytes(t->self, t->root), -1);
	put(t->root, "jobs/memory.max", "5000\n");
	put(t->root, "jobs/memory.current", "4000\n");
	put(t->root, "jobs/memory.stat", "anon 3000\nfile 1000\ninactive_file 700\n");
	assert_int_equal(cgroup_memory_free_bytes(t->self, t->root), 1700);
	put(t->root, "jobs/a/memory.max", "1200\n");
	assert_int_equal(cgroup_memory_free_bytes(t->self, t->root), 200);
	put(t->root, "jobs/a/memory.current", "1300\n");
	assert_int_equal(cgroup_memory_free_bytes(t->self, t->root), 0);
}

static void the_older_hierarchy_has_other_names_for_memory(void **state)
{
	struct tree *t = *state;

	put(t->root, "self", "5:memory:/jobs/m\n4:cpu,cpuacct:/jobs/a\n0::/\n");
	put(t->root, "memory/memory.limit_in_bytes", "9223372036854771712\n"); /* none */
	put(t->root, "memory/memory.usage_in_bytes", "100\n");
	put(t->root, "memory/jobs/m/memory.limit_in_bytes", "9223372036854771712\n");
	put(t->root, "memory/jobs/m/memory.usage_in_bytes", "400\n");
	assert_int_equal(cgroup_memory_free_bytes(t->self, t->root), -1);
	put(t->root, "memory/jobs/m/memory.limit_in_bytes", "1000\n");
	put(t->root, "memory/jobs/m/memory.stat", "inactive_file 50\ntotal_inactive_file 100\n");
	assert_int_equal(cgroup_memory_free_bytes(t->self, t->root), 700);
	assert_int_equal(cgroup_throttled(t->self, t->root), -1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(the_unified_hierarchy_adds_up_the_groups_around),
	        T(a_container_sees_its_own_group_as_the_root),
	        T(the_older_hierarchy_is_that_of_its_controller),
	        T(its_folder_may_be_named_cpu_alone),
	        T(what_cannot_be_read_is_unknown),
	        T(memory_is_what_the_narrowest_limit_leaves),
	        T(the_older_hierarchy_has_other_names_for_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

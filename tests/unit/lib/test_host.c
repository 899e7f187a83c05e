/* Facts of the machine, held against the kernel's own words by another way. */
#include "ts_host.h"
#include "ts_json.h"
#include "unit.h"
#include <math.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

/* Every field of the contract is there, known or null. Catches: a field that is dropped when it cannot be read. */
static void all_fields_are_there(void **state)
{
	static const char *const fields[] = {"kernel",
	                                     "machine",
	                                     "cpu_model",
	                                     "cores_count",
	                                     "memory_bytes",
	                                     "governor",
	                                     "virtualized",
	                                     "limits",
	                                     "port_range",
	                                     "load_1min",
	                                     "somaxconn_count",
	                                     "cpu_dma_latency_held",
	                                     "limits.descriptors_soft_count",
	                                     "limits.descriptors_hard_count"};
	cJSON *facts = ts_host_facts();

	(void)state;
	for (size_t i = 0; i < N(fields); i++)
		if (!ts_json_at(facts, fields[i]))
			fail_msg("%s is missing", fields[i]);
	cJSON_Delete(facts);
}

/* Catches: a field read from the wrong place or in the wrong unit. */
static void facts_are_those_of_the_kernel(void **state)
{
	cJSON *facts = ts_host_facts();
	struct utsname name;
	struct rlimit rl;

	(void)state;
	uname(&name);
	getrlimit(RLIMIT_NOFILE, &rl);
	assert_string_equal(ts_json_text(facts, "kernel", ""), name.release);
	assert_string_equal(ts_json_text(facts, "machine", ""), name.machine);
	assert_int_equal(ts_json_int(facts, "limits.descriptors_soft_count", -1), rl.rlim_cur);
	assert_int_equal(ts_json_int(facts, "memory_bytes", -1), sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
	assert_in_range(ts_json_int(facts, "port_range[0]", 0), 1, 65535);
	assert_in_range(ts_json_int(facts, "port_range[1]", 0), ts_json_int(facts, "port_range[0]", 0), 65535);
	assert_true(ts_json_int(facts, "somaxconn_count", 0) > 0);
	assert_true(ts_json_real(facts, "load_1min", -1) >= 0);
	assert_true(ts_host_memory_available_bytes() > sysconf(_SC_AVPHYS_PAGES) * sysconf(_SC_PAGESIZE) / 2);
	assert_true(ts_host_memory_available_bytes() <= ts_json_int(facts, "memory_bytes", 0));
	assert_true(ts_host_load() >= 1); /* this task runs */
	assert_false(ts_host_steal_s() < 0);
	cJSON_Delete(facts);
}

/* Catches: all cores of the machine counted where this process may use one. */
static void cores_are_those_that_may_be_used(void **state)
{
	cpu_set_t all, one;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	assert_int_equal(ts_host_cores(), CPU_COUNT(&all));
	CPU_ZERO(&one);
	for (int i = 0; CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(ts_host_cores(), 1);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

/* In a child, because limits stay. Catches: the soft limit left as it was, or a wrong result. */
static void descriptors_are_raised(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		struct rlimit rl;
		getrlimit(RLIMIT_NOFILE, &rl);
		rl.rlim_cur = 64;
		rl.rlim_max = 128;
		setrlimit(RLIMIT_NOFILE, &rl);
		bool raised = ts_host_raise_descriptors() == 128;
		getrlimit(RLIMIT_NOFILE, &rl);
		_exit(raised && rl.rlim_cur == 128 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(all_fields_are_there),
	        cmocka_unit_test(facts_are_those_of_the_kernel),
	        cmocka_unit_test(cores_are_those_that_may_be_used),
	        cmocka_unit_test(descriptors_are_raised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

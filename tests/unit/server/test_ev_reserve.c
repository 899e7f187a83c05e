/*
 * Memory for libev: as long as the reserve is full an array can be doubled, even when nothing else is left.
 */
#include "ev_reserve.h"
#include "unit.h"
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* their memory is not bounded so */
#else
#define SANITIZED 0
#endif

static void limit_memory(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	struct rlimit limit;
	size_t n_pages = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%zu", &n_pages), 1);
	fclose(f);
	assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
	limit.rlim_cur = n_pages * (size_t)sysconf(_SC_PAGESIZE);
	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

static void test_doubled(void **state)
{
	struct rlimit before;
	void *array, *more;

	(void)state;
	if (SANITIZED)
		skip();
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(ev_reserve_init(), 0);
	array = ev_reserve_realloc(NULL, 1 << 20);
	assert_non_null(array);
	assert_int_equal(ev_reserve_fill(2), 0);
	limit_memory();
	more = malloc(2 << 20);
	assert_null(more);
	free(more);
	array = ev_reserve_realloc(array, 2 << 20);
	assert_non_null(array);
	assert_int_equal(ev_reserve_fill(3), -ENOMEM); /* no more are to be watched */
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(ev_reserve_fill(3), 0);
	assert_null(ev_reserve_realloc(array, 0));
	ev_reserve_release();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_doubled)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The counters as JSON: whole, or not at all.
 */
#include "counters.h"
#include "ts_json_print.h"
#include "unit.h"

static int n_left; /* calls of malloc(3) that succeed */

static void *malloc_until(size_t n)
{
	return n_left-- > 0 ? malloc(n) : NULL;
}

static void test_no_memory(void **state)
{
	cJSON_Hooks hooks = {.malloc_fn = malloc_until, .free_fn = free},
	            usual = {.malloc_fn = malloc, .free_fn = free};
	struct counters_area area;
	char *text = NULL;
	size_t n;

	(void)state;
	assert_int_equal(counters_area_init(&area), 0);
	count_error(counters_take(&area), ERROR_ENOMEM);
	cJSON_InitHooks(&hooks);
	for (int most = 0; !text; most++) {
		cJSON *root;

		n_left = most;
		root = cJSON_CreateObject();
		counters_report(&area, root);
		text = ts_json_print(root, &n);
		if (n_left < 0)
			assert_null(text);
		cJSON_Delete(root);
	}
	cJSON_InitHooks(&usual);
	assert_non_null(strstr(text, "\"ENOMEM\": 1"));
	free(text);
	counters_area_release(&area);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_memory)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

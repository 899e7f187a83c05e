/*
 * The counters as JSON: whole, or not at all; and they add up while others count.
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

struct traffic {
	struct counters *acceptor, *talker;
	_Atomic bool over;
};

static void *serve(void *arg)
{
	struct traffic *t = arg;

	while (!atomic_load(&t->over)) {
		count(t->acceptor, COUNT_ACCEPTED, 1);
		count(t->talker, COUNT_END_CLIENT, 1);
	}
	return NULL;
}

static void test_adds_up(void **state)
{
	struct counters_area area;
	struct traffic traffic = {.over = false};
	pthread_t thread;

	(void)state;
	assert_int_equal(counters_area_init(&area), 0);
	traffic.talker = counters_take(&area);
	traffic.acceptor = counters_take(&area);
	assert_int_equal(pthread_create(&thread, NULL, serve, &traffic), 0);
	for (int i = 0; i < 2000; i++) {
		cJSON *root = cJSON_CreateObject();
		int64_t n_open;

		counters_report(&area, root);
		n_open = ts_json_int(root, "open_count", -1);
		assert_true(n_open >= 0);
		assert_int_equal(ts_json_int(root, "accepted_count", -1),
		                 n_open + ts_json_int(root, "ended.client", -1));
		cJSON_Delete(root);
	}
	atomic_store(&traffic.over, true);
	pthread_join(thread, NULL);
	counters_area_release(&area);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_memory), cmocka_unit_test(test_adds_up)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

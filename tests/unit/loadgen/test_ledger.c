/* What a worker measures, put together. */
#include "ledger.h"
#include "unit.h"
#include <stdlib.h>

/* Faults caught: replies in one piece that are missing from the service time or the first byte's, or counted twice
 * where what is merged is merged again. */
static void replies_in_one_piece_count_for_both(void **state)
{
	struct shard *worker = calloc(1, sizeof(*worker)), *host = calloc(1, sizeof(*host)),
	             *all = calloc(1, sizeof(*all));

	(void)state;
	assert_true(worker && host && all);
	ts_hist_record(&worker->at_once, 500);
	ts_hist_record(&worker->first_byte, 100); /* a reply in two pieces */
	ts_hist_record(&worker->service, 900);
	shard_merge(host, worker);
	shard_merge(all, host);
	for (struct shard *s = host; s; s = s == host ? all : NULL) {
		assert_int_equal(s->service.n, 2);
		assert_int_equal(s->service.min_ns, 500);
		assert_int_equal(s->service.max_ns, 900);
		assert_int_equal(s->first_byte.n, 2);
		assert_int_equal(s->first_byte.min_ns, 100);
		assert_int_equal(s->first_byte.max_ns, 500);
	}
	free(worker);
	free(host);
	free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(replies_in_one_piece_count_for_both),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

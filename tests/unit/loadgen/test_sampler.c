/* What the supervisor sees of a running worker: the interval that --until was content with is the one reported. */
#include "ledger.h"
#include "sampler.h"
#include "unit.h"
#include <stdlib.h>

#define TICK_NS 100000000

static uint64_t in_batches(const struct sampler *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n_batches; i++)
		n += s->batches[i].n;
	return n;
}

static uint64_t in_series(const struct sampler *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n_series; i++)
		n += s->series[i].n;
	return n;
}

static void replies_after_the_decision_enter_no_batch(void **state)
{
	struct plan plan = {.interval_ns = TICK_NS, .load_ns = 1000 * (int64_t)TICK_NS};
	struct shard *shard = calloc(1, sizeof(*shard));
	struct sampler s;
	size_t n_batches;

	(void)state;
	assert_int_equal(sampler_init(&s, &plan, shard, sizeof(*shard), 1, NULL), 0);
	sampler_begin(&s, 1);
	ts_hist_record_n(&shard->response, 1000000, 50);
	sampler_tick(&s, 1 + TICK_NS);
	assert_int_equal(in_batches(&s), 50);
	n_batches = s.n_batches;
	sampler_close_batches(&s);
	ts_hist_record_n(&shard->response, 9000000, 7);
	sampler_tick(&s, 1 + 10 * (int64_t)TICK_NS);
	sampler_end(&s, 1 + 11 * (int64_t)TICK_NS, 1 + 11 * (int64_t)TICK_NS);
	assert_int_equal(in_batches(&s), 50);
	assert_int_equal(s.n_batches, n_batches);
	assert_int_equal(in_series(&s), 57);
	sampler_release(&s);
	free(shard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(replies_after_the_decision_enter_no_batch)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

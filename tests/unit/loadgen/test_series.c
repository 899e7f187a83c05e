/* What several hosts measured, put together: nothing is lost, and moments are those of one clock. */
#include "ledger.h"
#include "series.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

/* A sampler with these numbers of requests in its entries, all of one latency. */
static void fill(struct sampler *s, const uint64_t *counts, size_t n, int64_t latency_ns)
{
	memset(s, 0, sizeof(*s));
	s->series = calloc(n, sizeof(*s->series));
	s->batches = calloc(SAMPLER_BATCHES, sizeof(*s->batches));
	s->n_series = s->n_series_room = n;
	for (size_t i = 0; i < n; i++) {
		struct series_entry *e = &s->series[i];
		struct ts_hist *h = ts_hist_new();
		ts_hist_record_n(h, latency_ns, counts[i]);
		e->at_s = (double)i;
		e->duration_s = 1;
		e->scheduled = e->completed = e->n = counts[i];
		e->max_ns = counts[i] ? latency_ns : 0;
		e->histogram = counts[i] ? ts_hist_encode(h) : NULL;
		ts_hist_free(h);
	}
}

static void drop(struct sampler *s)
{
	sampler_release(s);
}

static void merge(struct sampler *dst, const struct sampler *src)
{
	size_t n_bytes;
	char *texts = series_texts(src, &n_bytes);

	series_merge(dst, src, texts ? texts : "");
	free(texts);
}

static uint64_t count_of(const struct series_entry *e)
{
	struct ts_hist *h = ts_hist_new();
	uint64_t n = 0;

	if (e->histogram && ts_hist_decode(h, e->histogram, NULL) == 0)
		n = h->n;
	ts_hist_free(h);
	return n;
}

static void entries_add_up(void **state)
{
	struct sampler a, b;

	(void)state;
	fill(&a, (const uint64_t[]){99, 0}, 2, 1000000);
	fill(&b, (const uint64_t[]){1, 7, 5}, 3, 9000000);
	merge(&a, &b);
	assert_int_equal(a.n_series, 3);
	assert_int_equal(a.series[0].completed, 100);
	assert_int_equal(count_of(&a.series[0]), 100);
	assert_int_equal(a.series[0].max_ns, 9000000);
	assert_in_range(a.series[0].p50_ns, 999000, 1001000);
	assert_int_equal(count_of(&a.series[1]), 7); /* one side had nothing */
	assert_int_equal(a.series[2].n, 5);          /* one side had ended */
	assert_int_equal(count_of(&a.series[2]), 5);
	assert_in_range(a.series[2].p99_ns, 8991000, 9009000);
	drop(&b);
	fill(&b, NULL, 0, 0);
	merge(&a, &b);
	assert_int_equal(a.n_series, 3);
	drop(&a);
	drop(&b);
}

static uint64_t all_batches(const struct sampler *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n_batches; i++)
		n += s->batches[i].n;
	return n;
}

static void give_batches(struct sampler *s, size_t n, int64_t batch_ns)
{
	s->n_batches = n;
	s->batch_ns = batch_ns;
	for (size_t i = 0; i < n; i++)
		ts_hist_record_n(&s->batches[i], 1000, i + 1);
}

static void batches_of_unequal_length_add_up(void **state)
{
	static const struct {
		size_t n_a, n_b;
		int64_t a_ns, b_ns;
	} cases[] = {{4, 4, 100, 100},   {4, 2, 100, 200}, {2, 4, 200, 100}, {64, 20, 100, 300},
	             {33, 64, 200, 100}, {0, 3, 100, 100}, {0, 60, 100, 200}};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct sampler a, b;
		fill(&a, NULL, 0, 0);
		fill(&b, NULL, 0, 0);
		give_batches(&a, cases[i].n_a, cases[i].a_ns);
		give_batches(&b, cases[i].n_b, cases[i].b_ns);
		uint64_t n = all_batches(&a) + all_batches(&b);
		merge(&a, &b);
		assert_int_equal(all_batches(&a), n);
		assert_true(a.n_batches <= SAMPLER_BATCHES && a.batch_ns >= cases[i].a_ns);
		drop(&a);
		drop(&b);
	}
}

static void a_batch_goes_where_its_middle_lies(void **state)
{
	struct sampler a, b;

	(void)state;
	fill(&a, NULL, 0, 0);
	fill(&b, NULL, 0, 0);
	give_batches(&a, 2, 200); /* 1, 2 */
	give_batches(&b, 4, 100); /* 1, 2, 3, 4 */
	merge(&a, &b);
	assert_int_equal(a.batches[0].n, 1 + 1 + 2);
	assert_int_equal(a.batches[1].n, 2 + 3 + 4);
	drop(&a);
	drop(&b);
}

static void moments_move_and_unknown_ones_stay_unknown(void **state)
{
	struct shard *s = calloc(1, sizeof(*s));

	(void)state;
	errors_note(&s->errors, ERROR_refused, 2, 1000);
	shard_move(s, -400);
	assert_int_equal(s->generator.begin_ns, 0);
	assert_int_equal(s->generator.end_ns, 0);
	assert_int_equal(s->errors.entry[ERROR_refused].first_ns, 600);
	assert_int_equal(s->errors.entry[ERROR_refused].last_ns, 600);
	assert_int_equal(s->errors.entry[ERROR_unreachable].first_ns, 0);
	s->generator.begin_ns = 5000;
	s->generator.end_ns = 9000;
	shard_move(s, 1000000);
	assert_int_equal(s->generator.begin_ns, 1005000);
	assert_int_equal(s->generator.end_ns, 1009000);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(entries_add_up),
	        cmocka_unit_test(batches_of_unequal_length_add_up),
	        cmocka_unit_test(a_batch_goes_where_its_middle_lies),
	        cmocka_unit_test(moments_move_and_unknown_ones_stay_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

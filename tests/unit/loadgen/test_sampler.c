/*
 * What the supervisor sees of a running worker and of the server: the interval that --until was content with is the one
 * reported, and the server's figures are those of the measured part alone.
 */
#include "ledger.h"
#include "sampler.h"
#include "ts_clock.h"
#include "unit.h"
#include <stdlib.h>
#include <unistd.h>

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

/* This very process is the server: it uses so much processor time. */
static void work(int64_t ns)
{
	int64_t until_ns = ts_clock_thread_cpu_ns() + ns;

	while (ts_clock_thread_cpu_ns() < until_ns)
		;
}

static double server_cpu_s(const struct sampler *s)
{
	const struct ts_proc *a = &s->server.first, *b = &s->server.last;

	return b->cpu_user_s + b->cpu_system_s - a->cpu_user_s - a->cpu_system_s;
}

/* Half a second of warm-up, a tenth of load, three twentieths of drain, and then connections are closed for half a
 * second. */
static void the_server_is_sampled_over_the_measured_part(void **state)
{
	struct plan plan = {.interval_ns = TICK_NS, .load_ns = 1000 * (int64_t)TICK_NS, .server_pid = getpid()};
	struct shard *shard = calloc(1, sizeof(*shard));
	int64_t begin_ns = ts_clock_mono_ns() + 1000 * (int64_t)TICK_NS;
	struct sampler s;

	(void)state;
	assert_int_equal(sampler_init(&s, &plan, shard, sizeof(*shard), 1, NULL), 0);
	sampler_begin(&s, begin_ns);
	sampler_tick(&s, begin_ns - 1);
	assert_false(s.server.any);
	work(500 * TS_MS);
	sampler_tick(&s, begin_ns);
	assert_true(s.server.any);
	work(100 * TS_MS);
	sampler_tick(&s, begin_ns + TICK_NS);
	work(100 * TS_MS);
	sampler_drain(&s, begin_ns + 2 * (int64_t)TICK_NS);
	work(50 * TS_MS);
	sampler_drained(&s);
	work(500 * TS_MS);
	sampler_end(&s, begin_ns + 2 * (int64_t)TICK_NS, begin_ns + 2 * (int64_t)TICK_NS);
	assert_true(server_cpu_s(&s) >= 0.249 && server_cpu_s(&s) < 0.45);
	sampler_release(&s);
	free(shard);
}

static void processor_time_never_falls(void **state)
{
	struct server_samples v = {.last = {.cpu_user_s = 1, .cpu_system_s = 2}};

	(void)state;
	server_samples_take(&v, &(struct ts_proc){.cpu_user_s = 1.005, .cpu_system_s = 1.99, .n_processes = 3});
	assert_true(v.last.cpu_user_s == 1 && v.last.cpu_system_s == 2);
	assert_int_equal(v.last.n_processes, 3);
	server_samples_take(&v, &(struct ts_proc){.cpu_user_s = 1.5, .cpu_system_s = 1.99, .n_processes = 1});
	assert_true(v.last.cpu_user_s == 1.5 && v.last.cpu_system_s == 1.99);
	assert_int_equal(v.peak_processes, 3);
}

/* Catches: children that ended before the first sample, or never, that make a figure unsure. */
static void ticks_matter_where_a_child_was_reaped(void **state)
{
	struct server_samples v = {.first = {.cpu_unsure_s = 0.02, .reaped_faults_count = 7}};

	(void)state;
	server_samples_take(&v, &(struct ts_proc){.cpu_unsure_s = 0.02, .reaped_faults_count = 7});
	assert_true(server_samples_unsure_s(&v) == 0);
	server_samples_take(&v, &(struct ts_proc){.cpu_unsure_s = 0.02, .reaped_faults_count = 8});
	assert_true(server_samples_unsure_s(&v) == 0.02);
}

/* Catches: the switches of a few that live, as those of all who were there. */
static void switches_end_with_those_who_made_them(void **state)
{
	static const struct {
		struct ts_proc now;
		bool lost;
	} rows[] = {{{.n_threads = 3, .n_switches_voluntary = 50, .reaped_faults_count = 7}, false},
	            {{.n_threads = 2, .n_switches_voluntary = 50, .reaped_faults_count = 7}, true},
	            {{.n_threads = 3, .n_switches_voluntary = 39, .reaped_faults_count = 7}, true},
	            {{.n_threads = 3, .n_switches_voluntary = 50, .reaped_faults_count = 8}, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct server_samples v = {
		        .last = {.n_threads = 3, .n_switches_voluntary = 40, .reaped_faults_count = 7}};
		server_samples_take(&v, &rows[i].now);
		assert_int_equal(v.switches_lost, rows[i].lost);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(replies_after_the_decision_enter_no_batch),
	                                   cmocka_unit_test(the_server_is_sampled_over_the_measured_part),
	                                   cmocka_unit_test(processor_time_never_falls),
	                                   cmocka_unit_test(ticks_matter_where_a_child_was_reaped),
	                                   cmocka_unit_test(switches_end_with_those_who_made_them)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

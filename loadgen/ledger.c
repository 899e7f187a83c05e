#include "ledger.h"
#include <math.h>

bool ledger_adds_up(const struct ledger *l)
{
	return l->scheduled == l->not_sent + l->completed + l->failed + l->in_flight_at_end;
}

void ledger_merge(struct ledger *dst, const struct ledger *src)
{
#define X(field) dst->field += src->field;
	LEDGER_FIELDS
#undef X
}

void fairness_add(struct fairness *f, uint64_t n_completed)
{
	double x = (double)n_completed;

	if (f->n == 0 || n_completed < f->min)
		f->min = n_completed;
	if (n_completed > f->max)
		f->max = n_completed;
	f->n++;
	f->sum += x;
	f->sum_of_squares += x * x;
}

double fairness_jain(const struct fairness *f)
{
	return f->sum_of_squares > 0 ? f->sum * f->sum / ((double)f->n * f->sum_of_squares) : NAN;
}

static void fairness_merge(struct fairness *dst, const struct fairness *src)
{
	if (src->n == 0)
		return;
	if (dst->n == 0 || src->min < dst->min)
		dst->min = src->min;
	if (src->max > dst->max)
		dst->max = src->max;
	dst->n += src->n;
	dst->sum += src->sum;
	dst->sum_of_squares += src->sum_of_squares;
}

static void connections_merge(struct connection_counts *dst, const struct connection_counts *src)
{
	dst->attempted += src->attempted;
	dst->opened += src->opened;
	dst->failed += src->failed;
	dst->served += src->served;
	dst->open += src->open;
	dst->peak_open += src->peak_open;
	dst->closed_by_server += src->closed_by_server;
	dst->sessions_finished += src->sessions_finished;
	if (dst->first_ns == 0 || (src->first_ns != 0 && src->first_ns < dst->first_ns))
		dst->first_ns = src->first_ns;
	if (src->last_ns > dst->last_ns)
		dst->last_ns = src->last_ns;
}

/* Sums where a sum means something, else the worst of the workers. */
static void generator_merge(struct generator *dst, const struct generator *src)
{
	dst->cpu_s += src->cpu_s;
	dst->watched_s += src->watched_s;
	dst->busy_s += src->busy_s;
	dst->run_wait_s += src->run_wait_s;
	dst->wakeups += src->wakeups;
	dst->n_arrivals_tested += src->n_arrivals_tested;
	dst->n_arrivals_failed += src->n_arrivals_failed;
	dst->clock_steps = src->clock_steps > dst->clock_steps ? src->clock_steps : dst->clock_steps;
	if (src->largest_step_ns > dst->largest_step_ns)
		dst->largest_step_ns = src->largest_step_ns;
	if (src->longest_gap_ns > dst->longest_gap_ns)
		dst->longest_gap_ns = src->longest_gap_ns;
	if (src->gap_sum_ns > dst->gap_sum_ns) {
		dst->gap_sum_ns = src->gap_sum_ns;
		dst->n_gaps = src->n_gaps;
	}
	if (dst->begin_ns == 0 || (src->begin_ns != 0 && src->begin_ns < dst->begin_ns))
		dst->begin_ns = src->begin_ns;
	if (src->end_ns > dst->end_ns)
		dst->end_ns = src->end_ns;
	if (src->n_arrivals_tested > 0) {
		dst->ad_statistic = fmax(dst->ad_statistic, src->ad_statistic); /* fmax ignores NaN */
		dst->dispersion = fmax(dst->dispersion, src->dispersion);
	}
}

void shard_merge(struct shard *dst, const struct shard *src)
{
	ledger_merge(&dst->figures, &src->figures);
	ledger_merge(&dst->warmup, &src->warmup);
	ledger_merge(&dst->slow, &src->slow);
	connections_merge(&dst->connections, &src->connections);
	errors_merge(&dst->errors, &src->errors);
	fairness_merge(&dst->fairness, &src->fairness);
	generator_merge(&dst->generator, &src->generator);
	ts_hist_add(&dst->response, &src->response);
	ts_hist_add(&dst->service, &src->service);
	ts_hist_add(&dst->service, &src->at_once);
	ts_hist_add(&dst->first_byte, &src->first_byte);
	ts_hist_add(&dst->first_byte, &src->at_once);
	ts_hist_add(&dst->connect, &src->connect);
	ts_hist_add(&dst->send_lag, &src->send_lag);
	ts_hist_add(&dst->slow_response, &src->slow_response);
	ts_hist_add(&dst->response_unanswered, &src->response_unanswered);
	ts_hist_add(&dst->service_unanswered, &src->service_unanswered);
	ts_hist_add(&dst->slow_unanswered, &src->slow_unanswered);
	ts_hist_add(&dst->to_kernel, &src->to_kernel);
	ts_hist_add(&dst->in_network, &src->in_network);
	ts_hist_add(&dst->from_kernel, &src->from_kernel);
}

WATCHES_RUNNING_SHARDS void shard_watch(struct watched *sum, const struct shard *running)
{
#define X(field) sum->figures.field += running->figures.field;
	LEDGER_FIELDS
#undef X
	sum->completed += running->figures.completed + running->warmup.completed + running->slow.completed;
	sum->failed += running->figures.failed + running->warmup.failed + running->slow.failed;
	sum->open += running->connections.open;
	sum->opened += running->connections.opened;
	sum->failed_to_open += running->connections.failed;
}

void shard_move(struct shard *s, int64_t by_ns)
{
	if (s->generator.begin_ns != 0) /* 0: the load never began */
		s->generator.begin_ns += by_ns;
	if (s->generator.end_ns != 0)
		s->generator.end_ns += by_ns;
	if (s->connections.first_ns != 0) {
		s->connections.first_ns += by_ns;
		s->connections.last_ns += by_ns;
	}
	for (int i = 0; i < ERROR_N; i++) {
		struct error_entry *e = &s->errors.entry[i];
		if (e->n == 0)
			continue;
		e->first_ns += by_ns;
		e->last_ns += by_ns;
	}
}

#include "health.h"
#include "ts_clock.h"
#include "worker_inside.h"
#include <math.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_OFF_ABOVE 10000 /* connections that are reset rather than closed at the end */

/* Seconds that this thread was ready to run and waited for a processor; proc(5), schedstat. */
double worker_run_wait_s(void)
{
	unsigned long long cpu, wait = 0;
	FILE *f = fopen("/proc/thread-self/schedstat", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%llu %llu", &cpu, &wait) != 2)
		wait = 0;
	fclose(f);
	return (double)wait / 1e9;
}

/* A user would have waited at least until then. (No slow reader's: who would have sent it is not known.) */
static void note_not_sent(struct worker *w, int64_t planned_ns, int64_t until_ns)
{
	struct ledger *ledger = worker_ledger(w, planned_ns);

	ledger->not_sent++;
	ledger->unanswered++;
	if (!worker_measures(w, planned_ns))
		return;
	ts_hist_record(&w->shard->response, until_ns - planned_ns);
	ts_hist_record(&w->shard->response_unanswered, until_ns - planned_ns);
}

/* What the schedule asked for and nobody sent. Those beyond --requests were not asked for. */
static void count_not_sent(struct worker *w, int64_t now_ns)
{
	int64_t until_ns = now_ns < w->end_ns ? now_ns : w->end_ns, planned_ns;

	if (!w->plan->open_loop || !w->started)
		return;
	for (; pacer_peek(&w->pacer) < until_ns - w->start_ns; pacer_skip(&w->pacer)) {
		planned_ns = w->start_ns + pacer_peek(&w->pacer);
		if (w->quota == 0)
			break;
		w->quota -= worker_measures(w, planned_ns);
		worker_ledger(w, planned_ns)->scheduled++;
		note_not_sent(w, planned_ns, until_ns);
	}
}

static void count_in_flight(struct worker *w, const struct client *c, int64_t now_ns)
{
	for (unsigned i = 0, n = 0; i < (unsigned)w->plan->n_pipeline && n < c->n_in_flight; i++) {
		const struct slot *slot = client_slot(w, c, i);
		struct ledger *ledger;
		if (slot->size == 0)
			continue;
		n++;
		ledger = client_ledger(w, c, slot->planned_ns);
		ledger->in_flight_at_end++;
		if (slot->sent_ns != 0 && (c->flags & CLIENT_DATAGRAM))
			ledger->lost++;
		client_unanswered(w, c, slot, now_ns);
	}
	if (c->flags & CLIENT_PENDING) /* its connection was still being made */
		note_not_sent(w, client_slot(w, c, 0)->planned_ns, now_ns);
}

void worker_close_all(struct worker *w)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};
	bool many = w->plan->n_connections + w->plan->n_idle > LINGER_OFF_ABOVE;

	for (uint32_t i = 0; i < w->n_clients; i++) {
		struct client *c = &w->clients[i];
		if (c->io.fd >= 0) {
			if (many)
				setsockopt(c->io.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
			close(c->io.fd);
		}
		ts_reply_release(&c->reply);
	}
}

/* Requests that had to wait for a connection say nothing about how well the generator keeps its schedule. */
static void test_arrivals(struct worker *w)
{
	struct generator *g = &w->shard->generator;

	g->ad_statistic = g->dispersion = NAN;
	if (w->arrivals_every == 0 || w->n_waited * 100 > w->pacer.n_taken)
		return;
	health_test_arrivals(w->arrivals_ns, w->n_arrivals, w->arrivals_every, w->plan->rate_per_s / w->n_workers,
	                     w->plan->schedule.arrival, &g->ad_statistic, &g->dispersion);
	if (isnan(g->dispersion))
		return;
	g->n_arrivals_tested = 1;
	g->n_arrivals_failed =
	        health_arrivals_differ(g->ad_statistic, g->dispersion, w->n_arrivals, w->plan->schedule.arrival);
}

void worker_settle(struct worker *w)
{
	int64_t now_ns = ts_clock_mono_ns();
	struct generator *g = &w->shard->generator;

	test_arrivals(w);
	count_not_sent(w, now_ns);
	for (uint32_t i = 0; i < w->n_clients; i++) {
		count_in_flight(w, &w->clients[i], now_ns);
		if (i < w->n_active && !w->clients[i].slow)
			fairness_add(&w->shard->fairness, w->clients[i].n_completed);
	}
	if (w->started) {
		g->cpu_s = (double)(ts_clock_thread_cpu_ns() - w->cpu_ns) / 1e9;
		g->begin_ns = w->measure_ns;
		g->end_ns = now_ns < w->end_ns ? now_ns : w->end_ns;
	}
}

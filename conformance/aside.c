/* The stage of cases that run side by side: each takes as many places as it has clients, of those the server serves. */
#include "aside.h"
#include "look.h"
#include "result.h"
#include "ts_clock.h"

#define SILENCES 8 /* so many cases without an answer, and the rest is not run */

struct side_by_side {
	struct report *report;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	size_t next;
	int n_places, n_silent;
};

static int places(const struct side_by_side *s, const struct result *r)
{
	int capacity = s->report->subject->dialect.abreast;
	int jobs = (int)s->report->subject->options->n_jobs;
	int all = s->report->subject->alone ? 1 : capacity < jobs ? capacity : jobs;

	return r->row->n_clients < all ? r->row->n_clients : all;
}

/*
 * Cases of one or two clients that run alone for the sake of the processor run here, too, on a server that only waits:
 * most of a slow server's suite is waiting.
 */
static bool aside(const struct report *report, const struct case_row *row)
{
	const struct dialect *d = &report->subject->dialect;
	bool waits = dialect_is_slow(d) && d->abreast >= DIALECT_CAPACITY_MAX;

	return row->stage == ASIDE || (waits && row->stage == ALONE && row->n_clients <= 2);
}

static struct result *take(struct side_by_side *s)
{
	struct report *report = s->report;

	while (s->next < report->n) {
		struct result *r = &report->results[s->next];
		if (!aside(report, r->row) || !result_ready(report, r)) {
			s->next++;
			continue;
		}
		if (s->report->subject->gone || s->n_silent >= SILENCES)
			return NULL;
		if (places(s, r) <= s->n_places) {
			s->next++;
			s->n_places -= places(s, r);
			return r;
		}
		pthread_cond_wait(&s->freed, &s->lock);
	}
	return NULL;
}

static void *work(void *arg)
{
	struct side_by_side *s = arg;
	struct result *r;

	pthread_mutex_lock(&s->lock);
	while ((r = take(s)) != NULL) {
		pthread_mutex_unlock(&s->lock);
		look_at(s->report, r, 1);
		pthread_mutex_lock(&s->lock);
		s->n_silent += r->blame == SILENCE;
		s->n_places += places(s, r);
		/* Alone on a server that may be stuck: find out before the next case waits in vain, too. */
		if (s->report->subject->dialect.capacity < 2 && r->blame == SILENCE &&
		    !look_whether_it_lives(s->report))
			s->report->subject->gone = true;
		pthread_cond_broadcast(&s->freed);
	}
	pthread_cond_broadcast(&s->freed);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

void aside_run(struct report *report)
{
	struct side_by_side s = {.report = report};
	pthread_t threads[64];
	int n_threads = 0, n = (int)report->subject->options->n_jobs;

	pthread_mutex_init(&s.lock, NULL);
	pthread_cond_init(&s.freed, NULL);
	s.n_places = report->subject->dialect.abreast < n ? report->subject->dialect.abreast : n;
	if (s.n_places < 1 || report->subject->alone)
		s.n_places = 1;
	for (int i = s.n_places; n_threads < i; n_threads++)
		if (pthread_create(&threads[n_threads], NULL, work, &s) != 0)
			break;
	if (n_threads == 0)
		work(&s);
	for (int i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	pthread_cond_destroy(&s.freed);
	pthread_mutex_destroy(&s.lock);
	look_settle(report, false);
	if (s.n_silent >= SILENCES)
		result_not_run(report, "not run", "the server has left too many cases without an answer");
}

#include "progress.h"
#include <stdio.h>

static void show(struct progress *p, const struct result *r)
{
	char text[160];

	snprintf(text, sizeof(text), "%d of %d cases, %d found wanting: %s", p->n_done, p->n_all, p->n_found,
	         r->row->id);
	ts_live_put(&p->line, text);
}

static void on_look(const struct result *r, void *data)
{
	struct progress *p = data;

	pthread_mutex_lock(&p->lock);
	p->n_done++;
	show(p, r);
	pthread_mutex_unlock(&p->lock);
}

/* Most were run, and counted then. */
static void on_result(const struct result *r, void *data)
{
	struct progress *p = data;
	bool was_run = r->duration_ns > 0, found = r->status == FAIL || r->status == WARN;

	if (!r->selected)
		return;
	pthread_mutex_lock(&p->lock);
	p->n_done += !was_run;
	p->n_found += found;
	if (found || !was_run)
		show(p, r);
	pthread_mutex_unlock(&p->lock);
}

void progress_begin(struct progress *p, struct report *report)
{
	*p = (struct progress){.lock = PTHREAD_MUTEX_INITIALIZER};
	ts_live_init(&p->line, (enum ts_live_when)report->subject->options->progress);
	if (!p->line.on)
		return;
	for (size_t i = 0; i < report->n; i++)
		p->n_all += report->results[i].selected;
	report->on_look = on_look;
	report->on_result = on_result;
	report->data = p;
}

void progress_end(struct progress *p)
{
	ts_live_wipe(&p->line);
}

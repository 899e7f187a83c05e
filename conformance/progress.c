#include "progress.h"
#include <stdio.h>
#include <unistd.h>

static void put(struct progress *p, const char *text)
{
	char line[200];
	int n = snprintf(line, sizeof(line), p->rewrites ? "\r%s\033[K" : "%s\n", text);

	if (n > 0 && write(STDERR_FILENO, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1) < 0)
		p->on = false;
	p->shown = true;
}

static void show(struct progress *p, const struct result *r)
{
	char text[160];

	snprintf(text, sizeof(text), "%d of %d cases, %d found wanting: %s", p->n_done, p->n_all, p->n_found,
	         r->row->id);
	put(p, text);
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
	int when = report->subject->options->progress;

	*p = (struct progress){.lock = PTHREAD_MUTEX_INITIALIZER, .rewrites = isatty(STDERR_FILENO)};
	p->on = when == PROGRESS_ALWAYS || (when == PROGRESS_AUTO && p->rewrites);
	if (!p->on)
		return;
	for (size_t i = 0; i < report->n; i++)
		p->n_all += report->results[i].selected;
	report->on_look = on_look;
	report->on_result = on_result;
	report->data = p;
}

void progress_end(struct progress *p)
{
	if (p->rewrites && p->shown)
		put(p, "");
}

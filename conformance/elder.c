#include "elder.h"
#include "ts_clock.h"
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#define RESTS_NS (1900 * TS_MS) /* a little less than a server must allow */
#define EACH_NS  (350 * TS_MS)  /* it speaks so often */
#define HUSH_NS  (1100 * TS_MS) /* and where others want quiet */

struct elder {
	struct turn turn;
	int64_t begin_ns;
	int64_t each_ns;
	pthread_t thread; /* that speaks */
	sem_t hush;       /* posted: it must leave */
	bool talks;       /* there is one */
	bool rested;      /* longer than a server must allow, for the machine was busy: that it ends is no fault */
};

static bool speak(struct elder *elder)
{
	struct peer *p = elder->turn.peers[0];

	elder->rested |= ts_clock_mono_ns() - p->progress_ns > RESTS_NS;
	return peer_say_letters(p, 8);
}

/* Nothing is to be said for so long, and it goes on after that. */
static bool may_wait(struct elder *elder, int64_t ns)
{
	const int64_t until_ns = ts_clock_mono_ns() + ns;
	const struct timespec until = {.tv_sec = until_ns / TS_S, .tv_nsec = until_ns % TS_S};

	return sem_clockwait(&elder->hush, CLOCK_MONOTONIC, &until) != 0;
}

static void *talk(void *arg)
{
	struct elder *elder = arg;

	while (may_wait(elder, elder->each_ns) && speak(elder))
		;
	return NULL;
}

static void end_talk(struct elder *elder)
{
	if (!elder->talks)
		return;
	sem_post(&elder->hush);
	pthread_join(elder->thread, NULL);
	sem_destroy(&elder->hush);
	elder->talks = false;
}

/* From now on so often. Without a thread it rests. */
static void begin_talk(struct elder *elder, int64_t each_ns)
{
	end_talk(elder);
	elder->each_ns = each_ns;
	sem_init(&elder->hush, 0, 0);
	elder->talks = pthread_create(&elder->thread, NULL, talk, elder) == 0;
}

static void move(struct peer *p, struct turn *to)
{
	struct turn *from = p->turn;

	for (int i = 0; i < from->n_peers; i++)
		if (from->peers[i] == p)
			from->peers[i] = from->peers[--from->n_peers];
	p->turn = to;
	to->peers[to->n_peers++] = p;
}

/* An _Atomic pointer of the subject: one thread at a time changes it, and others may look whether it is there. */
typedef struct elder *_Atomic elder_place;

static bool keep(elder_place *place, struct peer *p, int64_t begin_ns)
{
	struct subject *s = p->turn->subject;
	struct elder *elder = *place ? NULL : calloc(1, sizeof(*elder));

	if (!elder)
		return false;
	elder->begin_ns = begin_ns;
	elder->turn.subject = s;
	elder->turn.patience = 1;
	elder->turn.begin_ns = begin_ns;
	elder->turn.random = ts_random_new(s->seed);
	trace_begin(&elder->turn.trace, begin_ns);
	move(p, &elder->turn);
	*place = elder;
	return true;
}

static void end(elder_place *place)
{
	struct elder *elder = *place;

	if (!elder)
		return;
	end_talk(elder);
	turn_release(&elder->turn);
	trace_release(&elder->turn.trace);
	free(elder);
	*place = NULL;
}

static struct peer *take(elder_place *place, struct turn *t, int64_t *begin_ns)
{
	struct elder *elder = *place;
	struct peer *p = elder->turn.peers[0];

	end_talk(elder);
	*begin_ns = elder->begin_ns;
	move(p, t);
	t->blame = elder->turn.blame;
	t->sort = elder->turn.sort;
	memcpy(t->message, elder->turn.message, sizeof(t->message));
	memcpy(t->expected, elder->turn.expected, sizeof(t->expected));
	memcpy(t->actual, elder->turn.actual, sizeof(t->actual));
	trace_release(&t->trace);
	t->trace = elder->turn.trace;
	memset(&elder->turn.trace, 0, sizeof(elder->turn.trace));
	end(place);
	return p;
}

bool elder_keep(struct peer *p, int64_t begin_ns)
{
	struct subject *s = p->turn->subject;

	if (!keep(&s->elder, p, begin_ns))
		return false;
	begin_talk(s->elder, EACH_NS);
	return true;
}

void elder_hush(struct subject *s)
{
	if (!s->elder)
		return;
	end_talk(s->elder);
	speak(s->elder); /* the rest begins now */
	if (!dialect_is_slow(&s->dialect))
		begin_talk(s->elder, HUSH_NS);
}

void elder_go_on(struct subject *s)
{
	if (s->elder)
		begin_talk(s->elder, EACH_NS);
}

struct peer *elder_take(struct turn *t, int64_t *begin_ns)
{
	struct subject *s = t->subject;

	if (!s->elder)
		return NULL;
	end_talk(s->elder);
	speak(s->elder);
	if (s->elder->rested && s->elder->turn.blame != NOBODY)
		end(&s->elder);
	return s->elder ? take(&s->elder, t, begin_ns) : NULL;
}

bool elder_sleep(struct peer *p)
{
	return keep(&p->turn->subject->sleeper, p, ts_clock_mono_ns());
}

struct peer *elder_wake(struct turn *t, int64_t *slept_ns)
{
	int64_t begin_ns;

	if (!t->subject->sleeper)
		return NULL;
	struct peer *p = take(&t->subject->sleeper, t, &begin_ns);
	*slept_ns = ts_clock_mono_ns() - begin_ns;
	return p;
}

void elder_end(struct subject *s)
{
	end(&s->elder);
	end(&s->sleeper);
}

#include "elder.h"
#include "ts_clock.h"
#include <stdlib.h>
#include <string.h>

#define RESTS_NS (1900 * TS_MS) /* a little less than a server must allow */
#define EACH_NS  (300 * TS_MS)  /* it speaks no sooner again */

struct elder {
	struct turn turn;
	int64_t begin_ns;
};

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
	turn_release(&elder->turn);
	trace_release(&elder->turn.trace);
	free(elder);
	*place = NULL;
}

static struct peer *take(elder_place *place, struct turn *t, int64_t *begin_ns)
{
	struct elder *elder = *place;
	struct peer *p = elder->turn.peers[0];

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
	return keep(&p->turn->subject->elder, p, begin_ns);
}

static bool rests_for(const struct peer *p, int64_t ns)
{
	return ts_clock_mono_ns() - p->progress_ns > ns;
}

static bool has_rested(const struct peer *p)
{
	return rests_for(p, RESTS_NS);
}

void elder_speak(struct subject *s)
{
	struct elder *elder = s->elder;

	if (!elder || elder->turn.blame != NOBODY || !rests_for(elder->turn.peers[0], EACH_NS))
		return;
	if (has_rested(elder->turn.peers[0]))
		end(&s->elder);
	else
		peer_say_letters(elder->turn.peers[0], 8);
}

struct peer *elder_take(struct turn *t, int64_t *begin_ns)
{
	const struct elder *elder = t->subject->elder;

	if (!elder || (elder->turn.blame == NOBODY && has_rested(elder->turn.peers[0])))
		return NULL;
	return take(&t->subject->elder, t, begin_ns);
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

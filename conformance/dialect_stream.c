/* Probing a stream: which conversations are held, in which way, until the rule is learnt, and how many at a time. */
#include "dialect_inside.h"
#include "met.h"
#include "suite.h"
#include <string.h>

/* Once more, in another way. What it was taken for before stays, unless the rule is learnt now. */
static void converse_again(struct turn *t, enum first_message how)
{
	struct dialect before = t->subject->dialect;

	t->subject->dialect = (struct dialect){0};
	if (!dialect_converse(t, how) || !t->subject->dialect.known)
		t->subject->dialect = before;
	turn_forgive(t);
	t->subject->gone = false;
}

/*
 * No answer came: because it waits for CR LF, or to its first client only? One that hangs up may do it for either. One
 * that is slow to begin does not leave out its first client.
 */
static void try_again(struct turn *t)
{
	struct dialect *d = &t->subject->dialect;
	bool may_want_crlf = d->wants_crlf || d->ends_first, late = d->answers_end;

	if (!d->wants_crlf) {
		converse_again(t, WORD_OR_LINE);
		d->first_client = d->known && !late && !d->begins_late;
	}
	if (!d->known && may_want_crlf)
		converse_again(t, CRLF_LINE);
}

/* It closed after an answer to the word, and said nothing to the newline: either it is slow and had not waited for
 * that, or it takes lines and loses their ends. */
static bool answers_word_alone(const struct dialect *d)
{
	return d->line && !d->crlf && !d->known && d->ends_first && d->n_sample > N_WORD &&
	       memcmp(d->sample + d->n_sample - N_WORD, d->sample_in, N_WORD) == 0;
}

static void count_places(struct turn *t)
{
	struct dialect *d = &t->subject->dialect;
	bool check_time = d->rule.check_time;

	d->rule.check_time = false; /* a wrong time is an answer, too */
	dialect_find_capacity(t);
	d->rule.check_time = check_time;
	if (t->blame ==
	    BYTES) { /* a reply that was none ended the count: or is the second told that it may not stay? */
		d->turns_away = t->sort == NO_STAMP && d->capacity == 1 && !d->greeting;
		d->limit = d->turns_away ? 1 : 0;
		d->counted = d->turns_away || d->capacity > 1 || t->subject->options->concurrency != SAID_NOTHING;
	}
	met_forgive(t); /* it is found again, by a case; or it is not */
	d->misstated = t->subject->options->concurrency == SAID_CONCURRENT && d->capacity < 2;
}

bool dialect_probe_stream(struct turn *t)
{
	struct dialect *d = &t->subject->dialect;
	const struct options *o = t->subject->options;

	if (!dialect_converse(t, WORD_OR_LINE))
		return false;
	if (d->unanswered && o->framing != SAID_STREAM)
		try_again(t);
	if (o->framing == SAID_NOTHING && answers_word_alone(d))
		converse_again(t, WORD);
	if (d->known)
		dialect_settle_zeros(t);
	d->capacity = d->abreast = o->concurrency == SAID_CONCURRENT ? DIALECT_CAPACITY_MAX : 1;
	d->limit = o->concurrency == SAID_ITERATIVE ? 1 : 0;
	d->counted = o->concurrency != SAID_NOTHING || t->subject->needs_capacity;
	if (d->known && t->subject->needs_capacity)
		count_places(t);
	met_judge(t);
	return true;
}

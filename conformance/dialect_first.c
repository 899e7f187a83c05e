/* The first reply seems to be none. What comes of a further message tells what it is. */
#include "dialect_inside.h"
#include "peer.h"
#include "suite.h"
#include "trace.h"
#include "ts_clock.h"
#include <stdio.h>
#include <string.h>

#define NEXT_NS (250 * TS_MS) /* and four round trips: so long a reply may take where another came before */

static int64_t next_ns(const struct turn *t)
{
	return NEXT_NS + 4 * t->subject->dialect.rtt_ns + turn_busy_ns();
}

static bool is_reply(const char *in, size_t n_in, const char *out, size_t n_out)
{
	struct ts_reply_rule rule;
	struct ts_stamp stamp;

	return ts_reply_learn(&rule, &stamp, in, n_in, out, n_out, ts_clock_wall_ns(), NULL) == 0;
}

/* So many bytes stand before a reply to the message; 0: there is none, or nothing before it. */
static size_t n_before_reply(const struct dialect *d)
{
	for (size_t at = 1; at < d->n_sample; at++)
		if (d->sample[at] == '[' && is_reply(d->sample_in, d->n_sample_in, d->sample + at, d->n_sample - at))
			return at;
	return 0;
}

/* Is the reply to the word that was sent first a stamp and this alone, as if that were all that had been sent? */
static bool is_reply_to(const char *part, size_t n_part, const char *out, size_t n_out)
{
	return n_out > n_part && memcmp(out + n_out - n_part, part, n_part) == 0 && is_reply(part, n_part, out, n_out);
}

/* What stood before the first reply does not stand before the second: nobody had asked for it. */
static void see_late_greeting(struct turn *t, struct peer *p, size_t n_before)
{
	struct dialect *d = &t->subject->dialect;
	char word[N_WORD + 2], quoted[80];
	size_t n = turn_framed_letters(t, N_WORD, word);

	trace_quote(d->sample, n_before, quoted, sizeof(quoted));
	p->n_first = 0;
	peer_send(p, word, n);
	if (!peer_listen(p, next_ns(t)) || !dialect_listen_whole(p, word, n) ||
	    !is_reply(word, n, p->first, p->n_first))
		return;
	d->greeting = d->greets_late = true;
	snprintf(d->greeted, sizeof(d->greeted), "%s", quoted);
	dialect_learn(t, word, n, p->first, p->n_first);
}

/* An answer came when a newline was sent behind the word: to the newline, and none to the word? Or to the word, and one
 * to the newline comes with the next message? */
static void see_unanswered(struct turn *t, struct peer *p, bool to_newline)
{
	struct dialect *d = &t->subject->dialect;
	char word[N_WORD];

	turn_letters(t, word, N_WORD);
	p->n_first = 0;
	peer_send(p, word, N_WORD);
	if (!peer_listen(p, next_ns(t)) || !dialect_listen_whole(p, word, N_WORD))
		return;
	if (to_newline && is_reply_to(word, N_WORD, p->first, p->n_first))
		dialect_stranger(d,
		                 "it does not answer the first message of a conversation, and answers those after it");
	else if (!to_newline && is_reply_to("\n", 1, p->first, p->n_first))
		dialect_stranger(d, "it answers a message only when the next one has come");
	else
		return;
	d->n_sample = 0; /* it says no more than that */
}

void dialect_look_behind(struct turn *t, struct peer *p)
{
	const struct dialect *d = &t->subject->dialect;
	size_t n_before = n_before_reply(d);
	bool to_newline = d->line && is_reply_to("\n", 1, d->sample, d->n_sample);

	if (n_before > 0)
		see_late_greeting(t, p, n_before);
	else if (to_newline || (d->line && is_reply_to(d->sample_in, N_WORD, d->sample, d->n_sample)))
		see_unanswered(t, p, to_newline);
}

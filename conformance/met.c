#include "met.h"
#include "peer_inside.h"
#include "result.h"
#include "ts_clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEARD 4

struct met {
	struct {
		char in[16], out[240];
		size_t n_in, n_out;
	} heard[HEARD];
	int n_heard;
	enum blame blame; /* of what follows */
	enum sort sort;
	char message[600], expected[300], actual[300];
	char *trace; /* owned */
};

static struct met *met_of(struct subject *s)
{
	if (!s->met)
		s->met = calloc(1, sizeof(*s->met));
	return s->met;
}

void met_hear(struct subject *s, const char *in, size_t n_in, const char *out, size_t n_out)
{
	const bool is_its_reply = memmem(out, n_out, in, n_in); /* and none to a message before it, that came late */
	struct met *met = is_its_reply ? met_of(s) : NULL;

	if (!met || met->n_heard == HEARD || n_in > sizeof(met->heard[0].in) || n_out > sizeof(met->heard[0].out))
		return;
	memcpy(met->heard[met->n_heard].in, in, n_in);
	memcpy(met->heard[met->n_heard].out, out, n_out);
	met->heard[met->n_heard].n_in = n_in;
	met->heard[met->n_heard++].n_out = n_out;
}

static void keep(struct turn *t)
{
	struct met *met = met_of(t->subject);

	if (met && met->blame == NOBODY) {
		met->blame = t->blame;
		met->sort = t->sort;
		memcpy(met->message, t->message, sizeof(met->message));
		memcpy(met->expected, t->expected, sizeof(met->expected));
		memcpy(met->actual, t->actual, sizeof(met->actual));
		met->trace = trace_text(&t->trace);
	}
	turn_forgive(t);
}

/* Who ends a conversation, or says something else than a reply, may have no place for so many. */
static bool is_about_bytes(const struct turn *t)
{
	switch (t->sort) {
	case NO_STAMP:
	case EARLY_END:
	case IDLE_END:
	case OWED_END:
	case ENDED: return false;
	default: return t->blame == BYTES;
	}
}

void met_forgive(struct turn *t)
{
	if (is_about_bytes(t))
		keep(t);
	else
		turn_forgive(t);
}

static enum sort sort_of(enum ts_reply_verdict verdict)
{
	return verdict == TS_REPLY_BAD_TIME ? OTHER_TIME : verdict == TS_REPLY_BAD_SEPARATOR ? OTHER_SEPARATOR : ANY;
}

/* What is only missing may come late. */
static enum ts_reply_verdict verdict_of(const struct met *met, int i, struct ts_reply_rule rule)
{
	struct ts_reply reply;

	rule.check_time = false;
	ts_reply_init(&reply);
	enum ts_reply_verdict verdict = ts_reply_feed(&reply, &rule, met->heard[i].in, met->heard[i].n_in,
	                                              met->heard[i].out, met->heard[i].n_out, 0, ts_clock_wall_ns());
	ts_reply_release(&reply);
	return verdict;
}

void met_judge(struct turn *t)
{
	const struct met *met = t->subject->met;
	char in[60], out[260];

	for (int i = 0; met && t->subject->dialect.known && i < met->n_heard && t->blame == NOBODY; i++) {
		enum ts_reply_verdict verdict = verdict_of(met, i, t->subject->dialect.rule);
		if (verdict == TS_REPLY_LEGAL)
			continue;
		turn_fail(t, BYTES, "%s", ts_reply_verdict_text(verdict));
		t->sort = sort_of(verdict);
		snprintf(t->expected, sizeof(t->expected), "[time]data for %s",
		         trace_quote(met->heard[i].in, met->heard[i].n_in, in, sizeof(in)));
		snprintf(t->actual, sizeof(t->actual), "%s",
		         trace_quote(met->heard[i].out, met->heard[i].n_out, out, sizeof(out)));
		keep(t);
	}
}

/* Was one of them ended, which had not rested for long? A server that makes room for others ends its oldest, or more.
 */
static void see_early_end(struct turn *t)
{
	const struct peer *ended = NULL;
	int n_ended = 0;

	turn_pause(10 * TS_MS + turn_busy_ns());
	for (int i = 0; i < t->n_peers && t->blame == NOBODY; i++) {
		peer_pump(t->peers[i], 0);
		ended = t->peers[i]->ended ? t->peers[i] : ended;
		n_ended += t->peers[i]->ended;
	}
	if (n_ended != 1 || ended == t->peers[0] || t->blame != NOBODY)
		return;
	t->sort = EARLY_END;
	turn_fail(t, BYTES, "client %d was answered, and then the server ended the conversation", ended->number);
}

/* A busy machine may hold up an end: it is waited for once more. */
static void ends(struct peer *p)
{
	struct turn *t = p->turn;

	if (peer_read_end(p) || t->blame != SILENCE)
		return;
	turn_forgive(t);
	p->progress_ns = ts_clock_mono_ns();
	peer_read_end(p);
}

void met_see_ends(struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;
	bool each_ends = d->known && d->ends && !d->one_shot && d->capacity > 1 && d->limit == 0;

	if (!each_ends || dialect_is_leisurely(d) || t->subject->slow_end || t->blame != NOBODY)
		return;
	see_early_end(t);
	for (int i = 0; i < t->n_peers; i++)
		peer_half_close(t->peers[i]);
	for (int i = 0; i < t->n_peers && t->blame == NOBODY; i++)
		ends(t->peers[i]);
	if (t->blame != NOBODY)
		keep(t);
}

/* The case that tells it: that of its sort, or else one that asks for much. */
static struct result *teller(struct report *report, const struct met *met)
{
	const struct {
		bool fits;
		const char *id;
	} rows[] = {
	        {met->blame == SILENCE, "end.next-client"},
	        {met->sort == EARLY_END, "stream.kept-many"},
	        {met->sort == OTHER_TIME, "format.time-text-steady"},
	        {met->sort == OTHER_SEPARATOR, "format.separator-steady"},
	        {true, "stream.lockstep"},
	        {true, "data.sizes"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct result *r = result_of(report, rows[i].id);
		if (rows[i].fits && r->selected && !r->done && r->duration_ns > 0)
			return r;
	}
	return NULL;
}

static bool all_well(const struct report *report)
{
	bool well = !report->subject->gone;

	for (size_t i = 0; i < report->n; i++)
		well &= report->results[i].blame == NOBODY;
	return well;
}

void met_settle(struct report *report)
{
	struct met *met = report->subject->met;
	struct result *r = met && met->blame != NOBODY && all_well(report) ? teller(report, met) : NULL;

	if (!r)
		return;
	r->met = true;
	r->blame = met->blame;
	r->sort = met->sort;
	snprintf(r->message, sizeof(r->message), "in the first conversations, and in no later one: %s", met->message);
	memcpy(r->expected, met->expected, sizeof(r->expected));
	memcpy(r->actual, met->actual, sizeof(r->actual));
	free(r->trace);
	r->trace = met->trace;
	met->trace = NULL;
	met->blame = NOBODY;
}

void met_release(struct subject *s)
{
	if (s->met)
		free(s->met->trace);
	free(s->met);
	s->met = NULL;
}

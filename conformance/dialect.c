/* Probing a stream: one conversation that learns the rule. (dialect_stream.c says which are held.) */
#include "dialect.h"
#include "dialect_inside.h"
#include "met.h"
#include "peer.h"
#include "suite.h"
#include "ts_clock.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define GREETING_NS   (120 * TS_MS)
#define UNFINISHED_NS (600 * TS_MS) /* no reply for so long: perhaps it waits for a newline */
#define HALF_NS       (250 * TS_MS) /* the same, of a server that has begun to answer */
#define QUIET_NS      (120 * TS_MS) /* no more came for so long: this is all that it says */
#define PAUSE_NS      UNFINISHED_NS /* the same, where the data has not come: it may pause within its reply */
#define MORE_NS       (5 * TS_MS)   /* the reply seems whole, and no more came for so long */
#define LONGEST_NS    (5 * TS_S)    /* and if more comes for so long, or so much of it, no end is to be hoped for */
#define FLOOD_BYTES   8192
#define LATE_END_NS   (20 * TS_MS)
#define END_NS        TS_S /* a server that takes longer to end is slow with it: end.half-close judges that */

static bool ends_with(const struct peer *p, const char *tail, size_t n)
{
	return p->n_first >= n && memcmp(p->first + p->n_first - n, tail, n) == 0;
}

/* What came is all, if no more comes for so long. `tail`: the data of its message; NULL: a greeting has none. */
static int64_t quiet_ns(const struct peer *p, const char *tail, size_t n_tail)
{
	if (!tail)
		return QUIET_NS;
	if (ends_with(p, tail, n_tail))
		return MORE_NS;
	return memmem(p->first, p->n_first, tail, n_tail) ? QUIET_NS : PAUSE_NS;
}

bool dialect_listen_whole(struct peer *p, const char *tail, size_t n_tail)
{
	int64_t before = p->n_read, deadline_ns = ts_clock_mono_ns() + LONGEST_NS;

	while (!p->ended && peer_listen(p, quiet_ns(p, tail, n_tail)))
		if (p->n_read - before > FLOOD_BYTES || ts_clock_mono_ns() > deadline_ns)
			return false;
	return true;
}

void dialect_widen_rtt(struct dialect *d, int64_t ns)
{
	if (ns > d->rtt_ns)
		d->rtt_ns = ns;
	if (d->least_rtt_ns == 0 || ns < d->least_rtt_ns)
		d->least_rtt_ns = ns;
}

void dialect_stranger(struct dialect *d, const char *what)
{
	snprintf(d->stranger, sizeof(d->stranger), "%s", what);
}

static void answers_for_ever(struct dialect *d, const struct peer *p)
{
	char quoted[120];

	d->known = false;
	snprintf(d->stranger, sizeof(d->stranger), "it answers one message without end: %s",
	         trace_quote(p->first, p->n_first, quoted, sizeof(quoted)));
}

/* What comes within the wait is more than the line's end that belongs to the reply before, and came late. */
static bool hears_reply(struct peer *p, int64_t wait_ns)
{
	int64_t until_ns = ts_clock_mono_ns() + wait_ns, left_ns;
	size_t n_ends = 0;

	p->n_first = 0;
	while (n_ends == p->n_first && (left_ns = until_ns - ts_clock_mono_ns()) > 0 && peer_listen(p, left_ns))
		while (n_ends < p->n_first && (p->first[n_ends] == '\r' || p->first[n_ends] == '\n'))
			n_ends++;
	return p->n_first > n_ends;
}

/*
 * Does it answer a newline, or was it only slow, perhaps to begin? Wait so long for a reply to half a line that silence
 * means something.
 */
static void confirm_line(struct turn *t, struct peer *p)
{
	struct dialect *d = &t->subject->dialect;
	char word[N_WORD + 2];
	int64_t wait_ns = 4 * d->rtt_ns > HALF_NS ? 4 * d->rtt_ns : HALF_NS + turn_busy_ns();

	if (d->one_shot || p->ended)
		return;
	turn_letters(t, word, N_WORD);
	peer_send(p, word, N_WORD);
	if (hears_reply(p, wait_ns)) {
		d->line = false;
		dialect_listen_whole(p, word, N_WORD);
		return;
	}
	peer_send(p, dialect_line_end(d), strlen(dialect_line_end(d)));
	peer_listen(p, wait_ns);
	dialect_listen_whole(p, "\n", 1);
}

#define AT_ONCE_NS (100 * TS_MS)

/* The replies to a word and to the newline behind it came at once, with that. Is it so again? */
static bool holds_back(struct turn *t, struct peer *p)
{
	char word[N_WORD];

	p->n_first = 0;
	turn_letters(t, word, N_WORD);
	peer_send(p, word, N_WORD);
	if (peer_listen(p, UNFINISHED_NS + turn_busy_ns()))
		return false;
	peer_send(p, "\n", 1);
	return peer_listen(p, UNFINISHED_NS + turn_busy_ns()) && memmem(p->first, p->n_first, word, N_WORD);
}

/*
 * The newline came to the rescue, or so it seems. But an answer to the word alone, and then one to the newline, is that
 * of a stream server that is slow. Wait for the second longer than the first took.
 */
static bool answers_halves(struct turn *t, struct peer *p, const char *word)
{
	struct dialect *d = &t->subject->dialect;
	const char *at = memmem(p->first, p->n_first, word, N_WORD);
	size_t n_first = at ? (size_t)(at - p->first) + N_WORD : 0;
	const bool both = n_first < p->n_first, at_once = both && d->rtt_ns <= AT_ONCE_NS + turn_busy_ns();

	if (!at || (both && p->first[n_first] != '['))
		return false;
	if (!both && !peer_listen(p, 2 * (UNFINISHED_NS + d->rtt_ns)))
		return false;
	if (p->n_first <= n_first || p->first[n_first] != '[')
		return false;
	peer_listen(p, QUIET_NS);
	d->line = false;
	d->least_rtt_ns = 0; /* it was counted from the newline on, and the word had been on its way before */
	dialect_widen_rtt(d, UNFINISHED_NS + d->rtt_ns);
	dialect_learn(t, word, N_WORD, p->first, n_first);
	if (at_once && holds_back(t, p)) {
		d->known = false;
		dialect_stranger(d, "a reply without a line's end is held back until one comes with a later reply");
	}
	return true;
}

/* First message: learn the rule. False: nothing was said that could be learnt from. */
static bool first_words(struct turn *t, struct peer *p, enum first_message how)
{
	struct dialect *d = &t->subject->dialect;
	const struct options *o = t->subject->options;
	bool crlf = how == CRLF_LINE, word_alone = how == WORD || o->framing == SAID_STREAM;
	const char *line_end = crlf ? "\r\n" : "\n";
	char word[N_WORD + sizeof("\r\n")];
	size_t n = N_WORD;
	int64_t sent_ns;
	bool came = false;

	turn_letters(t, word, N_WORD);
	memcpy(word + N_WORD, line_end, strlen(line_end) + 1);
	d->crlf = crlf;
	d->line = crlf || o->framing == SAID_LINE;
	sent_ns = ts_clock_mono_ns();
	if (d->line) {
		n += strlen(line_end);
		peer_send(p, word, n);
		came = peer_listen(p, o->timeout_ns);
	} else {
		peer_send(p, word, n);
		came = peer_listen(p, word_alone ? o->timeout_ns : UNFINISHED_NS);
	}
	if (!came && !d->line && !p->ended && !word_alone) {
		sent_ns = ts_clock_mono_ns();
		n++;
		peer_send(p, "\n", 1);
		came = peer_listen(p, o->timeout_ns);
		d->line = true;
	}
	if (!came && how == WORD_OR_LINE && !p->ended) {
		peer_send(p, "\r\n", 2);
		d->wants_crlf = peer_listen(p, UNFINISHED_NS + turn_busy_ns());
	}
	if (!came)
		return false;
	if (!dialect_listen_whole(p, word, n)) {
		dialect_widen_rtt(d, p->progress_ns - sent_ns);
		answers_for_ever(d, p);
		return true;
	}
	dialect_widen_rtt(d, p->progress_ns - sent_ns); /* to the last byte: some send the data after the stamp */
	if (d->line && !crlf && o->framing == SAID_NOTHING && answers_halves(t, p, word))
		return true;
	dialect_learn(t, word, n, p->first, p->n_first);
	if (!d->known && !p->ended)
		dialect_look_behind(t, p);
	return true;
}

/* One message more, and how long its answer takes. */
static bool next_words(struct turn *t, struct peer *p)
{
	struct dialect *d = &t->subject->dialect;
	char word[N_WORD + 2]; /* and its end */
	size_t n = turn_framed_letters(t, N_WORD, word);
	int64_t sent_ns = ts_clock_mono_ns();

	p->n_first = 0;
	peer_send(p, word, n);
	if (!peer_listen(p, t->subject->options->timeout_ns))
		return false;
	if (dialect_listen_whole(p, word, N_WORD))
		met_hear(t->subject, word, n, p->first, p->n_first);
	dialect_widen_rtt(d, p->progress_ns - sent_ns);
	return true;
}

/* A second message: is it answered, or was one all there is? Some more, if a busy machine may be what takes so long. */
static void second_words(struct turn *t, struct peer *p)
{
	struct dialect *d = &t->subject->dialect;

	if (t->subject->options->session)
		return;
	int64_t begin_ns = ts_clock_mono_ns();
	peer_listen(p, t->subject->few ? 5 * TS_MS : 30 * TS_MS);
	bool ended = p->ended, answered = !ended && next_words(t, p);
	d->one_shot = p->ended && !answered;
	d->one_message = !p->ended && !answered;
	int64_t late_ns = d->one_shot && !ended ? ts_clock_mono_ns() - begin_ns : 0;
	t->subject->slow_end = late_ns > PEER_END_WITHIN_NS + turn_busy_ns();
	d->end_ns = late_ns;
	if (!answered)
		return;
	for (int i = 0; i < 3 && d->least_rtt_ns > 40 * TS_MS && d->least_rtt_ns < 250 * TS_MS; i++)
		if (!next_words(t, p))
			return;
}

/* Is the greeting a time, and nothing else but blanks and punctuation around it? */
static bool tells_time(const char *text, size_t n)
{
	struct ts_stamp stamp;

	for (; n > 0 && !isalnum((unsigned char)*text); n--)
		text++;
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	n -= n > 0 && text[n - 1] == ']';
	return n > 0 && n < TS_STAMP_MAX && ts_stamp_read(&stamp, NULL, text, n, NULL) == 0;
}

/* IAC, and DO, DONT, WILL or WONT: RFC 854. */
static bool is_telnet(const struct peer *p)
{
	return p->n_first > 2 && (unsigned char)p->first[0] == 255 && (unsigned char)p->first[1] >= 251;
}

static void quote_greeting(struct dialect *d, const struct peer *p)
{
	char quoted[80];

	snprintf(d->greeted, sizeof(d->greeted), "%s%s", trace_quote(p->first, p->n_first, quoted, sizeof(quoted)),
	         is_telnet(p) ? " (it negotiates, as Telnet does)" : "");
}

/* The framing may have been stated wrongly. */
static const char *in_which_framing(const struct options *o)
{
	static const char *const ways[] = {
	        [SAID_NOTHING] = "it does not answer",
	        [SAID_STREAM] = "it does not answer a message without a line's end, as --framing=stream has it",
	        [SAID_LINE] = "it does not answer a line, as --framing=line has it"};

	return ways[o->framing];
}

bool dialect_converse(struct turn *t, enum first_message how)
{
	struct dialect *d = &t->subject->dialect;
	struct peer *p = peer_open(t);

	if (!p)
		return false;
	p->dumb = true;
	t->subject->slow_end = false;
	d->greeting = peer_listen(p, t->subject->few ? GREETING_NS / 10 : GREETING_NS);
	bool endless = d->greeting && !dialect_listen_whole(p, NULL, 0);
	if (d->greeting)
		quote_greeting(d, p);
	bool silent_end = p->ended, daytime = d->greeting && tells_time(p->first, p->n_first);
	p->n_first = 0;
	bool said = !silent_end && !endless && first_words(t, p, how);
	if (said && d->known) {
		second_words(t, p);
		if (d->line && t->subject->options->framing == SAID_NOTHING)
			confirm_line(t, p);
	}
	int64_t begin_ns = ts_clock_mono_ns();
	if (said && !p->ended && !d->known)
		peer_listen(p, MORE_NS);
	d->ends_first = p->ended;
	peer_half_close(p);
	p->n_first = 0;
	int64_t before = p->n_read;
	while (!p->ended && !endless && p->n_read < 100000 && ts_clock_mono_ns() - begin_ns < END_NS)
		peer_listen(p, 50 * TS_MS);
	d->n_after_end = p->n_read - before;
	d->ends = p->ended;
	d->end_ns += ts_clock_mono_ns() - begin_ns;
	d->begins_late = d->rtt_ns > DIALECT_LATE_BEGIN_NS + turn_busy_ns();
	d->ends_late = d->end_ns > LATE_END_NS + turn_busy_ns();
	t->subject->slow_end |= !p->ended;
	bool late = !said && p->n_first > 0;
	d->unanswered = !said && !silent_end && !d->greeting;
	d->answers_end = d->unanswered && late;
	if (late)
		dialect_stranger(d, "it answers only when the client has ended, or not within the time-out");
	else if (!said)
		dialect_stranger(d, silent_end      ? "it ends the conversation before the client has said anything"
		                    : d->ends_first ? "it ends the conversation without an answer"
		                                    : in_which_framing(t->subject->options));
	if (d->greeting && !d->known)
		snprintf(d->stranger, sizeof(d->stranger), "it speaks first%s: %s",
		         endless   ? ", and without end"
		         : daytime ? ", and tells the time unasked, as a daytime server does"
		                   : "",
		         d->greeted);
	peer_free(p, 0);
	return true;
}

enum ts_reply_verdict dialect_judge_bare(const struct dialect *d, const char *out, size_t n, int64_t sent_ns,
                                         int64_t *stamp_ns)
{
	struct ts_reply_rule alone = d->rule;
	int64_t now_ns = ts_clock_wall_ns();
	enum ts_reply_verdict verdict = ts_reply_datagram(&d->rule, "", 0, out, n, sent_ns, now_ns, stamp_ns);

	alone.n_separator = 0;
	if (verdict == TS_REPLY_LEGAL ||
	    ts_reply_datagram(&alone, "", 0, out, n, sent_ns, now_ns, stamp_ns) == TS_REPLY_LEGAL)
		return TS_REPLY_LEGAL;
	return verdict;
}

bool dialect_probe(struct turn *t)
{
	if (ts_transport_is_stream(t->subject->endpoint.transport))
		return dialect_probe_stream(t);
	bool reached = dialect_probe_datagram(t);
	if (reached) {
		turn_forgive(t);
		t->subject->gone = false;
	}
	return reached;
}

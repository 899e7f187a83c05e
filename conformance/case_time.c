/* The server's wall clock at the moment it answers. Every reply is held to its window by the law; these choose the
 * moments. */
#include "cases.h"
#include "elder.h"
#include "sample.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Longer than any time text means (1 s), with the tolerance of its rounding: a time that stands still shows. */
#define STALE_NS (1750 * TS_MS)

void case_time_calendar(struct turn *t)
{
	const char *text, *why = "";
	struct ts_stamp stamp;
	size_t n;

	if (sampled(t)) {
		const int rc = sample_time(t, &text, &n) ? ts_stamp_read(&stamp, NULL, text, n, &why) : -EINVAL;
		if (rc == -ERANGE) {
			turn_fail(t, BYTES, "the time is none of the calendar: %s", why);
			sample_show(t, "[time]data");
		} else if (rc < 0) {
			turn_skip(t, "no time stands between brackets");
		}
		return;
	}
	for (int i = 0; turn_goes_on(t, i, 5, 2, TS_S); i++)
		turn_ask_letters(t, 4);
}

/* Of a text that states no zone, in that of the first reply. */
static int64_t instant_ns(const struct turn *t, const struct ts_stamp *stamp, int64_t now_ns)
{
	return ts_stamp_instant_ns(stamp, t->subject->dialect.rule.zone_s, now_ns);
}

/* How far off is the time of the latest reply? 0: not known. */
static int64_t ns_off(const struct turn *t)
{
	int64_t now_ns = ts_clock_wall_ns();
	struct ts_stamp stamp;
	char text[TS_STAMP_MAX];

	return turn_last_stamp(t, &stamp, text, sizeof(text)) ? instant_ns(t, &stamp, now_ns) - now_ns : 0;
}

#define DAY_QUARTERS (24 * 4) /* off by a day is a wrong date, in any zone */

/* By how many quarters of an hour, as far as zones lie apart, is the latest reply's time off? 0: by no such time. */
static int quarters_off(const struct turn *t)
{
	int64_t off_ns = ns_off(t), quarter_ns = 15 * 60 * TS_S;
	int64_t quarters = (off_ns + (off_ns < 0 ? -1 : 1) * quarter_ns / 2) / quarter_ns;
	int64_t rest_ns = off_ns - quarters * quarter_ns;
	bool fits = quarters >= -26 * 4 && quarters <= 26 * 4 && quarters % DAY_QUARTERS != 0 && rest_ns > -2 * TS_S &&
	            rest_ns < 2 * TS_S;

	return fits ? (int)quarters : 0;
}

/*
 * The time has left its window: by quarters of an hour? A text that states no zone is in that of the first reply. Else
 * the window's case is about it.
 */
static void name_zone(struct turn *t, int i)
{
	if (t->sort != WRONG_TIME || t->subject->dialect.stamp.has_zone)
		return;
	const int quarters = quarters_off(t);
	if (quarters == 0)
		return;
	t->sort = OTHER_ZONE;
	snprintf(t->message, sizeof(t->message), "the zone changed at reply %d: the time is %+d minutes off", i + 1,
	         quarters * 15);
}

/* First in one conversation; then in several, for workers may have a zone each. */
void case_time_zone_steady(struct turn *t)
{
	const int n_together = 15;

	char text[160];
	struct ts_stamp stamp;
	const struct ts_stamp *first = &t->subject->dialect.stamp;

	for (int i = 0; turn_goes_on(t, i, 30, 6, TS_S); i++) {
		if (i >= n_together && t->subject->dialect.ends && !turn_ask_end(t))
			return;
		if (!turn_ask_letters(t, 5) || !turn_last_stamp(t, &stamp, text, sizeof(text))) {
			name_zone(t, i);
			return;
		}
		if (stamp.has_zone == first->has_zone && stamp.zone_s == first->zone_s)
			continue;
		snprintf(t->expected, sizeof(t->expected), "the zone of %s", t->subject->dialect.stamp_text);
		snprintf(t->actual, sizeof(t->actual), "%s", text);
		turn_fail(t, BYTES, "the zone changed at reply %d", i + 1);
	}
}

static void leave_to_window(struct turn *t)
{
	turn_forgive(t);
	turn_report(t, "not judged: the time is wrong in any zone");
}

/* A stated zone that is not that of the time puts the time hours out of its window; what else does is not its case. */
void case_time_zone_true(struct turn *t)
{
	if (!t->subject->dialect.stamp.has_zone)
		turn_report(t, "the time text states no zone");
	else if (!turn_ask_letters(t, 8) && t->sort == WRONG_TIME && quarters_off(t) != 0)
		turn_precede(t, t->subject->dialect.stamp.kind == TS_STAMP_UNIX
		                        ? "seconds since 1970 are those of UTC, and not of local time: "
		                        : "the zone in the text is not that of the time: ");
	else if (t->sort == WRONG_TIME)
		leave_to_window(t);
}

/* Is the time still that of the probe's first reply? Then it stands, and does not go back. */
static bool stands_still(const struct turn *t)
{
	int64_t now_ns = ts_clock_wall_ns();
	struct ts_stamp stamp;
	char text[TS_STAMP_MAX];

	return turn_last_stamp(t, &stamp, text, sizeof(text)) &&
	       instant_ns(t, &stamp, now_ns) == instant_ns(t, &t->subject->dialect.stamp, now_ns);
}

void case_time_not_back(struct turn *t)
{
	for (int i = 0; turn_goes_on(t, i, 60, 8, TS_S); i++)
		if (!turn_ask_letters(t, 2) && t->sort == WRONG_TIME && !stands_still(t) &&
		    (i > 0 || (ns_off(t) < 0 && ns_off(t) > -5 * TS_S)))
			t->sort = ANY; /* a first reply's that is far off is just wrong */
}

/*
 * resolution_ns: of the text; a text that shows less than seconds may well stand still. The only message of a
 * conversation is worth a warning: the common SocketServer listing looks at its clock, and then reads.
 */
static void judge_advance(struct turn *t, const char *before, const char *after, int64_t resolution_ns)
{
	if (strcmp(before, after) != 0 || resolution_ns > TS_S)
		return;
	if (t->subject->dialect.one_shot)
		turn_warn(t, "the reply to a message that came %.1f s late has the time of its connection: %s",
		          (double)STALE_NS / 1e9, after);
	else
		turn_fail(t, BYTES, "the time stood still at %s for %.1f s", before, (double)STALE_NS / 1e9);
}

#define OTHER_MOST 4080

/* The stamp of a very short or a long message may be made elsewhere, and be old. */
static void ask_other_sizes(struct turn *t, const char *letters)
{
	if (t->subject->dialect.one_shot || turn_slow(t))
		return;
	turn_ask(t, letters, 1);
	turn_ask(t, letters, ts_transport_is_stream(t->subject->endpoint.transport) ? OTHER_MOST : 1000);
}

/* The same messages again: their replies may have been remembered. The one of eight letters is the last before the
 * pause, and the first behind it: a server may remember one. */
void case_time_advances(struct turn *t)
{
	const struct seen *seen = &t->subject->seen;
	char before[160], after[160], letters[OTHER_MOST];
	struct ts_stamp a, b;

	if (seen->rested && turn_shares_waits(t)) {
		judge_advance(t, seen->before, seen->after, t->subject->dialect.stamp.resolution_ns);
		turn_report(t, "from %s to %s in the conversation of stream.kept-idle", seen->before, seen->after);
		return;
	}
	turn_letters(t, letters, sizeof(letters));
	ask_other_sizes(t, letters);
	if (!turn_ask(t, letters, 8) || !turn_last_stamp(t, &a, before, sizeof(before)))
		return;
	if (t->subject->dialect.one_shot && !(t->talk = peer_open(t))) /* now, to ask later: is its time that of now? */
		return;
	turn_pause(STALE_NS);
	if (!turn_ask(t, letters, 8) || !turn_last_stamp(t, &b, after, sizeof(after)))
		return;
	judge_advance(t, before, after, a.resolution_ns);
	ask_other_sizes(t, letters);
}

#define SAID 8 /* letters, and the end of a line where there are lines */

/* As a client of its own, whom nothing reaches any more. */
static bool say_and_go(struct turn *t, const char *said, size_t n)
{
	if (ts_transport_is_stream(t->subject->endpoint.transport)) {
		struct peer *p = peer_open(t);
		if (!peer_say(p, said, n) || !peer_finish(p))
			return false;
		peer_free(p, 0);
		return true;
	}
	struct dgram *d = dgram_open(t);
	bool ok = d && dgram_say(d, said, n);
	dgram_free(d);
	return ok;
}

/*
 * Nobody says anything for a while: a server that looked at its clock before it began to wait is found out. So is one
 * that looks when somebody connects, and tells all of that, where a conversation can lie open meanwhile. The same is
 * said before and after: no other case speaks meanwhile, and so a server that keeps its last replies has it still.
 */
void case_time_fresh_connection(struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;
	bool has_open = ts_transport_is_stream(t->subject->endpoint.transport) && !d->one_shot && d->capacity > 1;
	char said[SAID + 2];
	size_t n = turn_framed_letters(t, SAID, said);

	if (has_open ? !turn_ask(t, said, SAID) : !say_and_go(t, said, n))
		return;
	turn_pause(STALE_NS);
	if (has_open && (!turn_ask(t, said, SAID) || !turn_ask_end(t)))
		return;
	turn_ask(t, said, SAID);
}

void case_time_sub_second(struct turn *t)
{
	int digits = t->subject->dialect.stamp.digits;

	if (digits > 0)
		turn_report(t, "%d digits of the second's fraction", digits);
	else
		turn_report(t, "whole seconds");
}

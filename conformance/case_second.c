/* The places of a second: nobody is told a second that is over, or one that is still to come. */
#include "cases.h"
#include <netinet/in.h>
#include <stdio.h>

#define PLACE_NS  (125 * TS_MS) /* between two places of a second */
#define EDGE_NS   (100 * TS_MS) /* before and behind the edge of a second */
#define STEP_NS   (25 * TS_MS)  /* between two places there */
#define BEFORE_NS (TS_MS / 2)   /* so long before the edge a row of messages begins, */
#define TICK_NS   (10 * TS_MS)  /* for as long as a tick of the kernel at most */
#define TICK_ASKS 300
#define LATE_NS   (40 * TS_MS)  /* a kernel that counts in ticks is late by 10 ms */
#define STALE_NS  (300 * TS_MS) /* who looks at a clock four times a second is late by less */

/*
 * Replies in the first half of a second, and in the second; and those of them with a time that was still to come. And
 * replies with a second that was over when the message was sent: to a machine's load that is not due. Of texts of whole
 * seconds alone.
 */
struct halves {
	int n[2], n_early[2], n_late, n_ahead;
	int64_t latest_ns, furthest_ns;
};

/* A message that was under way at a half's end belongs to none. */
static void note_half(struct turn *t, struct halves *halves, int64_t sent_ns)
{
	const struct dialect *d = &t->subject->dialect;
	int64_t read_ns = ts_clock_wall_ns();
	int half = read_ns % TS_S >= TS_S / 2;
	struct ts_stamp stamp;
	char text[TS_STAMP_MAX];

	if (d->stamp.resolution_ns != TS_S || !turn_last_stamp(t, &stamp, text, sizeof(text)))
		return;
	int64_t instant_ns = ts_stamp_instant_ns(&stamp, d->rule.zone_s, read_ns);
	int64_t late_ns = sent_ns - instant_ns - TS_S, ahead_ns = instant_ns - read_ns;
	halves->n_ahead += ahead_ns > LATE_NS;
	halves->furthest_ns = ahead_ns > halves->furthest_ns ? ahead_ns : halves->furthest_ns;
	halves->n_late += late_ns > LATE_NS;
	halves->latest_ns = late_ns > halves->latest_ns ? late_ns : halves->latest_ns;
	if (sent_ns / (TS_S / 2) != read_ns / (TS_S / 2))
		return;
	halves->n[half]++;
	halves->n_early[half] += ahead_ns > 0;
}

/*
 * Rounded to the nearest second, not cut to it? Then all of the second half is told the next second, and nobody in the
 * first half is. No clock on the wall does it.
 */
static bool is_rounded(const struct halves *halves)
{
	return halves->n[0] > 0 && halves->n_early[0] == 0 && halves->n[1] > 1 && halves->n_early[1] == halves->n[1];
}

/* Again and again: once may be a clock that was set. */
static bool is_habit(int n_replies)
{
	return n_replies > 2;
}

static bool has_our_clock(const struct ts_endpoint *ep)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&ep->addr;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)&ep->addr;

	switch (ep->addr.ss_family) {
	case AF_INET: return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	case AF_INET6: return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	default: return true;
	}
}

/*
 * The protocol gives a text the tolerance of its resolution: what is wrong by less than a second, at some places of it
 * and not at others, is worth a warning. But it is the clock at the moment of the answer: who remembers what that said,
 * for as long as a person would notice, is wrong. Of another machine's clock that cannot be told.
 */
static void judge(struct turn *t, const struct halves *halves)
{
	char what[160] = "";

	if (halves->latest_ns > STALE_NS && is_habit(halves->n_late) && has_our_clock(&t->subject->endpoint))
		turn_fail(
		        t, BYTES,
		        "the time is not that of the answer: %d replies have a second that was over, by up to %lld ms, "
		        "before their message was sent",
		        halves->n_late, (long long)(halves->latest_ns / TS_MS));
	else if (is_habit(halves->n_late))
		snprintf(what, sizeof(what),
		         "%d replies have a second that was over, by up to %lld ms, before their message was sent",
		         halves->n_late, (long long)(halves->latest_ns / TS_MS));
	else if (is_rounded(halves))
		snprintf(what, sizeof(what),
		         "the time is rounded to the nearest second, so that it is up to half a second ahead");
	else if (is_habit(halves->n_ahead))
		snprintf(what, sizeof(what),
		         "%d replies have a second that had not begun when they were read, but up to %lld ms later",
		         halves->n_ahead, (long long)(halves->furthest_ns / TS_MS));
	if (*what)
		turn_warn(t, "%s", what);
}

static int64_t to_edge_ns(void)
{
	return TS_S - ts_clock_wall_ns() % TS_S;
}

/* From just before the edge until a tick behind it. */
static bool is_at_edge(void)
{
	int64_t left_ns = to_edge_ns();

	return left_ns < STEP_NS || left_ns > TS_S - TICK_NS;
}

/*
 * Where the text has a fraction: who takes its seconds from time(2) and the fraction from another clock is a second
 * back from the edge on, until the kernel's next tick.
 */
static void ask_in_a_tick(struct turn *t)
{
	turn_pause(to_edge_ns() - BEFORE_NS);
	for (int i = 0; i < TICK_ASKS && t->blame == NOBODY && is_at_edge(); i++)
		turn_ask_letters(t, 8);
}

/* All places of a second in as long as it takes, and those about its edge with small steps. */
static void ask_until(struct turn *t, struct halves *halves, int64_t until_ns)
{
	bool fraction = t->subject->dialect.stamp.resolution_ns < TS_S;

	while (t->blame == NOBODY && ts_clock_mono_ns() < until_ns) {
		int64_t sent_ns = ts_clock_wall_ns();
		if (turn_ask_letters(t, 8))
			note_half(t, halves, sent_ns);
		int64_t left_ns = to_edge_ns() - EDGE_NS;
		bool near = left_ns <= 0 || left_ns > TS_S - 2 * EDGE_NS;
		if (fraction && to_edge_ns() <= STEP_NS)
			ask_in_a_tick(t);
		else
			turn_pause(near ? STEP_NS : left_ns < PLACE_NS ? left_ns : PLACE_NS);
	}
}

/* Two seconds: a text that is kept for two seconds is old in one of them alone. And two more for a second that was
 * over: is it a habit? */
static void ask_through_two_seconds(struct turn *t, struct halves *halves)
{
	ask_until(t, halves, ts_clock_mono_ns() + 2 * TS_S + PLACE_NS);
	if (halves->n_late > 0 && !is_habit(halves->n_late))
		ask_until(t, halves, ts_clock_mono_ns() + 2 * TS_S);
}

/* To a slow server at the edge alone. */
static void ask_at_the_edge(struct turn *t)
{
	turn_pause((2 * TS_S - EDGE_NS - ts_clock_wall_ns() % TS_S) % TS_S);
	for (int i = 0; turn_goes_on(t, i, 8, 3, 3 * TS_S); i++) {
		turn_ask_letters(t, 8);
		turn_pause(STEP_NS);
	}
}

void case_time_second_edge(struct turn *t)
{
	struct halves halves = {{0}};

	if (turn_slow(t)) {
		ask_at_the_edge(t);
		return;
	}
	ask_through_two_seconds(t, &halves);
	if (turn_shares_waits(t))
		t->subject->seen.second = t->blame == NOBODY;
	judge(t, &halves);
}

/* At eight places of a second: a clock that is a second off cannot hide in what the text leaves out. */
void case_time_window(struct turn *t)
{
	if (t->subject->seen.second && turn_shares_waits(t)) {
		turn_report(t, "it holds in the replies to time.second-edge");
		return;
	}
	for (int i = 0; i < 2 || turn_goes_on(t, i, 9, 4, 2 * TS_S); i++) {
		turn_ask_letters(t, 8);
		turn_pause(PLACE_NS);
	}
}

/*
 * One look at a case: the server is asked, the traces are kept, nothing is judged yet. After some looks it is settled
 * what they mean: what failed is looked at again, and a server that is lost is one finding.
 */
#ifndef LOOK_H
#define LOOK_H

#include "runner.h"

/* A turn of a case (r), or of the probe (r is NULL). Its end: turn_release and trace_release. */
void look_begin(struct turn *t, struct subject *subject, const struct result *r, double patience);

/* Has a server that we have started ended by itself, or does it now? How, as launch_ended says it. */
bool look_sees_end(const struct subject *subject, char *how, size_t size);

/* Run the case once and note what came of it, without judging. */
void look_at(struct report *report, struct result *r, double patience);

/* The first time: with half the patience where the verdict is beyond doubt. */
void look_first(struct report *report, struct result *r);

/*
 * The second look decides about silence: a deadline may have passed because of this machine. Wrong bytes stay wrong:
 * that they came only once makes the server flaky, not right.
 */
void look_again(struct report *report, struct result *r);

/* With --exec: does it start once more, and hold one? One that listens, and only then sees that it is not to start,
 * ends in whatever case it is in. */
bool look_starts_well(struct report *report);

/* Does the server hold a plain conversation? Asked with twice the patience. */
bool look_whether_it_lives(struct report *report);

/* With --exec: a fresh server. False: it does not start. */
bool look_start_again(struct subject *subject);

/* What went wrong in it is what another failed case is about (root.h): it is set aside, and true is returned. */
bool look_leave_to_root(struct report *report, struct result *r);

/*
 * What the probe has found and one case speaks for, so that the others are not run: a datagram server answers its first
 * client only; a stream server does not answer its first client (where it is not started anew the others are run), or
 * not the second message of a conversation, which it leaves open.
 */
void look_settle_first_only(struct report *report);
void look_settle_first_client(struct report *report);
void look_settle_one_message(struct report *report);

/* After some cases: judge what passed, look again at what failed, and find out whether the server is lost. `wait`: what
 * another case may be about (root.h) is judged with that one, later. */
void look_settle(struct report *report, bool wait);

#endif

/*
 * What the probe meets and no case does: it makes the first clients of the server's life, and asks their first
 * messages, while it knows little yet. A server that is wrong to its second client alone is found by this.
 */
#ifndef MET_H
#define MET_H

#include "runner.h"
#include "suite.h"

/* A message of the probe (at most 16 bytes), and what came then: if that is the reply to it, it is judged when the rule
 * is settled. At most four are kept. */
void met_hear(struct subject *s, const char *in, size_t n_in, const char *out, size_t n_out);

/* The rule is settled, and the probe's turn almost over: hold what was heard to it. */
void met_judge(struct turn *t);

/* Wrong bytes in the probe's turn are kept, if they are the first. The turn goes on as if nothing had been. */
void met_forgive(struct turn *t);

/* Where each client of the probe was served, each conversation ends behind its client's end, and not before. It waits
 * for that. */
void met_see_ends(struct turn *t);

/* The cases that run side by side have all been looked at. If nothing is wrong so far, one of them tells what the probe
 * has met. */
void met_settle(struct report *report);

void met_release(struct subject *s);

#endif

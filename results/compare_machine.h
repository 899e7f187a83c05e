/*
 * How much of the difference between two runs is the machine's. Pure.
 *
 * The generator does the same work in both runs wherever it is asked for the same rate and reaches it. What a request
 * costs it there, in processor time, is the machine's price of a request in that hour: the kernel's network path,
 * mostly, as for the server. Closed loops do not tell: there a slower server makes the generator dearer too.
 */
#ifndef COMPARE_MACHINE_H
#define COMPARE_MACHINE_H

#include "summary.h"
#include "ts_err.h"

struct compare_machine {
	struct ts_interval ratio; /* head / base: above 1, the machine was slower for head. NaN: nothing tells */
	size_t n_pairs;           /* of trials */
	bool applied;             /* it is known, its interval leaves out 1, and the caller did not forbid it */
};

/* Did an open loop ask for the same rate in both, to a tenth? */
bool compare_same_rate(const struct cell *base, const struct cell *head);

/* 0 or -ENOMEM with err. */
int compare_machine_measure(struct compare_machine *machine, const struct summary *base, const struct summary *head,
                            bool as_measured, struct ts_random *random, struct ts_err *err);

/* How far the ratio may be off, as a logarithm. */
double compare_machine_reach(const struct compare_machine *machine);

#endif

/*
 * Who leads a workload by a figure: the best, those that cannot be told from it, and the first that can. Told apart by
 * the rule that also compares two runs (compare.h): the noise floor, and the paired trials. A mode that left
 * connections unserved, or failed in its answers, leads nothing, and is left out. Pure.
 */
#ifndef LEAD_H
#define LEAD_H

#include "summary.h"

#define LEAD_NAMES_MAX 4 /* more than that share no lead: there is none */

struct lead {
	size_t *modes; /* ranked, owned; the first n_level of them cannot be told apart */
	size_t n, n_level;
	struct ts_interval ratio; /* of the best to modes[n_level], the first that is behind, above 1; NaN: nobody is */
};

/* 0 or -ENOMEM. Release it in any case. */
int lead_find(struct lead *lead, const struct summary *s, size_t workload, enum figure figure);
void lead_release(struct lead *lead);

/* Is there a lead: few enough that share it, and somebody behind? */
bool lead_is_clear(const struct lead *lead);

/* "epoll", "epoll and libev", "epoll, libev and poll": those of the lead. Returns buf, cut to size. */
const char *lead_names(const struct lead *lead, const struct summary *s, char *buf, size_t size);

#endif

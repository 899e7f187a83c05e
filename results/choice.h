/*
 * Which mode for what, as a table of the page: for each workload the modes to choose, by how much they lead, the
 * cheapest ones, those that leave clients waiting, and how sure all that is. A series has one row, of its last point.
 */
#ifndef CHOICE_H
#define CHOICE_H

#include "summary.h"
#include <stdio.h>

/* Write the table as HTML; nothing where fewer than two modes were measured. 0 or -ENOMEM with err. */
int choice_write(FILE *out, const struct summary *s, struct ts_err *err);

#endif

/*
 * Options that would do nothing beside the others: that is wrong usage, and is said, not ignored. The table is in the
 * .c file: one row for each.
 */
#ifndef USELESS_H
#define USELESS_H

#include "plan.h"

/* rows: the table of options; given: which of them the user gave, by index. 0, or -EINVAL with err that names the
 * option. */
int useless_check(const struct plan *plan, const struct ts_opt *rows, const bool *given, struct ts_err *err);

#endif

/*
 * Options that would do nothing beside the others: never ignored in silence. One that contradicts the others is wrong
 * usage; one that is only in vain is named in a warning. The table is in the .c file: one row for each.
 */
#ifndef USELESS_H
#define USELESS_H

#include "plan.h"
#include "ts_log.h"

/* rows: the table of options; given: which of them the user gave, by index. 0, or -EINVAL with err that names the
 * option. */
int useless_check(const struct plan *plan, const struct ts_opt *rows, const bool *given, const struct ts_log *log,
                  struct ts_err *err);

#endif

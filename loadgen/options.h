/*
 * The command line of tsload: one table, from which come parsing, --help, man page and completions.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "plan.h"

/* Parse argv into the plan (zeroed) and close it. `name` is the program's: tsload or tsload-mpi. 0
 * or -errno with err. */
int options_parse(struct plan *plan, const char *name, int argc, char **argv, struct ts_err *err);

#endif

/*
 * What most commands begin with: options, then a run or result files, loaded, checked and summed up.
 */
#ifndef REPORT_H
#define REPORT_H

#include "summary.h"
#include "ts_opt.h"

struct report {
	struct ts_opt_list operands;
	struct runset set;
	struct summary summary;
};

/* Parse the command line, load the operands, sum them up. 0 or -errno with err. Release it in any case. */
int report_open(struct report *r, const struct ts_opt_program *program, int argc, char **argv, void *settings,
                struct ts_err *err);
void report_release(struct report *r);

#endif

/* Runs the cases of the stage ASIDE, several at a time, and settles them. */
#ifndef ASIDE_H
#define ASIDE_H

#include "runner.h"

void aside_run(struct report *report);

#endif

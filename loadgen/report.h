/*
 * A run as a short text for people: the verdict first, then what it measured; it fits a screen.
 */
#ifndef REPORT_H
#define REPORT_H

#include "run.h"
#include <stdio.h>

void report_print(FILE *f, const struct run *r);

#endif

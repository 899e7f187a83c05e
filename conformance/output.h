/*
 * Reports: for people, TAP 13, JUnit XML, JSON. Each writer gets a complete report and a stream, or a file name ("-" is
 * standard output).
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "runner.h"
#include <stdio.h>

void output_human(FILE *out, const struct report *report, bool colour);
void output_tap(FILE *out, const struct report *report);
/* The cases that the options select, of a server or with --client of a client: as a table on standard output, or as
 * JSON where --json says. 0, or -errno with err: there are none, or they cannot be written. */
int output_list(const struct options *options, struct ts_err *err);
/* The command line that repeats what was found in a case. Owned; NULL: no memory. */
char *output_again(const struct report *report, const struct result *result);
int output_junit(const char *path, const struct report *report, struct ts_err *err);
int output_json(const char *path, const struct report *report, struct ts_err *err);

#endif

/*
 * The end of a run, for the caller: what is said, what is written, and the exit status.
 */
#ifndef FINISH_H
#define FINISH_H

#include "run.h"
#include "ts_log.h"
#include <cjson/cJSON.h>

/*
 * Print the report (unless the result goes to standard output), write the files that the plan names, and return the
 * exit status. result: output_json(r), perhaps with more in it; taken. It may be NULL when the plan wants no JSON.
 */
int finish(const struct run *r, cJSON *result, const struct ts_log *log);

#endif

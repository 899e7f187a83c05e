/*
 * One result: is its case to be run, what becomes of it, and what stands in it when nothing was run.
 */
#ifndef RESULT_H
#define RESULT_H

#include "runner.h"

/* That of a case; NULL: there is none. */
struct result *result_of(struct report *report, const char *id);

/* Is its case to be run? What is not is set aside with the reason. */
bool result_ready(struct report *report, struct result *r);

/* How likely is its case to kill a server? 0: it does no more than wait or ask; others send odd data, or much of it. */
int result_suspicion(const struct result *r);

/* Nothing was run: why not, and what that is about. */
void result_set_aside(struct report *report, struct result *r, enum status status, const char *why, const char *what);

/* Set aside all that is left, but for the cases that start the server themselves. */
void result_not_run(struct report *report, const char *why_not, const char *what);

/* It was not run, and could not have made the server nonconformant: its requirement is no MUST. */
bool result_is_harmless(const struct result *r);

/* Something was found that is to be shown with all that is needed to see it again. */
bool result_is_finding(const struct result *r);

/* What its message begins with if there was no time for it. */
#define RESULT_SLOW "not run, for the server is slow"

/* What is said before the message of a result that is flaky. */
#define RESULT_FLAKY "at the first look, and not at the second, "

/* What went wrong in it is none of its own: forget it. */
void result_excuse(struct result *r);

/* Its looks are over: what is its status? */
void result_judge(struct report *report, struct result *r);

#endif

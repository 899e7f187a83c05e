/*
 * Runs the selected cases in their stages, holds conversations between them to see that the server lives, looks twice
 * at what failed, and fills one result for each case. Nothing is dropped: what could not be run has a result that says
 * why.
 */
#ifndef RUNNER_H
#define RUNNER_H

#include "suite.h"

struct result {
	const struct case_row *row;
	const struct requirement *requirement;
	bool selected, done;
	bool started, over; /* side by side with others: their lock is that of both */
	bool blocked;       /* set aside because of a case that it depends on */
	enum status status;
	bool warned;  /* it holds, but something about it is worth a warning */
	bool skipped; /* it could not be tried */
	bool flaky;   /* the two looks differ */
	enum blame blame;
	enum sort sort;
	int64_t duration_ns, failed_ns; /* monotonic moment of what went wrong, or 0 */
	uint64_t seed;
	const struct case_row *seen_in; /* the case that has met it, if that was another; or NULL */
	bool met;                       /* by the probe alone (met.h) */
	char message[700], expected[300], actual[300];
	size_t end_at;      /* of sort ENDED: where in the message it says how the server ended */
	char *trace;        /* of the last look; owned; NULL */
	char *trace_before; /* of the first look, if there were two; owned; NULL */
};

struct report {
	struct subject *subject;
	struct result *results; /* of all cases, in the order in which they run; owned */
	size_t n;
	const struct requirement *requirements; /* of a server, or of a client: the order of the reports */
	size_t n_requirements;
	bool reached, partial;
	bool kept_out;       /* if it was not reached: by this machine, and not by the server's absence */
	bool shuts_out;      /* when it was looked at last, the server lived, and closed on whoever came */
	bool needs_next;     /* it was seen to answer a caller when the next one came, and not before */
	char unreached[700]; /* why it was not */
	int64_t started_wall_ns, duration_ns;
	char *probe_trace;          /* what went over the wire in the probe; owned; NULL */
	int counts[N_STATUS];       /* of the selected */
	const struct result *ender; /* says that a server of ours ends by itself, whatever it is asked; or NULL */
	int n_confirmed;            /* failures of a MUST that the second look has confirmed */
	int64_t begin_ns;           /* monotonic: when the run began */
	/* Progress, or NULL: a case was run, and may be run again; it is decided. Called by any thread. */
	void (*on_look)(const struct result *result, void *data), (*on_result)(const struct result *result, void *data);
	void *data;
};

/* The i-th of report->n in the order of the requirements, which is that of the reports: area by area. */
const struct result *report_result(const struct report *report, size_t i);

/* Does each pattern of --only and --skip fit a case? 0, or -EINVAL with err. */
int report_check_patterns(const struct options *options, struct ts_err *err);

/* Prepare a report: which cases are selected by --only and --skip, and are there any? 0, or -EINVAL with err. */
int report_init(struct report *report, struct subject *subject, struct ts_err *err);
void report_release(struct report *report);

/* Is it beyond doubt that the server is not conformant? To wait long for more failures changes nothing then. */
bool report_is_decided(const struct report *report);

/* How many of the selected have which status. */
void report_count(struct report *report);

/* Nothing is run: the report says so, with the reason in `unreached`. */
void report_none(struct report *report);

/* Probe and run, begin_ns and started_wall_ns being set. The report is complete afterwards, whatever happened. */
void report_run(struct report *report);

/* "conformant", "nonconformant", or NULL when it could not be told. */
const char *report_verdict(const struct report *report);
enum ts_exit report_exit(const struct report *report);

/* This machine has kept cases from running, or none could be run: returns -1, with the first of them as the error. */
int report_say_kept(const struct report *report, struct ts_err *err);

/* Nothing that was selected could be tried: returns -1, with the usage error. */
int report_say_untried(const struct report *report, struct ts_err *err);

#endif

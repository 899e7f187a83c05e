/*
 * The schedule of an open loop: when each request is due. Pure: the time is an argument, nothing here reads a clock.
 *
 * A schedule is a list of stages; N(t) is the number of arrivals that they ask for up to t. Constant arrivals are the
 * moments where N(t) reaches 0, 1, 2, ...; Poisson arrivals are those where it reaches the points of a Poisson process
 * of rate one, made from a seed. A trace is a list of moments. One pacer for each worker: part k of n takes every n-th
 * arrival of the whole (constant, trace), or is a Poisson process of its own with an n-th of the rate; so the sum is
 * exact for any number of workers, also where the rate is lower than that number.
 *
 * The pacer is a cursor: peek says when the next request is due, take moves on. A due request that finds no connection
 * is simply not taken yet, and keeps its moment. Nothing is ever dropped to catch up; what the run's end leaves is
 * counted by pacer_give_up. The idea that the schedule moves by what was done, not to "now", is tcpkali's.
 */
#ifndef PACER_H
#define PACER_H

#include "ts_err.h"
#include "ts_random.h"
#include <stddef.h>
#include <stdint.h>

#define PACER_NEVER INT64_MAX

enum pacer_arrival { PACER_CONSTANT, PACER_POISSON, PACER_TRACE };

/* 10s:5k (steady), 10s:1k-5k (a ramp) or 10s:100/1s (bursts: 100 at once, each second). */
struct pacer_stage {
	int64_t duration_ns;
	double from_per_s, to_per_s;
	double n_burst;         /* > 0: this many at once ... */
	int64_t burst_every_ns; /* ... this often, the first at the stage's begin */
	/* made by pacer_schedule_close */
	int64_t begin_ns;
	double n_before, n_here; /* arrivals asked for by the stages before, and by this one */
};

struct pacer_schedule {
	enum pacer_arrival arrival;
	struct pacer_stage *stages; /* owned */
	size_t n_stages;
	int64_t *trace_ns; /* owned; sorted, from the start of the run */
	size_t n_trace;
	uint64_t seed;
};

#define PACER_STAGE_FORMS                                                                                              \
	"must be TIME:RATE, TIME:RATE-RATE (ramp) or TIME:N/EVERY (bursts), such as 10s:5k, 10s:1k-5k, 10s:100/1s"

/* Add a stage from its text, or a steady one. -EINVAL with err (exit status 2). */
int pacer_stage_parse(struct pacer_schedule *s, const char *text, struct ts_err *err);
int pacer_stage_add(struct pacer_schedule *s, const struct pacer_stage *stage);

/* Read a trace: one moment a line, in seconds from the start, not falling. Exit status 3 where the file is at fault. */
int pacer_trace_load(struct pacer_schedule *s, const char *path, struct ts_err *err);

void pacer_schedule_close(struct pacer_schedule *s); /* after the last stage: fills the made fields */
void pacer_schedule_release(struct pacer_schedule *s);
int64_t pacer_schedule_duration_ns(const struct pacer_schedule *s);

/* The moment where N(t) reaches n, from the start of the run; PACER_NEVER past the end. */
int64_t pacer_moment_ns(const struct pacer_schedule *s, double n);

struct pacer {
	const struct pacer_schedule *schedule; /* borrowed */
	struct ts_random *random;              /* owned; Poisson only */
	unsigned n_parts;
	double position; /* in arrivals of the whole */
	int64_t next_ns;
	uint64_t n_taken, n_given_up;
};

int pacer_init(struct pacer *p, const struct pacer_schedule *s, unsigned part, unsigned n_parts);
void pacer_release(struct pacer *p);

/* When the next request is due, from the start of the run; PACER_NEVER when there is none. */
static inline int64_t pacer_peek(const struct pacer *p)
{
	return p->next_ns;
}

/* The next request is being sent: move on. */
void pacer_take(struct pacer *p);

/* It will never be sent: likewise. */
void pacer_skip(struct pacer *p);

/* Everything due before `until_ns` and not taken will never be sent. Returns how many. */
uint64_t pacer_give_up(struct pacer *p, int64_t until_ns);

#endif

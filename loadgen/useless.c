#include "useless.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool searches(const struct plan *p)
{
	return p->find_max_text || p->sweep_text;
}

static bool has_trace(const struct plan *p)
{
	return p->schedule.arrival == PACER_TRACE;
}

static bool is_closed(const struct plan *p)
{
	return !p->open_loop && !searches(p);
}

static bool is_open(const struct plan *p)
{
	return !is_closed(p);
}

static bool ticks_in_vain(const struct plan *p)
{
	return p->pace == PACE_TICK && is_closed(p);
}

static bool has_no_sweep(const struct plan *p)
{
	return !p->sweep_text;
}

static bool has_sweep(const struct plan *p)
{
	return p->sweep_text != NULL;
}

static bool has_no_slow_share(const struct plan *p)
{
	return p->n_slow == 0;
}

static bool has_datagrams_only(const struct plan *p)
{
	for (size_t i = 0; i < p->n_targets; i++)
		if (ts_transport_is_stream(p->targets[i].transport))
			return false;
	return p->framing != FRAMING_AUTO;
}

static bool does_not_verify(const struct plan *p)
{
	return p->verify == VERIFY_OFF;
}

static bool does_not_judge_times(const struct plan *p)
{
	return p->verify != VERIFY_FULL;
}

static bool has_sessions(const struct plan *p)
{
	return p->n_session > 0;
}

static bool exceeds_session(const struct plan *p)
{
	return has_sessions(p) && p->n_pipeline > p->n_session;
}

/* The stages or the trace end on their own. */
static bool outlasts_schedule(const struct plan *p)
{
	return (p->stage_texts.n > 0 || has_trace(p)) &&
	       p->warmup_ns + p->duration_ns > pacer_schedule_duration_ns(&p->schedule);
}

static bool warms_up_throughout(const struct plan *p)
{
	return p->load_ns != PACER_NEVER && p->warmup_ns >= p->load_ns;
}

static bool shows_no_series(const struct plan *p)
{
	return !p->json_path && !p->hdr_path;
}

static bool shows_no_latency(const struct plan *p)
{
	return searches(p) && !p->json_path;
}

/* /dev/null takes any number. */
static bool has_two_results_in_one(const struct plan *p)
{
	return p->json_path && p->hdr_path && strcmp(p->json_path, p->hdr_path) == 0 &&
	       strncmp(p->json_path, "/dev/", 5) != 0;
}

static bool is_closed_poisson(const struct plan *p)
{
	return p->schedule.arrival == PACER_POISSON && is_closed(p);
}

/* CONTRADICTS: the user cannot get what was asked for; refused. IN_VAIN: what was asked for is done; said, and done. */
static const struct rule {
	enum { CONTRADICTS, IN_VAIN } effect;
	const char *option;
	bool (*applies)(const struct plan *);
	const char *why;
} rules[] = {
        {CONTRADICTS, "rate", has_trace, "the trace says when requests come; it cannot go with --arrival=trace"},
        {CONTRADICTS, "rate", has_sweep, "--sweep says the rates itself"},
        {CONTRADICTS, "session-rate", has_trace,
         "the trace says when requests come; it cannot go with --arrival=trace"},
        {CONTRADICTS, "arrival", is_closed_poisson,
         "says when requests of an open loop come, and needs --rate, --session-rate or --stage"},
        {CONTRADICTS, "window", is_open,
         "bounds a closed loop, and cannot go with a rate, stages, a trace or a search"},
        {CONTRADICTS, "window", has_sessions, "cannot go with --session, whose connections do not take turns"},
        {CONTRADICTS, "warmup", warms_up_throughout,
         "the stages or the trace end before it does, and nothing would be measured"},
        {CONTRADICTS, "resume", has_no_sweep, "keeps the measurements of a sweep, and needs --sweep"},
        {CONTRADICTS, "threshold", searches, "is for a run, and cannot go with --find-max or --sweep"},
        {CONTRADICTS, "until", searches, "is for a run, and cannot go with --find-max or --sweep"},
        {CONTRADICTS, "hdr-log", has_two_results_in_one, "must be another file than that of --json"},
        {CONTRADICTS, "hdr-log", searches, "is of a run, and cannot go with --find-max or --sweep"},
        {IN_VAIN, "arrival", is_closed, "a closed loop has no schedule"},
        {IN_VAIN, "pace", ticks_in_vain, "tick is for an open loop"},
        {IN_VAIN, "pipeline", exceeds_session, "a session has fewer requests"},
        {IN_VAIN, "duration", outlasts_schedule, "the stages or the trace, with the warm-up in them, end before that"},
        {IN_VAIN, "slow-read", has_no_slow_share, "no connection reads slowly without --slow-share"},
        {IN_VAIN, "framing", has_datagrams_only, "datagrams have none"},
        {IN_VAIN, "time", does_not_verify, "--verify=off reads no time"},
        {IN_VAIN, "separator", does_not_verify, "--verify=off looks for none"},
        {IN_VAIN, "tolerance", does_not_judge_times, "times are judged with --verify=full alone"},
        {IN_VAIN, "interval", shows_no_series, "the series is in --json and --hdr-log alone"},
        {IN_VAIN, "percentiles", shows_no_latency, "a search prints one line, and the rest is in --json"},
        {IN_VAIN, "repeats", has_no_sweep, "counts the measurements of each rate of a --sweep"},
};

static bool is_given(const char *option, const struct ts_opt *rows, const bool *given)
{
	for (size_t i = 0; rows[i].type != TS_OPT_END; i++)
		if (rows[i].name && strcmp(rows[i].name, option) == 0)
			return given[i];
	abort(); /* a rule about an option that is not there: the first run of any test finds it */
}

int useless_check(const struct plan *plan, const struct ts_opt *rows, const bool *given, const struct ts_log *log,
                  struct ts_err *err)
{
	bool refused = false;

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules) && !refused; i++) {
		const struct rule *r = &rules[i];
		if (!is_given(r->option, rows, given) || !r->applies(plan))
			continue;
		refused = r->effect == CONTRADICTS;
		if (refused)
			ts_err_usage(err, "--%s: %s", r->option, r->why);
		else
			ts_log(log, TS_LOG_WARN, "--%s: has no effect here: %s", r->option, r->why);
	}
	return refused ? -EINVAL : 0;
}

#include "useless.h"
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

static bool exceeds_session(const struct plan *p)
{
	return p->n_session > 0 && p->n_pipeline > p->n_session;
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

static const struct rule {
	const char *option;
	bool (*is_useless)(const struct plan *);
	const char *why;
} rules[] = {
        {"rate", has_trace, "the trace says when requests come; it cannot go with --arrival=trace"},
        {"rate", has_sweep, "--sweep says the rates itself"},
        {"session-rate", has_trace, "the trace says when requests come; it cannot go with --arrival=trace"},
        {"arrival", is_closed, "says when requests of an open loop come, and needs --rate, --session-rate or --stage"},
        {"pace", ticks_in_vain, "tick sends the requests of an open loop, and needs --rate, --session-rate or --stage"},
        {"window", is_open, "bounds a closed loop, and cannot go with a rate, stages, a trace or a search"},
        {"pipeline", exceeds_session, "must be at most the requests of a --session"},
        {"duration", outlasts_schedule, "the stages or the trace, with the warm-up in them, end before that"},
        {"warmup", warms_up_throughout, "the stages or the trace end before it does, and nothing would be measured"},
        {"slow-read", has_no_slow_share, "says how fast slow readers read, and needs --slow-share"},
        {"framing", has_datagrams_only, "datagrams have none; streams only"},
        {"time", does_not_verify, "is read by what verifies replies, and cannot go with --verify=off"},
        {"separator", does_not_verify, "is read by what verifies replies, and cannot go with --verify=off"},
        {"tolerance", does_not_judge_times,
         "is for the window of the time, which is looked at with --verify=full alone"},
        {"repeats", has_no_sweep, "counts the measurements of each rate of a sweep, and needs --sweep"},
        {"resume", has_no_sweep, "keeps the measurements of a sweep, and needs --sweep"},
        {"threshold", searches, "is for a run, and cannot go with --find-max or --sweep"},
        {"until", searches, "is for a run, and cannot go with --find-max or --sweep"},
        {"hdr-log", searches, "is of a run, and cannot go with --find-max or --sweep"},
};

static bool is_given(const char *option, const struct ts_opt *rows, const bool *given)
{
	for (size_t i = 0; rows[i].type != TS_OPT_END; i++)
		if (rows[i].name && strcmp(rows[i].name, option) == 0)
			return given[i];
	abort(); /* a rule about an option that is not there: the first run of any test finds it */
}

int useless_check(const struct plan *plan, const struct ts_opt *rows, const bool *given, struct ts_err *err)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (is_given(rules[i].option, rows, given) && rules[i].is_useless(plan))
			return ts_err_usage(err, "--%s: %s", rules[i].option, rules[i].why);
	return 0;
}

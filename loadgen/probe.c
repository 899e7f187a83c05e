#include "probe.h"
#include "output.h"
#include "progress.h"
#include "run.h"
#include "ts_clock.h"
#include "ts_json.h"
#include "ts_units.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define ACHIEVED_LIMIT 0.98
#define ERROR_LIMIT    0.001
#define GUESS_NS       TS_S

int probe_run(struct prober *s, double rate_per_s, struct probe *probe, cJSON **json, struct ts_err *err)
{
	struct plan plan = *s->plan;
	char title[48], rate[32];
	struct run run;
	int result = 0;

	memset(&plan.schedule, 0, sizeof(plan.schedule));
	plan.schedule.arrival = s->plan->schedule.arrival;
	plan.schedule.seed = s->plan->schedule.seed;
	plan.open_loop = false;
	if (rate_per_s > 0)
		result = plan_set_rate(&plan, rate_per_s, err);
	else
		plan.load_ns = GUESS_NS;
	if (result < 0)
		return result;
	snprintf(title, sizeof(title),
	         "at %s/s: ", rate_per_s > 0 ? ts_units_show_count(rate_per_s, rate, sizeof(rate)) : "any");
	s->progress->title = title;
	result = run_plan(&run, &plan, s->progress, err);
	s->progress->title = "";
	if (result == 0) {
		const struct ledger *l = &run.total->figures;
		*probe = (struct probe){.rate_per_s = rate_per_s, .actual = NAN};
		probe->achieved_per_s = run.duration_s > 0 ? (double)l->in_time / run.duration_s : 0;
		probe->achieved_ratio = l->scheduled ? (double)l->in_time / (double)l->scheduled : 0;
		probe->error_rate = l->scheduled ? (double)(l->failed + l->not_sent) / (double)l->scheduled : 1;
		probe->p50_ns = run.total->response.n ? (double)ts_hist_percentile(&run.total->response, 50) : NAN;
		probe->p99_ns = run.total->response.n ? (double)ts_hist_percentile(&run.total->response, 99) : NAN;
		probe->valid = run.health.verdict != HEALTH_INVALID;
		if (s->has_bound) {
			probe->actual = threshold_actual(&s->bound, run.total, run.duration_s);
			probe->held = threshold_holds(&s->bound, probe->actual) &&
			              probe->achieved_ratio >= ACHIEVED_LIMIT && probe->error_rate <= ERROR_LIMIT;
		}
		s->signal = run.signal;
		s->gone = run.stop == STOP_GONE;
		run_trouble(&run, s->trouble, sizeof(s->trouble));
		if (json)
			*json = output_json(&run);
	}
	run_release(&run);
	pacer_schedule_release(&plan.schedule);
	return result;
}

void probe_add_json(cJSON *array, const struct probe *p)
{
	cJSON *o = ts_json_add_object(array, NULL);

	ts_json_add_real(o, "rate_per_s", p->rate_per_s);
	ts_json_add_real(o, "achieved_per_s", p->achieved_per_s);
	ts_json_add_real(o, "achieved_ratio", p->achieved_ratio);
	ts_json_add_real(o, "error_rate", p->error_rate);
	ts_json_add_real(o, "p50_ns", p->p50_ns);
	ts_json_add_real(o, "p99_ns", p->p99_ns);
	ts_json_add_real(o, "actual", p->actual);
	ts_json_add_bool(o, "held", p->held);
	ts_json_add_bool(o, "valid", p->valid);
}

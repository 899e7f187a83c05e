#include "search.h"
#include "probe.h"
#include "ts_json.h"
#include "ts_units.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBES_MAX 48
#define PRECISION  1.01 /* of the highest rate that holds: upper over lower end */

/* --- the highest rate that holds ---------------------------------------------------------------------------------- */

struct hunt {
	struct prober prober;
	double low, high; /* the highest that held, the lowest that did not; 0: none yet */
	struct probe probes[PROBES_MAX];
	size_t n_probes;
	cJSON *best, *last;
};

/* One rate, up to three times: does it hold? 1, 0, or negative: stop. */
static int holds(struct hunt *h, double rate_per_s, struct ts_err *err)
{
	int n_held = 0, n_failed = 0;

	while (n_held == 0 && n_failed < 2 && h->n_probes < PROBES_MAX) {
		struct probe *p = &h->probes[h->n_probes];
		cJSON *json = NULL;
		int result = probe_run(&h->prober, rate_per_s, p, &json, err);
		if (result < 0)
			return result;
		h->n_probes++;
		if (p->held && rate_per_s > h->low) {
			cJSON_Delete(h->best);
			h->best = json;
		} else {
			cJSON_Delete(h->last);
			h->last = json;
		}
		if (h->prober.signal || h->prober.gone)
			return -EINTR;
		n_held += p->held && p->valid;
		n_failed += !p->held && p->valid;
	}
	return n_held > 0;
}

static int hunt(struct hunt *h, double rate_per_s, struct ts_err *err)
{
	while (h->n_probes < PROBES_MAX && (h->low == 0 || h->high == 0 || h->high / h->low > PRECISION)) {
		int result = holds(h, rate_per_s, err);
		if (result < 0)
			return result;
		if (result > 0)
			h->low = rate_per_s;
		else
			h->high = rate_per_s;
		if (h->high == 0)
			rate_per_s *= 1.5;
		else if (h->low == 0)
			rate_per_s /= 2;
		else
			rate_per_s = (h->low + h->high) / 2;
		if (rate_per_s < 0.1)
			break;
	}
	return 0;
}

static void finish_hunt(struct search_result *r, struct hunt *h)
{
	const char *text = h->prober.plan->find_max_text;
	char low[32], high[32];
	cJSON *o, *array;

	r->json = h->best ? h->best : h->last;
	if (h->best)
		cJSON_Delete(h->last);
	ts_units_show_count(h->low, low, sizeof(low));
	ts_units_show_count(h->high, high, sizeof(high));
	if (h->low > 0)
		snprintf(r->summary, sizeof(r->summary), "highest rate that holds %s: %s/s (%s/s does not)", text, low,
		         h->high > 0 ? high : "none tried");
	else if (h->prober.signal || h->prober.gone)
		snprintf(r->summary, sizeof(r->summary), "the search for %s was stopped before any rate held", text);
	else
		snprintf(r->summary, sizeof(r->summary), "no rate holds %s, down to %s/s", text, high);
	r->status = h->prober.signal ? 128 + h->prober.signal
	            : h->prober.gone ? TS_EXIT_ENVIRON
	            : h->low > 0     ? TS_EXIT_OK
	                             : TS_EXIT_SHORT;
	snprintf(r->trouble, sizeof(r->trouble), "%s", h->prober.trouble);
	if (!r->json)
		return;
	if (h->prober.signal || h->prober.gone)
		cJSON_ReplaceItemInObject(r->json, "partial", cJSON_CreateBool(true));
	o = ts_json_add_object(r->json, "search");
	ts_json_add_text(o, "expression", text);
	ts_json_add_real(o, "rate_per_s", h->low > 0 ? h->low : NAN);
	ts_json_add_real(o, "fails_at_per_s", h->high > 0 ? h->high : NAN);
	array = ts_json_add_array(o, "probes");
	for (size_t i = 0; i < h->n_probes; i++)
		probe_add_json(array, &h->probes[i]);
}

int search_find_max(struct search_result *r, const struct plan *plan, struct progress *progress, struct ts_err *err)
{
	struct hunt h = {.prober = {.plan = plan, .progress = progress, .has_bound = true}};
	struct probe guess;
	double rate_per_s = plan->rate_per_s;
	int result;

	memset(r, 0, sizeof(*r));
	threshold_parse(&h.prober.bound, plan->find_max_text, NULL);
	if (rate_per_s == 0) {
		result = probe_run(&h.prober, 0, &guess, &h.last, err);
		if (result < 0)
			return result;
		rate_per_s = guess.achieved_per_s * 0.8;
	}
	if (rate_per_s > 0 && !h.prober.signal && !h.prober.gone) {
		result = hunt(&h, rate_per_s, err);
		if (result < 0 && result != -EINTR) {
			cJSON_Delete(h.best);
			cJSON_Delete(h.last);
			return result;
		}
	}
	finish_hunt(r, &h);
	return 0;
}

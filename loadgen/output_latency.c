/* Times, as histograms and as the percentiles that --percentiles asks for. */
#include "confidence.h"
#include "output_inside.h"
#include "ts_json.h"
#include "ts_latency.h"

#define NAME_MAX_BYTES 32

cJSON *output_percentiles(const struct plan *plan, const struct ts_hist *h)
{
	cJSON *percentiles = cJSON_CreateObject();
	char name[NAME_MAX_BYTES];

	for (size_t i = 0; i < plan->n_percentiles; i++)
		ts_latency_add_percentile(percentiles, plan_percentile_name(plan, i, name, sizeof(name)), h,
		                          plan->percentiles[i]);
	return percentiles;
}

cJSON *output_add_latency(cJSON *o, const char *name, const struct run *r, const struct ts_hist *h,
                          const struct ts_hist *unanswered)
{
	struct ts_latency figures = ts_latency_of(h, unanswered);
	cJSON *latency = ts_json_add_object(o, name);

	ts_latency_add(latency, &figures, output_percentiles(r->plan, h)); /* out of memory: null */
	return latency;
}

static void add_confidence(cJSON *latency, const struct run *r)
{
	cJSON *all = ts_json_add_object(latency, "confidence_95");
	char name[NAME_MAX_BYTES];

	for (size_t i = 0; i < r->plan->n_percentiles; i++) {
		double percentile = r->plan->percentiles[i];
		struct confidence c = confidence_of(r->sampler.batches, r->sampler.n_batches, percentile);
		cJSON *one = ts_json_add_object(all, plan_percentile_name(r->plan, i, name, sizeof(name)));
		ts_json_add_real(one, "low_ns", c.low_ns);
		ts_json_add_real(one, "high_ns", c.high_ns);
		ts_json_add_real(one, "effective_count", c.effective_n);
	}
}

void output_add_latencies(cJSON *root, const struct run *r)
{
	cJSON *o = ts_json_add_object(root, "latency");
	const struct shard *t = r->total;

	add_confidence(output_add_latency(o, "response", r, &t->response, &t->response_unanswered), r);
	output_add_latency(o, "service", r, &t->service, &t->service_unanswered);
	output_add_latency(o, "first_byte", r, &t->first_byte, NULL);
	output_add_latency(o, "connect", r, &t->connect, NULL);
	if (!r->plan->kernel_stamps)
		return;
	output_add_latency(o, "to_kernel", r, &t->to_kernel, NULL);
	output_add_latency(o, "in_network", r, &t->in_network, NULL);
	output_add_latency(o, "from_kernel", r, &t->from_kernel, NULL);
}

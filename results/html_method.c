/* How it was measured, how to repeat it, and the raw files. */
#include "html_inside.h"
#include "ts_json.h"
#include "ts_units.h"
#include <math.h>
#include <string.h>

static void write_fact(FILE *out, const char *name, const char *value)
{
	if (value && value[0])
		html_put(out, "<dt>%s</dt><dd>%s</dd>\n", name, value);
}

static void write_number(FILE *out, const char *name, double value, const char *unit)
{
	char text[64];

	if (isnan(value))
		return;
	if (strcmp(unit, "bytes") == 0)
		ts_units_show_bytes(value, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%.6g %s", value, unit);
	write_fact(out, name, text);
}

static void write_machine(FILE *out, const cJSON *run)
{
	const cJSON *host = ts_json_at(run, "environment.host"), *package;

	fputs("<dl>\n", out);
	write_fact(out, "Kernel", ts_json_text(host, "kernel", NULL));
	write_fact(out, "Processor", ts_json_text(host, "cpu_model", NULL));
	write_number(out, "Cores", ts_json_real(host, "cores_count", NAN), "");
	write_number(out, "Memory", ts_json_real(host, "memory_bytes", NAN), "bytes");
	write_fact(out, "Governor", ts_json_text(host, "governor", NULL));
	write_number(out, "Descriptors, hard limit", ts_json_real(host, "limits.descriptors_hard_count", NAN), "");
	write_number(out, "Load at the start", ts_json_real(host, "load_1min", NAN), "");
	write_fact(out, "Server on cores", ts_json_text(run, "environment.server_cpus", NULL));
	write_fact(out, "Generator on cores", ts_json_text(run, "environment.generator_cpus", NULL));
	write_fact(out, "Commit", ts_json_text(run, "environment.commit", NULL));
	write_fact(out, "Changes beyond the commit", ts_json_bool(run, "environment.dirty", false) ? "yes" : "no");
	write_fact(out, "Build flags", ts_json_text(run, "environment.build_flags", NULL));
	cJSON_ArrayForEach (package, ts_json_at(run, "environment.packages")) {
		write_fact(out, package->string, cJSON_GetStringValue(package));
	}
	fputs("</dl>\n", out);
}

static void write_workloads(FILE *out, const cJSON *run)
{
	const cJSON *workload, *option;

	fputs("<h3>Workloads</h3>\n<dl>\n", out);
	cJSON_ArrayForEach (workload, ts_json_at(run, "workloads")) {
		html_put(out, "<dt>%s</dt><dd>%s: <code>tsload", ts_json_text(workload, "id", ""),
		         ts_json_text(workload, "title", ""));
		cJSON_ArrayForEach (option, ts_json_at(workload, "options")) {
			html_put(out, " %s", cJSON_GetStringValue(option));
		}
		fputs("</code></dd>\n", out);
	}
	fputs("</dl>\n", out);
}

void html_method(FILE *out, const struct summary *s)
{
	const cJSON *run = s->set->run;
	char seed[32];

	if (!run)
		return;
	snprintf(seed, sizeof(seed), "%lld", (long long)ts_json_int(run, "seed", 0));
	fputs("<section aria-labelledby=\"method\">\n<h2 id=\"method\">How it was measured</h2>\n"
	      "<p>Every trial starts a fresh server. Server and generator run on different cores. The trials of all "
	      "modes are mixed in "
	      "a random order, so that a drift of the machine favours nobody. Response time counts from the moment at "
	      "which a request "
	      "was due, so a stall of the server shows in full. Every reply is checked. A trial that the generator "
	      "itself "
	      "calls invalid is run again, and after three times shown as not measurable. Intervals are 95 % bootstrap "
	      "intervals of the median over the trials; a lead is called one only when it is beyond the noise of this "
	      "kind of machine "
	      "(10 % in throughput, 5 % in processor time and latency) or the statistics carry it.</p>\n",
	      out);
	write_machine(out, run);
	write_workloads(out, run);
	fputs("</section>\n<section aria-labelledby=\"repeat\">\n<h2 id=\"repeat\">How to repeat it</h2>\n", out);
	html_put(out,
	         "<pre><code>git checkout %s\nmake bench SUITE=%s SEED=%s</code></pre>\n"
	         "<p>Then <code>make compare BASE=this-run HEAD=yours</code> says what differs.</p>\n</section>\n",
	         ts_json_text(run, "environment.commit", "COMMIT"), ts_json_text(run, "suite", "standard"), seed);
}

void html_raw(FILE *out, const struct runset *set)
{
	fputs("<section aria-labelledby=\"raw\">\n<h2 id=\"raw\">The raw files</h2>\n", out);
	if (set->run)
		fputs("<p><a href=\"run.json\">run.json</a> lists all trials.</p>\n", out);
	fputs("<details><summary>Each trial's result</summary>\n<ul class=\"raw\">\n", out);
	for (size_t i = 0; i < set->n_trials; i++) {
		const struct trial *trial = &set->trials[i];

		if (trial->file)
			html_put(out, "<li><a href=\"%s\">%s</a></li>\n", trial->file, trial->file);
		else
			html_put(out, "<li>%s under %s: %s</li>\n", set->modes[trial->mode].name,
			         set->workloads[trial->workload].id,
			         trial->reason ? trial->reason : trial_status_text(trial->status));
	}
	fputs("</ul>\n</details>\n</section>\n", out);
}

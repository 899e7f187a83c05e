#include "report.h"
#include "output.h"
#include "thresholds.h"
#include "ts_bounds.h"
#include "ts_clock.h"
#include "ts_units.h"
#include <math.h>
#include <stdarg.h>
#include <string.h>

#define WIDTH  80
#define INDENT 12 /* what a line begins with; others than the first begin with blanks */
#define LABEL  8  /* in the table of latencies */
#define COLUMN 9  /* there: a blank, a mark, and "99.9 ms" */

/* One item: its head and a sentence, over as many lines as it takes. */
static void __attribute__((format(printf, 3, 4))) put(FILE *f, const char *head, const char *format, ...)
{
	char text[1024], *save;
	size_t column = (size_t)fprintf(f, "%-*s", INDENT - 1, head);
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		if (column >= INDENT && column + 1 + strlen(word) > WIDTH)
			column = (size_t)fprintf(f, "\n%-*s", INDENT - 1, "") - 1;
		for (; strlen(word) > WIDTH - INDENT;
		     word += WIDTH - INDENT) /* bytes of a reply: no blank to break at */
			fprintf(f, " %.*s\n%-*s", WIDTH - INDENT, word, INDENT - 1, "");
		column += (size_t)fprintf(f, " %s", word);
	}
	putc('\n', f);
}

static void print_verdict(FILE *f, const struct run *r)
{
	put(f, "verdict", "%s%s", health_verdict_name(r->health.verdict),
	    r->partial ? ", partial: stopped before its end" : "");
	for (unsigned i = 0; i < r->health.n_reasons; i++)
		put(f, "", "%s", r->health.reasons[i]);
}

static void print_ledger(FILE *f, const struct run *r)
{
	const struct ledger *l = &r->total->figures;
	const struct connection_counts *c = &r->total->connections;
	char rate[32];

	ts_units_show_count(r->duration_s > 0 ? (double)l->in_time / r->duration_s : 0, rate, sizeof(rate));
	put(f, "requests", "%s/s over %.2f s: %llu scheduled", rate, r->duration_s, (unsigned long long)l->scheduled);
	put(f, "", "= %llu completed + %llu failed + %llu not sent + %llu in flight", (unsigned long long)l->completed,
	    (unsigned long long)l->failed, (unsigned long long)l->not_sent, (unsigned long long)l->in_flight_at_end);
	if (l->lost + l->late + l->duplicated + l->reordered + l->truncated + l->corrupted > 0)
		put(f, "datagrams",
		    "%llu lost, %llu late, %llu duplicated, %llu reordered, %llu truncated, %llu corrupted",
		    (unsigned long long)l->lost, (unsigned long long)l->late, (unsigned long long)l->duplicated,
		    (unsigned long long)l->reordered, (unsigned long long)l->truncated,
		    (unsigned long long)l->corrupted);
	put(f, "connections", "%llu opened, %llu served, %llu failed, at most %llu open", (unsigned long long)c->opened,
	    (unsigned long long)c->served, (unsigned long long)c->failed, (unsigned long long)c->peak_open);
}

static void print_server(FILE *f, const struct run *r)
{
	const struct server_samples *v = &r->sampler.server;
	char memory[32], descriptors[48] = "descriptors unknown"; /* another user's */

	if (!v->any)
		return;
	if (v->peak_descriptors > 0)
		snprintf(descriptors, sizeof(descriptors), "%lld descriptors", (long long)v->peak_descriptors);
	put(f, "server", "%.2f s of processor time, at most %s, %s, %lld threads",
	    v->last.cpu_user_s + v->last.cpu_system_s - v->first.cpu_user_s - v->first.cpu_system_s,
	    ts_units_show_bytes((double)v->peak_rss_bytes, memory, sizeof(memory)), descriptors,
	    (long long)v->peak_threads);
}

static void print_slow_readers(FILE *f, const struct run *r)
{
	const struct ledger *l = &r->total->slow;

	if (r->plan->n_slow > 0)
		put(f, "slow",
		    "%lld connections, apart: %llu scheduled = %llu completed + %llu failed + %llu in flight",
		    (long long)r->plan->n_slow, (unsigned long long)l->scheduled, (unsigned long long)l->completed,
		    (unsigned long long)l->failed, (unsigned long long)l->in_flight_at_end);
}

static void print_head(FILE *f, const struct plan *plan)
{
	fprintf(f, "%-*s", LABEL, "latency");
	for (size_t i = 0; i < plan->n_percentiles; i++) {
		char name[32] = "p";
		plan_percentile_name(plan, i, name + 1, sizeof(name) - 1);
		fprintf(f, "%*s", COLUMN, name);
	}
	fprintf(f, "%*s\n", COLUMN, "max");
}

static void print_figure(FILE *f, int64_t ns, bool is_bound)
{
	char text[32], cell[40];

	snprintf(cell, sizeof(cell), "%s%s", is_bound ? ">" : "", ts_units_show_duration(ns, text, sizeof(text)));
	fprintf(f, "%*s", COLUMN, cell);
}

/* unanswered: the part of them that makes lower bounds of figures, or NULL. */
static void print_latency(FILE *f, const struct run *r, const char *name, const struct ts_hist *h,
                          const struct ts_hist *unanswered)
{
	const double *percentiles = r->plan->percentiles;

	if (h->n == 0)
		return;
	fprintf(f, "%-*s", LABEL, name);
	for (size_t i = 0; i < r->plan->n_percentiles; i++)
		print_figure(f, ts_hist_percentile(h, percentiles[i]),
		             unanswered && ts_bounds_is_least(h, unanswered, percentiles[i]));
	print_figure(f, h->max_ns, unanswered && unanswered->n > 0);
	putc('\n', f);
}

static void print_latencies(FILE *f, const struct run *r)
{
	const struct shard *t = r->total;
	uint64_t n = t->figures.unanswered + t->slow.unanswered;

	if (t->response.n + t->connect.n == 0)
		return;
	print_head(f, r->plan);
	print_latency(f, r, "response", &t->response, &t->response_unanswered);
	print_latency(f, r, "service", &t->service, &t->service_unanswered);
	print_latency(f, r, "connect", &t->connect, NULL);
	print_latency(f, r, "slow", &t->slow_response, &t->slow_unanswered);
	print_latency(f, r, "to net", &t->to_kernel, NULL);
	print_latency(f, r, "network", &t->in_network, NULL);
	print_latency(f, r, "from net", &t->from_kernel, NULL);
	if (r->plan->open_loop)
		print_latency(f, r, "send lag", &t->send_lag, NULL);
	if (n)
		put(f, "", ">: a lower bound; %llu requests were never answered and count with the time waited",
		    (unsigned long long)n);
}

static void print_errors(FILE *f, const struct run *r)
{
	char warmup[48] = "";

	for (int i = 0; i < ERROR_N; i++) {
		const struct error_entry *e = &r->total->errors.entry[i];
		if (e->n == 0)
			continue;
		if (r->plan->warmup_ns > 0)
			snprintf(warmup, sizeof(warmup), " and %llu in the warm-up", (unsigned long long)e->n_warmup);
		put(f, "error", "%s: %llu%s: %s", error_name((enum error_class)i),
		    (unsigned long long)(e->n - e->n_warmup), warmup, error_text((enum error_class)i));
		if (e->example[0])
			put(f, "", "first: %s", e->example);
	}
}

/* Connected and asked, it has said nothing at all: perhaps it still waits for the end of a line. */
static bool waits_for_a_line(const struct run *r)
{
	const struct shard *t = r->total;

	return ts_transport_is_stream(r->plan->targets[0].transport) && !r->plan->cr &&
	       t->errors.entry[ERROR_reply_timeout].n > 0 &&
	       t->figures.received_bytes + t->warmup.received_bytes + t->slow.received_bytes == 0;
}

/* A server that answers one message and closes is asked in vain for a second one; one that waits for another end of the
 * line is asked in vain for the first. */
static void print_hint(FILE *f, const struct run *r)
{
	const struct shard *t = r->total;
	uint64_t n_answered = t->figures.completed + t->warmup.completed + t->slow.completed;
	uint64_t n_ended = t->errors.entry[ERROR_early_end].n + t->errors.entry[ERROR_reset_before_reply].n +
	                   t->errors.entry[ERROR_send_failed].n;

	if (waits_for_a_line(r))
		put(f, "", "nothing came: a server whose lines must end in CR LF wants --framing=crlf%s",
		    r->plan->lf ? "" : ", or line");
	if (t->connections.served > 1 && n_answered == t->connections.served && n_ended > 0)
		put(f, "", "the server ends each conversation after one reply: --session=1 asks for no more");
}

static void print_thresholds(FILE *f, const struct run *r)
{
	for (size_t i = 0; i < r->plan->threshold_texts.n; i++) {
		struct threshold t;
		char text[32];
		double actual;
		threshold_parse(&t, r->plan->threshold_texts.items[i], NULL);
		actual = threshold_actual(&t, r->total, r->duration_s);
		if (isnan(actual))
			snprintf(text, sizeof(text), "unknown");
		else if (t.figure == FIGURE_PERCENTILE || t.figure == FIGURE_MEAN || t.figure == FIGURE_MAX)
			ts_units_show_duration((int64_t)actual, text, sizeof(text));
		else
			snprintf(text, sizeof(text), "%.6g", actual);
		put(f, "threshold", "%s: %s, %s", r->plan->threshold_texts.items[i],
		    threshold_holds(&t, actual) ? "held" : "missed", text);
	}
}

static void print_until(FILE *f, const struct run *r)
{
	if (!r->plan->until_text)
		return;
	if (isnan(r->until_reached))
		put(f, "until", "%s: cannot be said, too little was measured", r->plan->until_text);
	else
		put(f, "until", "%s: %s, the interval is %.1f%% wide", r->plan->until_text,
		    r->stop == STOP_UNTIL ? "met" : "not met in the time given", r->until_reached * 100);
}

void report_print(FILE *f, const struct run *r)
{
	print_verdict(f, r);
	print_ledger(f, r);
	print_server(f, r);
	print_slow_readers(f, r);
	print_latencies(f, r);
	print_errors(f, r);
	print_hint(f, r);
	print_thresholds(f, r);
	print_until(f, r);
}

#include "health.h"
#include "ts_stats.h"
#include "ts_units.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Bounds. In a closed loop the generator's delays are part of the loop: they make a figure suspect, never invalid. A
 * lag counts only where it is large both in itself and beside the latencies that are being measured. */
#define LAG_SUSPECT_NS   1000000.0 /* 99th percentile of the send lag */
#define LAG_SUSPECT_PART 0.25      /* of the 99th percentile of the response time */
#define LAG_INVALID_NS   5000000.0 /* median of the send lag ... */
#define LAG_INVALID_PART 0.25      /* ... of the median response time */
#define GAP_SUSPECT      0.005     /* part of the time that the generator did not run at all */
#define GAP_INVALID      0.25
#define WAIT_SUSPECT     0.35 /* part of the time ready to run, waiting for a processor */
#define WAIT_INVALID     0.85
#define BUSY_SUSPECT     0.95 /* of a thread's time, unless it spins by plan */
#define STEAL_SUSPECT    0.10 /* of all processors' time */
#define NOT_SENT_SUSPECT 0.01
#define CONSTANT_VARIES  0.5 /* standard deviation of the gaps between constant arrivals, over their mean */
#define DRIFT_SUSPECT    2.0 /* last third over first third of the medians */

const char *health_verdict_name(enum health_verdict v)
{
	static const char *const names[] = {"valid", "suspect", "invalid"};
	return names[v];
}

void health_blame(struct health *h, enum health_verdict v, const char *format, ...)
{
	va_list args;

	if (v > h->verdict)
		h->verdict = v;
	if (h->n_reasons == HEALTH_REASONS_MAX)
		return;
	va_start(args, format);
	vsnprintf(h->reasons[h->n_reasons++], sizeof(h->reasons[0]), format, args);
	va_end(args);
}

/* Why there was no request at all in the measured part. */
static const char *why_none(const struct health_facts *f)
{
	if (f->total->generator.begin_ns == 0)
		return "the load did not begin";
	if (f->open_loop)
		return "no request was due in the measured part: it is too short for the rate";
	return "no connection was free for a request in the measured part";
}

static void check_ledger(struct health *h, const struct health_facts *f)
{
	const struct ledger *l = &f->total->figures;
	unsigned long long n = l->completed + l->late + l->unanswered;

	if (!ledger_adds_up(l) || !ledger_adds_up(&f->total->warmup) || !ledger_adds_up(&f->total->slow))
		health_blame(h, HEALTH_INVALID, "the ledger does not add up: this is a fault of tsload");
	if (f->total->response.n != n)
		health_blame(h, HEALTH_INVALID,
		             "the histogram holds %llu requests, the ledger %llu: this is a fault of tsload",
		             (unsigned long long)f->total->response.n, n);
	if (f->total->slow_response.n != f->total->slow.completed + f->total->slow.unanswered)
		health_blame(h, HEALTH_INVALID,
		             "the histogram of the slow readers differs from their ledger: this is a "
		             "fault of tsload");
	if (l->scheduled > 0 && l->completed == 0)
		health_blame(h, HEALTH_INVALID, "no request was answered as it should be");
	if (l->scheduled == 0)
		health_blame(h, HEALTH_INVALID, "%s", why_none(f));
}

static void check_lag(struct health *h, const struct health_facts *f)
{
	const struct ts_hist *lag = &f->total->send_lag, *response = &f->total->response;
	double p50, p99;
	char text[2][32];

	if (!f->open_loop || lag->n < 20 || response->n == 0)
		return;
	p50 = (double)ts_hist_percentile(lag, 50);
	p99 = (double)ts_hist_percentile(lag, 99);
	ts_units_show_duration((int64_t)p50, text[0], sizeof(text[0]));
	ts_units_show_duration((int64_t)p99, text[1], sizeof(text[1]));
	if (p50 > LAG_INVALID_NS && p50 > LAG_INVALID_PART * (double)ts_hist_percentile(response, 50))
		health_blame(h, HEALTH_INVALID, "the generator sent late: %s at the median, %s at the 99th percentile",
		             text[0], text[1]);
	else if (p99 > LAG_SUSPECT_NS && p99 > LAG_SUSPECT_PART * (double)ts_hist_percentile(response, 99))
		health_blame(
		        h, HEALTH_SUSPECT,
		        "the generator sent late: %s at the 99th percentile, a large part of the response time there",
		        text[1]);
}

static void check_gaps(struct health *h, const struct health_facts *f)
{
	const struct generator *g = &f->total->generator;
	double part = fmin((double)g->gap_sum_ns / 1e9 / f->duration_s, 1); /* a stop may outlast the end */
	char text[32];

	if (g->n_gaps == 0)
		return;
	ts_units_show_duration(g->longest_gap_ns, text, sizeof(text));
	if (part > GAP_SUSPECT)
		health_blame(h, part > GAP_INVALID && f->open_loop ? HEALTH_INVALID : HEALTH_SUSPECT,
		             "the generator did not run for %.1f%% of the time, once for %s: something stopped it",
		             part * 100, text);
}

static void check_processor(struct health *h, const struct health_facts *f)
{
	const struct generator *g = &f->total->generator;
	double wait = g->run_wait_s / g->watched_s, cpu = g->busy_s / g->watched_s;
	double steal = f->steal_s / (f->duration_s * f->cores);

	if (f->duration_s < 0.1 || !(g->watched_s > 0))
		return;
	if (wait > WAIT_SUSPECT)
		health_blame(h, wait > WAIT_INVALID && f->open_loop ? HEALTH_INVALID : HEALTH_SUSPECT,
		             "the generator waited for a processor for %.0f%% of the time: others use it too",
		             wait * 100);
	if (f->open_loop && !f->spins && cpu > BUSY_SUSPECT)
		health_blame(h, HEALTH_SUSPECT,
		             "the generator's threads were busy for %.0f%% of the time: give it more --threads",
		             cpu * 100);
	if (steal > STEAL_SUSPECT)
		health_blame(h, HEALTH_SUSPECT, "the hypervisor took %.0f%% of the processors' time", steal * 100);
	if (f->n_throttled > 0)
		health_blame(h, HEALTH_SUSPECT, "the control group was throttled in %lld periods",
		             (long long)f->n_throttled);
}

static void check_clock(struct health *h, const struct health_facts *f)
{
	const struct generator *g = &f->total->generator;
	char text[32];

	if (g->clock_steps == 0)
		return;
	ts_units_show_duration(g->largest_step_ns, text, sizeof(text));
	health_blame(h, HEALTH_SUSPECT, "the wall clock stepped by %s: stamps were judged against it", text);
}

static void check_rate(struct health *h, const struct health_facts *f)
{
	const struct ledger *l = &f->total->figures;

	if (!f->open_loop || l->scheduled == 0 || f->asked_to_stop)
		return;
	if ((double)l->not_sent > NOT_SENT_SUSPECT * (double)l->scheduled)
		health_blame(h, HEALTH_SUSPECT,
		             "the rate was not reached: %.1f%% of the requests found no free connection before the end",
		             100.0 * (double)l->not_sent / (double)l->scheduled);
}

static void check_arrivals(struct health *h, const struct health_facts *f)
{
	const struct generator *g = &f->total->generator;

	if (g->n_arrivals_tested == 0)
		return;
	if (g->n_arrivals_failed > 0 && isnan(g->ad_statistic))
		health_blame(h, HEALTH_SUSPECT,
		             "the requests were not sent at constant intervals: these vary by %.0f%%",
		             g->dispersion * 100);
	else if (g->n_arrivals_failed > 0)
		health_blame(h, HEALTH_SUSPECT,
		             "the requests were not sent as the asked arrivals: Anderson-Darling %.1f (1%% bound "
		             "%.3f), dispersion %.2f",
		             g->ad_statistic, TS_STATS_AD_CRITICAL_1PCT, g->dispersion);
}

static double mean_of(const double *x, size_t n)
{
	return ts_stats_mean(x, n);
}

static void check_drift(struct health *h, const struct health_facts *f)
{
	size_t third = f->n_medians / 3, n_up = 0;
	double first, last;

	if (!f->steady || third < 4)
		return;
	first = mean_of(f->medians_ns, third);
	last = mean_of(f->medians_ns + f->n_medians - third, third);
	for (size_t i = 1; i < f->n_medians; i++)
		n_up += f->medians_ns[i] > f->medians_ns[i - 1];
	if (last > DRIFT_SUSPECT * first && (double)n_up > 0.7 * (double)(f->n_medians - 1))
		health_blame(h, HEALTH_SUSPECT,
		             "the response time kept rising, from %.3f to %.3f ms at the median: a longer run would "
		             "show more",
		             first / 1e6, last / 1e6);
}

void health_check(struct health *h, const struct health_facts *f)
{
	memset(h, 0, sizeof(*h));
	check_ledger(h, f);
	check_lag(h, f);
	check_gaps(h, f);
	check_processor(h, f);
	check_clock(h, f);
	check_rate(h, f);
	check_arrivals(h, f);
	check_drift(h, f);
}

/* --- arrivals ----------------------------------------------------------------------------------------------------- */

#define MIN_SAMPLES 20
#define MAX_SAMPLES 4096

static void test_poisson(const double *gaps, size_t n, unsigned every, double mean_s, double *ad, double *dispersion)
{
	double u[MAX_SAMPLES];
	double mean = ts_stats_mean(gaps, n), sd = ts_stats_stddev(gaps, n);

	/* A gap of k arrivals is Erlang(k): its distribution function makes it uniform. */
	for (size_t i = 0; i < n; i++)
		u[i] = gsl_cdf_gamma_P(gaps[i], every, mean_s);
	*ad = ts_stats_anderson_darling_uniform(u, n, 0, 1);
	*dispersion = sd * sd / (mean * mean) * every; /* squared variation of k gaps, times k: 1 for Poisson */
}

void health_test_arrivals(const int64_t *at_ns, size_t n, unsigned every, double rate_per_s, enum pacer_arrival law,
                          double *ad, double *dispersion)
{
	double gaps[MAX_SAMPLES];

	*ad = *dispersion = NAN;
	if (n < MIN_SAMPLES + 1 || law == PACER_TRACE)
		return;
	if (n > MAX_SAMPLES)
		n = MAX_SAMPLES;
	for (size_t i = 0; i + 1 < n; i++)
		gaps[i] = (double)(at_ns[i + 1] - at_ns[i]) / 1e9;
	if (law == PACER_POISSON)
		test_poisson(gaps, n - 1, every, 1 / rate_per_s, ad, dispersion);
	else
		*dispersion = ts_stats_stddev(gaps, n - 1) / ts_stats_mean(gaps, n - 1);
}

bool health_arrivals_differ(double ad, double dispersion, size_t n, enum pacer_arrival law)
{
	double scatter = 4 * sqrt(2.0 / (double)n); /* four standard errors of a variance over a mean */

	if (law == PACER_POISSON)
		return ad > TS_STATS_AD_CRITICAL_1PCT && fabs(dispersion - 1) > scatter;
	return dispersion > CONSTANT_VARIES;
}

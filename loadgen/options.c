#include "options.h"
#include "search.h"
#include "thresholds.h"
#include "ts_clock.h"
#include "ts_host.h"
#include "ts_live.h"
#include "ts_log.h"
#include "useless.h"
#include <stdio.h>
#include <string.h>

#define AT(field) .offset = offsetof(struct plan, field)

static int check_size(const char *text, void *settings, struct ts_err *err)
{
	struct size_spec s;
	int result = size_parse(&s, text, err);

	(void)settings;
	size_release(&s);
	return result;
}

/* Its length; and that it may be empty: nothing stands there, which is what the reference server does. */
static int check_separator(const char *text, void *settings, struct ts_err *err)
{
	size_t most = sizeof(((struct plan *)settings)->stated.separator_text) - 1;

	return strlen(text) <= most ? 0 : ts_err_usage(err, "must be at most %zu bytes", most);
}

static int check_arrival(const char *text, void *settings, struct ts_err *err)
{
	(void)settings;
	if (strcmp(text, "constant") == 0 || strcmp(text, "poisson") == 0 ||
	    (strncmp(text, "trace:", 6) == 0 && text[6] != '\0'))
		return 0;
	return ts_err_usage(err, "must be constant, poisson or trace:FILE");
}

static int check_stage(const char *text, void *settings, struct ts_err *err)
{
	struct pacer_schedule s = {0};
	int result = pacer_stage_parse(&s, text, err);

	(void)settings;
	pacer_schedule_release(&s);
	return result;
}

static int check_threshold(const char *text, void *settings, struct ts_err *err)
{
	struct threshold t;
	(void)settings;
	return threshold_parse(&t, text, err);
}

static int check_find_max(const char *text, void *settings, struct ts_err *err)
{
	struct threshold t;
	int result = threshold_parse(&t, text, err);

	(void)settings;
	if (result == 0 && !threshold_is_latency(&t))
		return ts_err_usage(err, "must bound a latency from above, such as p99<1ms");
	return result;
}

static int check_sweep(const char *text, void *settings, struct ts_err *err)
{
	struct sweep s;
	(void)settings;
	return sweep_parse(&s, text, err);
}

static int check_until(const char *text, void *settings, struct ts_err *err)
{
	struct until u;
	(void)settings;
	return until_parse(&u, text, err);
}

static const struct ts_opt rows[] = {
        {.type = TS_OPT_GROUP, .help = "Load"},
        {TS_OPT_COUNT, "connections", 'c', "N", "10", "1", "100M", AT(n_connections), .help = "clients that send"},
        {TS_OPT_COUNT, "threads", 't', "N", NULL, "1", "256", AT(n_threads),
         .help = "event loops, one a thread, in each process (default: half of the processors)"},
        {TS_OPT_COUNT, "processes", 0, "N", NULL, "1", "512", AT(n_processes),
         .help = "worker processes (default: 1, or as many as the descriptors need)"},
        {TS_OPT_DURATION, "duration", 'd', "T", NULL, "1ms", "1000h", AT(duration_ns),
         .help = "how long to load, without the warm-up (default: 10s, unless --requests or --stage says it)"},
        {TS_OPT_COUNT, "requests", 'n', "N", NULL, "1", NULL, AT(n_requests),
         .help = "stop after this many requests, those of the warm-up not counted"},
        {TS_OPT_RATE, "rate", 'r', "R", NULL, "0.001", "10M", AT(rate_per_s),
         .help = "open loop: requests per second over all connections (default: closed loop)"},
        {TS_OPT_TEXT, "arrival", 0, "LAW", "constant", AT(arrival_text), .check = check_arrival,
         .help = "when requests of an open loop come: constant, poisson or trace:FILE (seconds, one a line)"},
        {TS_OPT_LIST, "stage", 0, "STAGE", NULL, AT(stage_texts), .check = check_stage,
         .help = "open loop in stages, repeatable: 10s:5k, 10s:1k-5k (ramp), 10s:100/1s (bursts)"},
        {TS_OPT_COUNT, "pipeline", 'p', "N", "1", "1", "4096", AT(n_pipeline),
         .help = "requests in flight on one connection"},
        {TS_OPT_COUNT, "window", 0, "N", NULL, "1", "1G", AT(n_window),
         .help = "requests on their way at once in a closed loop; connections take turns (default: any; datagrams: "
                 "what half a receive buffer holds)"},
        {TS_OPT_TEXT, "size", 's', "SPEC", "64", AT(size_text), .check = check_size,
         .help = "bytes of a message: 64, uniform:16:1024, lognormal:MEDIAN:SIGMA[:MAX], file:PATH"},
        {TS_OPT_COUNT, "session", 0, "N", NULL, "1", "1G", AT(n_session),
         .help = "requests per connection, then end it and open another"},
        {TS_OPT_RATE, "session-rate", 0, "R", NULL, "0.001", "1M", AT(session_rate_per_s),
         .help = "open loop of sessions: how many come per second"},
        {TS_OPT_RATE, "connect-rate", 0, "R", NULL, "0.001", "1M", AT(connect_rate_per_s),
         .help = "connections opened per second (default: as fast as they come)"},
        {TS_OPT_COUNT, "idle", 0, "N", "0", "0", "100M", AT(n_idle), .help = "further connections that only stay open"},
        {TS_OPT_REAL, "slow-share", 0, "SHARE", NULL, "0.01%", "100%", AT(slow_share),
         .help = "part of the connections that read slowly, such as 10%; their latencies are kept apart"},
        {TS_OPT_BYTES, "slow-read", 0, "BYTES", "64KiB", "1", "1GiB", AT(slow_bytes_per_s),
         .help = "bytes per second that each slow reader reads at most"},
        {TS_OPT_DURATION, "warmup", 0, "T", "0s", "0s", "1h", AT(warmup_ns), .help = "load before the measured part"},
        {TS_OPT_DURATION, "timeout", 0, "T", "2s", "1ms", "1h", AT(timeout_ns),
         .help = "how long a connection, a reply or an end may take"},
        {TS_OPT_DURATION, "drain", 0, "T", "1s", "0s", "1h", AT(drain_ns),
         .help = "how long replies are waited for at the end"},
        {TS_OPT_DURATION, "give-up", 0, "T", "1s", "0s", "1h", AT(give_up_ns),
         .help = "end the run when the server has refused everything for so long, from its start on; 0: never"},
        {TS_OPT_TEXT, "source", 0, "CIDR", NULL, AT(source_text),
         .help = "local addresses to call from, such as 127.0.0.0/24"},
        {TS_OPT_CHOICE, "framing", 0, "NAME", "auto", .choices = PLAN_FRAMINGS, AT(framing),
         .help = "auto and line: messages end in LF, which is legal in both framings; crlf: in CR LF, for servers "
                 "whose lines must end so; stream: in neither"},
        {TS_OPT_TEXT, "time", 0, "NAME", "auto", AT(time_text),
         .help = "the server's time text, where it cannot be learned: ctime, rfc3339, unix, ... or strftime:FMT"},
        {TS_OPT_TEXT, "separator", 0, "TEXT", "auto", AT(separator_text), .check = check_separator,
         .help = "what stands between ] and the data"},
        {TS_OPT_CHOICE, "verify", 0, "HOW", "full", .choices = PLAN_VERIFIES, AT(verify),
         .help = "full: every reply by the law; format: without the window of the time; off: count replies"},
        {TS_OPT_DURATION, "tolerance", 0, "T", "20ms", "0s", "1h", AT(tolerance_ns),
         .help = "how far the server's clock may be off, beyond the resolution of its text"},
        {TS_OPT_COUNT, "seed", 0, "N", "1", "0", "9007199254740992", AT(seed), .help = "of arrivals and sizes"},
        {.type = TS_OPT_GROUP, .help = "Generator"},
        {TS_OPT_CPUS, "cpus", 0, "LIST", NULL, AT(cpus), .help = "processors to run on, such as 1 or 2-3"},
        {TS_OPT_CHOICE, "pace", 0, "HOW", "timer", .choices = PLAN_PACES, AT(pace),
         .help = "timer: a timerfd; tick: each millisecond, cheapest; spin: busy, most exact"},
        {TS_OPT_FLAG, "keep-awake", 0, NULL, NULL, AT(keep_awake),
         .help = "hold /dev/cpu_dma_latency at 0, so that processors do not sleep"},
        {TS_OPT_FLAG, "kernel-stamps", 0, NULL, NULL, AT(kernel_stamps),
         .help = "split latencies by the kernel's stamps of sending and receiving; costs two calls a request"},
        {.type = TS_OPT_GROUP, .help = "Report"},
        {TS_OPT_TEXT, "json", 0, "FILE", NULL, AT(json_path), .help = "write the result; -: standard output"},
        {TS_OPT_TEXT, "hdr-log", 0, "FILE", NULL, AT(hdr_path),
         .help = "write an HdrHistogram log of the response times; -: standard output"},
        {TS_OPT_DURATION, "interval", 0, "T", "1s", "10ms", "1h", AT(interval_ns),
         .help = "length of one entry of the series"},
        {TS_OPT_COUNT, "server-pid", 0, "PID", NULL, "1", "4194304", AT(server_pid),
         .help = "sample this process and its children"},
        {TS_OPT_CHOICE, "progress", 0, "WHEN", "auto", .choices = TS_LIVE_CHOICES, AT(progress),
         .help = "show a live line"},
        {TS_OPT_TEXT, "percentiles", 0, "LIST", "50,75,90,95,99,99.9,99.99", AT(percentiles_text),
         .help = "percentiles to report"},
        {TS_OPT_LIST, "threshold", 0, "EXPR", NULL, AT(threshold_texts), .check = check_threshold,
         .help = "exit 1 when missed, repeatable: p99<5ms, service.p50<=1ms, error_rate<0.1%, rate>1k"},
        {TS_OPT_TEXT, "until", 0, "EXPR", NULL, AT(until_text), .check = check_until,
         .help = "stop once the figure is known so well: ci(p99)<5%; --duration is then the longest time"},
        {TS_OPT_CHOICE, "log-level", 0, "LEVEL", "warn", .choices = TS_LOG_LEVELS, AT(log_level),
         .help = "messages to show"},
        {.type = TS_OPT_GROUP, .help = "Search"},
        {TS_OPT_TEXT, "find-max", 0, "EXPR", NULL, AT(find_max_text), .check = check_find_max,
         .help = "find the highest rate that holds a bound, such as p99<1ms"},
        {TS_OPT_TEXT, "sweep", 0, "FROM:TO:STEPS", NULL, AT(sweep_text), .check = check_sweep,
         .help = "measure at several rates, in random order"},
        {TS_OPT_COUNT, "repeats", 0, "N", "3", "1", "1000", AT(n_repeats),
         .help = "measurements of each rate of a sweep"},
        {TS_OPT_TEXT, "resume", 0, "FILE", NULL, AT(resume_path),
         .help = "keep a sweep's finished measurements here, and go on from them"},
        {.type = TS_OPT_END},
};

static const char details[] =
        "Endpoints: tcp://HOST:PORT, udp://HOST:PORT, unix:PATH, unixgram:PATH; connections are dealt to several in "
        "turn.\n"
        "\n"
        "Examples:\n"
        "  tsload -c 100 -d 10s tcp://127.0.0.1:21567         100 clients in lock-step\n"
        "  tsload -c 100 -r 5k --arrival=poisson -d 30s tcp:  open loop: 5,000 requests/s\n"
        "  tsload -c 50 --session=10 unix:/tmp/ts.sock        connect, talk 10 times, end\n"
        "  tsload -r 1k --threshold='p99<5ms' udp://[::1]     exit 1 where it is missed\n"
        "  tsload -c 100 --find-max='p99<1ms' tcp:            highest rate that holds it\n"
        "\n"
        "Exit status: 0 well; 1 a threshold was missed; 2 wrong usage; 3 the environment failed (cannot connect); "
        "4 the run's own checks say that its figures are not to be trusted; 128 + the signal that stopped it.\n";

int options_parse(struct plan *plan, const char *name, int argc, char **argv, struct ts_err *err)
{
	struct ts_opt_program program = {
	        .name = name,
	        .operands = "URI...",
	        .min_operands = 1,
	        .max_operands = PLAN_TARGETS_MAX,
	        .summary = "load a timestamp server, verify every reply, and say whether the figures can be trusted",
	        .details = details,
	        .options = rows,
	};
	struct ts_log log = {.program = name};
	struct ts_opt_list uris = {0};
	bool given[sizeof(rows) / sizeof(*rows)];
	int result = ts_opt_parse(&program, argc, argv, plan, &uris, given, err);

	if (result == 0 && plan->n_threads == 0) {
		int64_t half = ts_host_cores() / 2;
		plan->n_threads = half < 1 ? 1 : half;
		if (plan->n_threads > plan->n_connections)
			plan->n_threads = plan->n_connections;
	}
	if (result == 0)
		result = plan_close(plan, &uris, err);
	log.level = (enum ts_log_level)plan->log_level;
	if (result == 0)
		result = useless_check(plan, rows, given, &log, err);
	ts_opt_list_release(&uris);
	return result;
}

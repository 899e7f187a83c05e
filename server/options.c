#include "options.h"
#include "modes.h"
#include "ts_clock.h"
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* The names as "|blocking|timeout|..."; the first bar is skipped. */
#define MODE(function, name, ...) "|" name
static const char mode_names[] =
#include "modes.def"
        ;
#undef MODE

static int check_time(const char *text, void *settings, struct ts_err *err)
{
	struct settings *set = settings;

	return ts_stamp_format_parse(&set->stamp, text, err);
}

static int check_separator(const char *text, void *settings, struct ts_err *err)
{
	(void)settings;
	if (strlen(text) > TS_SEPARATOR_MAX || strpbrk(text, "[]\r\n"))
		return ts_err_usage(err, "must be at most %d bytes without brackets and line ends", TS_SEPARATOR_MAX);
	return 0;
}

#define AT(field) offsetof(struct settings, field)

static const struct ts_opt options[] = {
        {.type = TS_OPT_GROUP, .help = "Serving:"},
        {TS_OPT_CHOICE, "mode", 'm', "NAME", "libev", .choices = mode_names + 1, .offset = AT(mode_index),
         .help = "how clients are served; --list-modes explains the names"},
        {TS_OPT_LIST, "listen", 'l', "URI", .offset = AT(listen),
         .help = "where to listen: tcp://HOST:PORT, udp://HOST:PORT, unix:PATH, unixgram:PATH; unix:@NAME for an "
                 "abstract "
                 "name; may be given again in modes that multiplex (default: tcp://127.0.0.1:21567)"},
        {TS_OPT_COUNT, "workers", 'w', "N", NULL, "1", "1024", .offset = AT(n_workers),
         .help = "processes of prefork, threads of pool and reactors (default: 64, 256, one for each processor, as "
                 "for datagrams)"},
        {TS_OPT_COUNT, "processes", 0, "N", "1", "1", "1024", .offset = AT(n_processes),
         .help = "processes with an event loop each, in modes that multiplex"},
        {TS_OPT_COUNT, "backlog", 0, "N", "4096", "1", "65535", .offset = AT(backlog),
         .help = "callers that may queue before they are accepted"},
        {TS_OPT_COUNT, "max-clients", 0, "N", "0", "0", "10000000", .offset = AT(max_clients),
         .help = "connections open at one time; further callers wait in the queue; 0 is no limit"},
        {TS_OPT_FLAG, "spin", 0, .offset = AT(spin), .help = "never sleep: poll busily, in modes that multiplex"},
        {TS_OPT_CPUS, "cpus", 0, "LIST", .offset = AT(cpus), .help = "run on these processors only, such as 0,2-3"},
        {.type = TS_OPT_GROUP, .help = "Dialect:"},
        {TS_OPT_CHOICE, "framing", 'f', "NAME", "stream", .choices = SESSION_FRAMINGS, .offset = AT(framing),
         .help = "what a message is: what one receive call returns, or a line"},
        {TS_OPT_TEXT, "time", 't', "FORMAT", "ctime", .offset = AT(time_text), .check = check_time,
         .help = "text of the time: ctime, rfc3339, unix, date, rfc1123, js, time or strftime:FMT"},
        {TS_OPT_FLAG, "utc", 'u', .offset = AT(utc), .help = "time in UTC instead of the local zone"},
        {TS_OPT_CHOICE, "precision", 'p', "UNIT", "s", .choices = "s|ms|us|ns", .offset = AT(precision),
         .help = "digits of the second, where the text can show them"},
        {TS_OPT_TEXT, "separator", 0, "TEXT", "", .offset = AT(separator), .check = check_separator,
         .help = "what stands between ] and the data"},
        {.type = TS_OPT_GROUP, .help = "Limits:"},
        {TS_OPT_BYTES, "buffer", 'b', "BYTES", "64KiB", "1", "16MiB", .offset = AT(buffer_bytes),
         .help = "size of the receive buffer; datagrams are always received whole"},
        {TS_OPT_BYTES, "max-line", 0, "BYTES", "64KiB", "4KiB", "16MiB", .offset = AT(max_line_bytes),
         .help = "longest line with its ending; a longer one ends the conversation"},
        {TS_OPT_DURATION, "idle-timeout", 0, "TIME", "0", "0", "24h", .offset = AT(idle_timeout_ns),
         .help = "give up a client that is silent so long; 0 is never, and 5s in mode timeout"},
        {TS_OPT_DURATION, "drain-timeout", 0, "TIME", "3s", "0", "1h", .offset = AT(drain_timeout_ns),
         .help = "at the stop, how long replies in hand may take to go out"},
        {TS_OPT_RATE, "reply-rate", 0, "RATE", "0", "0", "1e9", .offset = AT(reply_rate_per_s),
         .help = "replies per second to the datagrams of one source address, in each worker; 0 is no limit"},
        {TS_OPT_CHOICE, "sandbox", 0, "WHEN", "auto", .choices = "auto|on|off", .offset = AT(sandbox),
         .help = "give up all rights that serving does not need; auto: as far as the kernel can"},
        {.type = TS_OPT_GROUP, .help = "Reporting:"},
        {TS_OPT_COUNT, "ready-fd", 0, "FD", NULL, "0", "65535", .offset = AT(ready_fd),
         .help = "write the URI of each endpoint, with its real port, to this descriptor, and close it, once serving"},
        {TS_OPT_TEXT, "stats", 0, "FILE", .offset = AT(stats_path),
         .help = "write counters as JSON at the end and on SIGUSR1; - is standard output"},
        {TS_OPT_CHOICE, "log-level", 0, "LEVEL", "warn", .choices = TS_LOG_LEVELS, .offset = AT(log_level),
         .help = "what is said on standard error"},
        {TS_OPT_FLAG, "list-modes", 0, .offset = AT(list_modes), .help = "print the modes and what they do"},
        {TS_OPT_FLAG, "json", 0, .offset = AT(json), .help = "print --list-modes as JSON"},
        {.type = TS_OPT_END},
};

static const struct ts_opt_program program = {
        .name = "tsserver",
        .summary = "answer every message with [time]message, in one of many ways of serving",
        .details = "SIGTERM, SIGINT and SIGHUP: stop accepting, answer what has been received, close, exit 0.\n"
                   "SIGUSR1: write --stats now. Sockets passed by systemd (LISTEN_FDS) are served when no --listen is "
                   "given.\n"
                   "\n"
                   "Exit status: 0 stopped as told, 2 wrong usage, 3 the environment failed.\n"
                   "\n"
                   "Examples:\n"
                   "  tsserver\n"
                   "  tsserver --mode=epoll --listen=tcp://[::1]:0 --listen=unix:/tmp/ts.sock\n"
                   "  tsserver --mode=pool --workers=16 --framing=line --time=rfc3339 --utc",
        .options = options,
};

static int check_together(struct settings *set, struct ts_err *err)
{
	const struct mode *m = set->mode;

	if (set->json && !set->list_modes)
		return ts_err_usage(err, "--json goes with --list-modes");
	if (set->ready_fd == STDOUT_FILENO && set->stats_path && strcmp(set->stats_path, "-") == 0)
		return ts_err_usage(
		        err, "--ready-fd=1: standard output ends with it, and is where --stats=- goes; use another");
	if (!m->available)
		return ts_err_usage(err, "--mode=%s: was not built in: its library is missing (make deps)", m->name);
	if (set->listen.n > 1 && !m->multiplexes)
		return ts_err_usage(err,
		                    "--listen=%s: mode %s serves one endpoint; give one --listen, or a mode that "
		                    "multiplexes, such as libev",
		                    set->listen.items[1], m->name);
	if (set->n_processes > 1 && m->multiplexes && m->workers)
		return ts_err_usage(err,
		                    "--processes=%lld: mode %s has an event loop for each of its --workers; must be 1",
		                    (long long)set->n_processes, m->name);
	if (set->n_processes > 1 && !m->multiplexes)
		return ts_err_usage(err, "--processes=%lld: mode %s has no event loop to repeat; must be 1",
		                    (long long)set->n_processes, m->name);
	if (set->spin && !m->multiplexes)
		return ts_err_usage(
		        err, "--spin: mode %s has no event loop; use a mode that multiplexes, such as libev", m->name);
	if (set->n_workers && !m->workers)
		return ts_err_usage(err, "--workers=%lld: mode %s has none; prefork, pool and reactors have",
		                    (long long)set->n_workers, m->name);
	return 0;
}

int options_parse(struct settings *set, int argc, char **argv, struct ts_err *err)
{
	static const int digits[] = {0, 3, 6, 9};
	struct ts_opt_list operands = {0};
	int rc;

	*set = (struct settings){.ready_fd = -1};
	rc = ts_opt_parse(&program, argc, argv, set, &operands, NULL, err);
	ts_opt_list_release(&operands);
	if (rc < 0)
		return rc;
	set->mode = modes_at((size_t)set->mode_index);
	set->workers_given = set->n_workers > 0;
	set->stamp.utc = set->utc;
	set->stamp.digits = digits[set->precision];
	if (strcmp(set->mode->name, "timeout") == 0 && set->idle_timeout_ns == 0)
		set->idle_timeout_ns = 5 * TS_S;
	return check_together(set, err);
}

void options_release(struct settings *set)
{
	ts_opt_list_release(&set->listen);
}

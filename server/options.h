/*
 * The server's command line: one struct of settings, one table of options (options.c).
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "session.h"
#include "ts_endpoint.h"
#include "ts_log.h"
#include "ts_opt.h"

struct mode;

struct settings {
	int mode_index;
	const struct mode *mode; /* of mode_index: filled by options_parse */
	struct ts_opt_list listen;
	int64_t n_workers; /* 0: not given, until server_run fills in the mode's own number */
	bool workers_given;
	int64_t n_processes, backlog, max_clients;
	bool spin;
	struct ts_opt_cpus cpus;
	int framing; /* enum session_framing */
	const char *time_text, *separator;
	struct ts_stamp_format stamp; /* of time_text, utc and precision */
	bool utc;
	int precision;
	int64_t buffer_bytes, max_line_bytes;
	int64_t idle_timeout_ns, drain_timeout_ns; /* idle: 0 is for ever */
	double reply_rate_per_s;                   /* 0: no limit */
	int64_t ready_fd;                          /* -1: none */
	const char *stats_path;                    /* NULL: none */
	int sandbox;                               /* enum sandbox_wish */
	int log_level;
	bool list_modes, json;
};

enum sandbox_wish { SANDBOX_AUTO, SANDBOX_ON, SANDBOX_OFF };

/* Parse and check. 0 or -EINVAL with err (exit status 2). Exits by itself for --help and --version only. */
int options_parse(struct settings *set, int argc, char **argv, struct ts_err *err);
void options_release(struct settings *set);

#endif

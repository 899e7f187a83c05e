/*
 * The plan: every setting of a run, as data. The first part is what the options say (options.c fills it, defaults
 * included); the second is made from it by plan_close: the texts parsed, the schedule laid out. After that nobody
 * changes it, and all threads and processes read it.
 */
#ifndef PLAN_H
#define PLAN_H

#include "learn.h"
#include "pacer.h"
#include "size.h"
#include "ts_endpoint.h"
#include "ts_opt.h"
#include <stdbool.h>
#include <stdint.h>

enum plan_framing { FRAMING_AUTO, FRAMING_STREAM, FRAMING_LINE, FRAMING_CRLF };
enum plan_verify { VERIFY_FULL, VERIFY_FORMAT, VERIFY_OFF };
enum plan_pace { PACE_TIMER, PACE_TICK, PACE_SPIN };
#define PLAN_FRAMINGS "auto|stream|line|crlf"
#define PLAN_VERIFIES "full|format|off"
#define PLAN_PACES    "timer|tick|spin"

#define PLAN_ENDLESS_NS      (366LL * 86400 * 1000000000) /* runs that a number of requests ends */
#define PLAN_TARGETS_MAX     16
#define PLAN_PERCENTILES_MAX 32
#define PLAN_PROCESSES_MAX   512
#define PLAN_THREADS_MAX     256

struct plan {
	/* load */
	int64_t n_connections, n_threads, duration_ns, n_requests, n_pipeline, n_session, n_idle, n_processes, seed;
	double rate_per_s, session_rate_per_s, connect_rate_per_s;
	double slow_share;        /* of the connections: slow readers */
	int64_t slow_bytes_per_s; /* that each of them reads at most */
	int64_t n_window;         /* requests on their way at once in a closed loop; 0: chosen by plan_window */
	int64_t warmup_ns, timeout_ns, drain_ns, give_up_ns, tolerance_ns;
	const char *arrival_text, *size_text, *source_text, *time_text, *separator_text;
	struct ts_opt_list stage_texts;
	int framing, verify, pace;
	struct ts_opt_cpus cpus;
	bool keep_awake, kernel_stamps;
	/* report */
	const char *json_path, *hdr_path, *percentiles_text, *until_text;
	int64_t interval_ns, server_pid;
	int progress, log_level;
	struct ts_opt_list threshold_texts;
	/* search */
	const char *find_max_text, *sweep_text;
	int64_t n_repeats;
	const char *resume_path;

	/* made by plan_close */
	struct ts_endpoint targets[PLAN_TARGETS_MAX];
	size_t n_targets;
	struct size_spec size;
	struct pacer_schedule schedule; /* of requests or, with a session rate, of sessions; no stage: closed loop */
	double percentiles[PLAN_PERCENTILES_MAX];
	size_t n_percentiles;
	struct plan_source {
		struct ts_endpoint base; /* its first address */
		uint64_t n_addresses;    /* 0: the kernel chooses */
		int64_t low_port, n_ports;
	} source;
	struct learn_stated stated; /* of the server's dialect */
	bool open_loop;             /* requests or sessions come at moments of a schedule */
	bool sessions_open;         /* the schedule is one of sessions */
	int64_t n_slow;             /* slow readers among the connections */
	bool lf, cr;                /* messages end in LF; in CR LF */
	int64_t load_ns;            /* warm-up and duration; PACER_NEVER when only a number of requests ends the run */
};

/* Fill the made part from the options and the operands (URIs). 0 or -errno with err. */
int plan_close(struct plan *p, const struct ts_opt_list *uris, struct ts_err *err);
void plan_release(struct plan *p);

/* For a search: the same plan at another rate. The schedule is laid out again. */
int plan_set_rate(struct plan *p, double rate_per_s, struct ts_err *err);

/* The i-th percentile as texts name it: "99.9", never "1e-06". Returns buf. */
const char *plan_percentile_name(const struct plan *p, size_t i, char *buf, size_t size);

/* The i-th local address, with port 0. */
void plan_source_address(const struct plan *p, uint64_t i, struct ts_endpoint *ep);

/*
 * How many requests may be on their way at once in a closed loop: as asked; of datagrams else half of what the system's
 * default receive buffer holds. More would be dropped by the kernel before the server sees them, and the loss would be
 * our own. 0: no bound is needed (other streams, open loops, few clients).
 */
int64_t plan_window(const struct plan *p);

/* May requests of this size go to a datagram socket of this plan? Message bytes at most. */
#define PLAN_DATAGRAM_MAX 65000

#endif

/*
 * The command line of tsconform, as data.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "ts_opt.h"
#include <stdbool.h>
#include <stdint.h>

/* Choices of the dialect's options: index 0 is always "auto". */
/* The words of an option, and their places: 0 is always "auto", which says nothing. */
#define CHOICES_FRAMING     "auto|stream|line"
#define CHOICES_SESSION     "auto|lasting|one-shot"
#define CHOICES_CONCURRENCY "auto|iterative|concurrent"
#define CHOICES_EMPTY       "auto|stamp|nothing"
enum { SAID_NOTHING };
enum { SAID_STREAM = 1, SAID_LINE };
enum { SAID_LASTING = 1, SAID_ONE_SHOT };
enum { SAID_ITERATIVE = 1, SAID_CONCURRENT };
enum { SAID_STAMP = 1, SAID_NO_REPLY };

enum format { FORMAT_HUMAN, FORMAT_TAP };

#define OPTIONS_TIMEOUT    "3s"
#define OPTIONS_TIMEOUT_NS (3 * TS_S)

struct options {
	const char *exec;   /* --exec: how to start the server */
	const char *client; /* --client: how to start the client that is judged instead of a server */
	bool list, strict, text, words;
	struct ts_opt_list only, skip;                     /* patterns of case ids */
	int framing, session, concurrency, empty_datagram; /* SAID_... */
	const char *time;                                  /* "auto", "ctime", "strftime:..." */
	const char *separator;                             /* "auto" or the text itself */
	int64_t timeout_ns;                                /* OPTIONS_TIMEOUT unless said */
	int64_t n_random_cases, seed, n_jobs;
	int format;               /* enum format */
	int progress;             /* enum ts_live_when */
	const char *json, *junit; /* file names, or NULL */
	const char *trace;        /* id, or NULL */
};

extern const struct ts_opt_program options_program;

/* The strftime pattern that --time states, or NULL. */
const char *options_pattern(const struct options *options);

/* Checks that concern several options at once. 0 or -EINVAL. */
int options_check(const struct options *options, struct ts_err *err);

/* Does the id fit this pattern of --only or --skip? */
bool options_fits(const char *pattern, const char *id);

/* Is this case wanted, by --only, --skip and --trace? */
bool options_select(const struct options *options, const char *id);

#endif

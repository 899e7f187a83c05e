/*
 * Errors for people: one sentence saying what failed and what to do, and the exit status that goes with it.
 *
 * Start-up functions return >= 0 or -errno and fill a struct ts_err. Hot paths return the number alone and never
 * format text. A NULL struct ts_err is allowed everywhere: the sentence is then dropped.
 */
#ifndef TS_ERR_H
#define TS_ERR_H

/* Exit statuses of all programs (docs: "Exit codes"). A stop by a signal exits with 128 + its number. */
enum ts_exit {
	TS_EXIT_OK = 0,
	TS_EXIT_SHORT = 1,   /* what was measured or checked fell short */
	TS_EXIT_USAGE = 2,   /* wrong usage */
	TS_EXIT_ENVIRON = 3, /* the environment failed */
	TS_EXIT_SUSPECT = 4  /* tsload: its own figures are not to be trusted */
};

struct ts_err {
	enum ts_exit exit_status;
	char text[480]; /* one line without a newline; "" while nothing failed */
};

/* What helps against EMFILE, to stand behind what failed. */
#define TS_ERR_MORE_FILES "; raise the limit of open files (ulimit -n)"

/* Fill `err` (exit status 3) and return -error. `error` is a positive errno and is not appended by itself. */
int ts_err_set(struct ts_err *err, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same for wrong usage: exit status 2, returns -EINVAL. */
int ts_err_usage(struct ts_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Put "prefix: " before the text that is there, such as the name of the file. Returns `result` unchanged. */
int ts_err_prefix(struct ts_err *err, int result, const char *prefix);

#endif

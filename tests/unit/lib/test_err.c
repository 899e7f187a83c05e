/* Errors and messages: what fits, what is cut, and that a message is one line whatever it repeats. */
#include "ts_err.h"
#include "ts_log.h"
#include "unit.h"
#include <stdio.h>
#include <unistd.h>

static void set_and_usage_differ_in_status(void **state)
{
	struct ts_err err = {0};

	(void)state;
	assert_int_equal(ts_err_set(&err, ENOENT, "%s: cannot open", "a.json"), -ENOENT);
	assert_int_equal(err.exit_status, TS_EXIT_ENVIRON);
	assert_string_equal(err.text, "a.json: cannot open");
	assert_int_equal(ts_err_usage(&err, "must be %d", 1), -EINVAL);
	assert_int_equal(err.exit_status, TS_EXIT_USAGE);
	assert_string_equal(err.text, "must be 1");
}

static void a_prefix_keeps_result_and_status(void **state)
{
	struct ts_err err = {0};

	(void)state;
	ts_err_usage(&err, "must be 1 to 3");
	assert_int_equal(ts_err_prefix(&err, -EINVAL, "--n=0"), -EINVAL);
	assert_string_equal(err.text, "--n=0: must be 1 to 3");
	assert_int_equal(err.exit_status, TS_EXIT_USAGE);
}

/* Catches: a write past the text, and a prefix that is lost because the rest was long. */
static void long_texts_are_cut_at_the_end(void **state)
{
	struct ts_err err = {0};
	char big[2000];

	(void)state;
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	ts_err_set(&err, EIO, "%s", big);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
	ts_err_prefix(&err, -EIO, "file");
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
	assert_memory_equal(err.text, "file: xxx", 9);
	ts_err_prefix(&err, -EIO, big);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void a_text_is_always_one_line(void **state)
{
	struct ts_err err = {0};

	(void)state;
	ts_err_usage(&err, "--x=%s: no", "a\nb\r\033[2J");
	assert_null(strpbrk(err.text, "\n\r\033"));
	ts_err_prefix(&err, -EINVAL, "c\nd");
	assert_null(strchr(err.text, '\n'));
	assert_non_null(strstr(err.text, "c?d: --x=a?b"));
}

static void null_drops_the_sentence(void **state)
{
	(void)state;
	assert_int_equal(ts_err_set(NULL, EIO, "x"), -EIO);
	assert_int_equal(ts_err_usage(NULL, "x"), -EINVAL);
	assert_int_equal(ts_err_prefix(NULL, 7, "x"), 7);
}

/* --- ts_log: standard error is a pipe meanwhile --- */

static int kept, reader;

static void redirect(void)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	kept = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	reader = ends[0];
}

/* Give standard error back; what was written is read to its end. */
static void restore(char *buf, size_t size)
{
	size_t n = 0;
	ssize_t got;

	dup2(kept, STDERR_FILENO);
	close(kept);
	while ((got = read(reader, buf + n, size - 1 - n)) > 0)
		n += (size_t)got;
	close(reader);
	buf[n] = '\0';
}

static void a_line_names_its_program(void **state)
{
	const struct ts_log log = {.program = "tsload", .level = TS_LOG_WARN};
	struct ts_err err = {.exit_status = TS_EXIT_ENVIRON, .text = "no server"};
	char buf[200];
	int status;

	(void)state;
	redirect();
	ts_log(&log, TS_LOG_INFO, "not shown");
	ts_log(&log, TS_LOG_WARN, "shown %d", 5);
	status = ts_log_fail(&log, &err);
	restore(buf, sizeof buf);
	assert_string_equal(buf, "tsload: shown 5\ntsload: no server\n");
	assert_int_equal(status, 3);
}

/* Catches: a peer's bytes that move the cursor or begin a second line, in ASCII and as C1 controls in UTF-8. */
static void control_characters_are_shown(void **state)
{
	const struct ts_log log = {.program = "p", .level = TS_LOG_DEBUG};
	char buf[200];

	(void)state;
	redirect();
	errno = EAGAIN;
	ts_log(&log, TS_LOG_DEBUG, "a\nb\tc\r\033[2J\x7f \xc2\x9b \xc3\xa4");
	assert_int_equal(errno, EAGAIN);
	restore(buf, sizeof buf);
	assert_string_equal(buf, "p: a\\nb\\tc\\r\\x1b[2J\\x7f \\xc2\\x9b \xc3\xa4\n");
}

static void a_long_message_is_still_one_line(void **state)
{
	const struct ts_log log = {.program = "p", .level = TS_LOG_ERROR};
	char big[3000], buf[8000];

	(void)state;
	memset(big, '\1', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	redirect();
	ts_log(&log, TS_LOG_ERROR, "%s", big);
	restore(buf, sizeof buf);
	assert_ptr_equal(strchr(buf, '\n'), buf + strlen(buf) - 1);
	assert_true(strlen(buf) > 4000);
}

static void once_is_true_once_and_counts(void **state)
{
	struct ts_log_once once = {0};

	(void)state;
	assert_true(ts_log_first(&once));
	assert_false(ts_log_first(&once));
	assert_false(ts_log_first(&once));
	assert_int_equal(once.n_seen, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(set_and_usage_differ_in_status), cmocka_unit_test(a_prefix_keeps_result_and_status),
	        cmocka_unit_test(long_texts_are_cut_at_the_end),  cmocka_unit_test(a_text_is_always_one_line),
	        cmocka_unit_test(null_drops_the_sentence),        cmocka_unit_test(a_line_names_its_program),
	        cmocka_unit_test(control_characters_are_shown),   cmocka_unit_test(a_long_message_is_still_one_line),
	        cmocka_unit_test(once_is_true_once_and_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

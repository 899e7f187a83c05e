/* Flags set by real signals, and the descriptor for event loops. Each test is a process of its own,
 * since flags stay. */
#include "ts_clock.h"
#include "ts_signal.h"
#include "unit.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Run `body` in a child: how it ended, by waitpid(2). */
static int status_of(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* The same; it returns the number of its first failed check, or 0. */
static void in_child(int (*body)(void))
{
	int status = status_of(body);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define CHECK(number, condition)                                                                                       \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			return number;                                                                                 \
	} while (0)

static int flags_body(void)
{
	int ends[2];

	ts_signal_install();
	CHECK(1, ts_signal_stop() == 0 && ts_signal_stop_count() == 0 && !ts_signal_take_report());
	raise(SIGUSR1);
	CHECK(2, ts_signal_take_report() && !ts_signal_take_report());
	raise(SIGINT);
	CHECK(3, ts_signal_stop() == SIGINT && ts_signal_stop_count() == 1);
	raise(SIGTERM); /* the first one names the exit status */
	CHECK(4, ts_signal_stop() == SIGINT && ts_signal_stop_count() == 2);
	CHECK(5, pipe(ends) == 0 && close(ends[0]) == 0);
	CHECK(6, write(ends[1], "x", 1) < 0 && errno == EPIPE); /* SIGPIPE would have ended us */
	raise(SIGHUP);
	CHECK(7, ts_signal_stop_count() == 3);
	raise(SIGXFSZ); /* ignored, too */
	ts_signal_uninstall();
	raise(SIGTERM);
	return 8;
}

/* The last signal ends it, since nobody catches it any more. */
static void handlers_set_flags(void **state)
{
	int status = status_of(flags_body);

	(void)state;
	assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status) : 0, 0); /* the number of a failed check */
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

/* Signals the main thread until its read has ended: one that comes just before the read is lost to it. */
struct nudge {
	pthread_t target;
	atomic_bool done;
};

static void *nudge_until_done(void *arg)
{
	struct nudge *nudge = arg;

	for (int64_t at_ns = ts_clock_mono_ns(); !atomic_load(&nudge->done); ts_clock_sleep_until(at_ns += 5 * TS_MS))
		pthread_kill(nudge->target, SIGTERM);
	return NULL;
}

/* Catches SA_RESTART: the read would then wait for ever, and the alarm ends the child. */
static int interrupt_body(void)
{
	struct nudge nudge = {.target = pthread_self()};
	pthread_t other;
	ssize_t n;
	int ends[2], error;
	char byte;

	ts_signal_install();
	alarm(10);
	CHECK(1, pipe(ends) == 0);
	CHECK(2, pthread_create(&other, NULL, nudge_until_done, &nudge) == 0);
	n = read(ends[0], &byte, 1);
	error = errno;
	atomic_store(&nudge.done, true);
	pthread_join(other, NULL);
	CHECK(3, n < 0 && error == EINTR);
	CHECK(4, ts_signal_stop() == SIGTERM);
	return 0;
}

static void system_calls_are_interrupted(void **state)
{
	(void)state;
	in_child(interrupt_body);
}

static int descriptor_body(void)
{
	struct signalfd_siginfo info;
	int fd, ends[2];

	ts_signal_install();
	fd = ts_signal_fd();
	CHECK(1, fd >= 0);
	CHECK(2, read(fd, &info, sizeof info) < 0 && errno == EAGAIN);
	raise(SIGTERM);
	CHECK(3, ts_signal_stop() == 0); /* the handler did not run */
	CHECK(4, read(fd, &info, sizeof info) == sizeof info && info.ssi_signo == SIGTERM);
	ts_signal_note(SIGTERM);
	CHECK(5, ts_signal_stop() == SIGTERM && ts_signal_stop_count() == 1);
	ts_signal_note(SIGUSR1);
	CHECK(6, ts_signal_take_report());
	ts_signal_note(SIGPIPE);
	CHECK(7, ts_signal_stop_count() == 1);
	CHECK(8, pipe(ends) == 0 && close(ends[0]) == 0);
	CHECK(9, write(ends[1], "x", 1) < 0 && errno == EPIPE);
	CHECK(10, read(fd, &info, sizeof info) < 0 && errno == EAGAIN); /* a broken pipe is no event */
	return 0;
}

static void the_descriptor_takes_the_place_of_handlers(void **state)
{
	(void)state;
	in_child(descriptor_body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(handlers_set_flags),
	        cmocka_unit_test(system_calls_are_interrupted),
	        cmocka_unit_test(the_descriptor_takes_the_place_of_handlers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

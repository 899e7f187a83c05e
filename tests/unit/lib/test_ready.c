/* Ready lines over real pipes: whole, in pieces, cut, too many, too late, none. */
#include "ts_clock.h"
#include "ts_ready.h"
#include "unit.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define LIMIT_NS (10 * TS_S) /* never reached: all waits below end by an event */

static struct ts_endpoint endpoint(const char *uri)
{
	struct ts_endpoint ep;

	assert_int_equal(ts_endpoint_parse(&ep, uri, NULL), 0);
	return ep;
}

/* Read what a writer that says `text` and then closes has said. */
static int read_text(const char *text, struct ts_endpoint *endpoints, size_t n_max, struct ts_err *err)
{
	int ends[2], r;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
	close(ends[1]);
	r = ts_ready_read(ends[0], endpoints, n_max, LIMIT_NS, err);
	assert_int_equal(close(ends[0]), 0); /* it is still ours */
	return r;
}

static void what_is_written_is_read(void **state)
{
	struct ts_endpoint out[3] = {endpoint("tcp://[::1]:4711"), endpoint("unix:/tmp/a b"), endpoint("unixgram:@x")};
	struct ts_endpoint in[3];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(ts_ready_write(ends[1], out, 3), 0);
	assert_int_equal(close(ends[1]), 0); /* it is still ours */
	assert_int_equal(ts_ready_read(ends[0], in, 3, LIMIT_NS, NULL), 3);
	assert_memory_equal(in, out, sizeof in);
	close(ends[0]);
}

static void no_descriptor_is_no_work(void **state)
{
	struct ts_endpoint ep = endpoint("tcp:");

	(void)state;
	assert_int_equal(ts_ready_write(-1, &ep, 1), 0);
	assert_int_equal(ts_ready_write(-5, &ep, 1), 0);
}

static void the_text_is_the_agreed_one(void **state)
{
	struct ts_endpoint ep = endpoint("udp://127.0.0.1:9");
	char buf[100] = "";
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(ts_ready_write(ends[1], &ep, 1), 0);
	assert_true(read(ends[0], buf, sizeof buf - 1) > 0);
	assert_string_equal(buf, "udp://127.0.0.1:9\n");
	close(ends[1]);
	assert_int_equal(read(ends[0], buf, 1), 0);
	close(ends[0]);
}

static void *write_in_pieces(void *arg)
{
	static const char text[] = "tcp://127.0.0.1:1\nunix:/x\n";
	int fd = *(int *)arg;

	for (size_t i = 0; i < sizeof text - 1; i++)
		if (write(fd, &text[i], 1) != 1)
			break;
	close(fd);
	return NULL;
}

static void pieces_are_joined(void **state)
{
	struct ts_endpoint in[2];
	pthread_t writer;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pthread_create(&writer, NULL, write_in_pieces, &ends[1]), 0);
	assert_int_equal(ts_ready_read(ends[0], in, 2, LIMIT_NS, NULL), 2);
	assert_int_equal(in[1].transport, TS_UNIX);
	pthread_join(writer, NULL);
	close(ends[0]);
}

static void wrong_readiness_is_named(void **state)
{
	char long_line[400];
	const struct {
		const char *text;
		int error;
		const char *says;
	} cases[] = {
	        {"", EPIPE, "without a line"},
	        {"tcp://127.0.0.1:1", EPIPE, "within its ready line"},
	        {"tcp://127.0.0.1:1\ntcp://127.0.0.1:2", EPIPE, "within its ready line"},
	        {"tcp:\ntcp:\ntcp:\n", EMSGSIZE, "more than 2"},
	        {"hello\n", EINVAL, "ready line: hello: not an endpoint"},
	        {"\n", EINVAL, "ready line: (empty)"},
	        {long_line, EMSGSIZE, "longer than"},
	};

	(void)state;
	memset(long_line, 'x', sizeof long_line - 1);
	long_line[sizeof long_line - 1] = '\0';
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ts_endpoint in[2];
		struct ts_err err = {0};

		assert_int_equal(read_text(cases[i].text, in, 2, &err), -cases[i].error);
		if (!strstr(err.text, cases[i].says))
			fail_msg("\"%s\": said \"%s\"", cases[i].text, err.text);
		assert_int_equal(err.exit_status, TS_EXIT_ENVIRON); /* the server's fault, not the command line's */
	}
}

/* A writer that stays silent, and one that stops within its line. */
static void silence_times_out(void **state)
{
	struct ts_endpoint in[1];
	struct ts_err err = {0};
	int64_t start_ns = ts_clock_mono_ns();
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(ts_ready_read(ends[0], in, 1, 20 * TS_MS, &err), -ETIMEDOUT);
	assert_int_equal(write(ends[1], "tcp:", 4), 4);
	assert_int_equal(ts_ready_read(ends[0], in, 1, 20 * TS_MS, &err), -ETIMEDOUT);
	assert_true(ts_clock_mono_ns() - start_ns >= 40 * TS_MS);
	assert_non_null(strstr(err.text, "in time"));
	close(ends[0]);
	close(ends[1]);
}

static void a_reader_that_went_is_no_disaster(void **state)
{
	struct ts_endpoint ep = endpoint("tcp:");
	int ends[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_int_equal(ts_ready_write(ends[1], &ep, 1), -EPIPE);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_is_written_is_read),           cmocka_unit_test(no_descriptor_is_no_work),
	        cmocka_unit_test(the_text_is_the_agreed_one),        cmocka_unit_test(pieces_are_joined),
	        cmocka_unit_test(wrong_readiness_is_named),          cmocka_unit_test(silence_times_out),
	        cmocka_unit_test(a_reader_that_went_is_no_disaster),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

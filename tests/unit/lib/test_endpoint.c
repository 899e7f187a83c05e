/* Endpoints as texts: every form there and back, every wrong form with its sentence. */
#include "ts_endpoint.h"
#include "unit.h"
#include <stdio.h>

static void every_form_there_and_back(void **state)
{
	static const char *const cases[][2] = {
	        {"tcp://127.0.0.1:80", NULL},
	        {"udp://127.0.0.1:80", NULL},
	        {"tcp://0.0.0.0:0", NULL},
	        {"tcp://[::1]:65535", NULL},
	        {"udp://[::]:0", NULL},
	        {"tcp://[fe80::1%lo]:7", NULL},
	        {"unix:/tmp/a b", NULL},
	        {"unix:relative", NULL},
	        {"unixgram:/tmp/x", NULL},
	        {"unix:@name", NULL},
	        {"unixgram:@a/b c", NULL},
	        {"tcp:", "tcp://127.0.0.1:21567"},
	        {"tcp://", "tcp://127.0.0.1:21567"},
	        {"udp://:5", "udp://127.0.0.1:5"},
	        {"udp://127.0.0.2", "udp://127.0.0.2:21567"},
	        {"tcp:127.0.0.2:9", "tcp://127.0.0.2:9"},
	        {"tcp://[::1]", "tcp://[::1]:21567"},
	        {"tcp://[0:0:0:0:0:0:0:1]:1", "tcp://[::1]:1"},
	        {"tcp://127.1:00080", "tcp://127.0.0.1:80"},
	        {"unix:///tmp/x", "unix:///tmp/x"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		const char *expected = cases[i][1] ? cases[i][1] : cases[i][0];
		struct ts_endpoint ep, again;
		struct ts_err err = {0};
		char text[TS_ENDPOINT_TEXT_MAX];

		if (ts_endpoint_parse(&ep, cases[i][0], &err) != 0)
			fail_msg("%s", err.text);
		assert_string_equal(ts_endpoint_text(&ep, text, sizeof text), expected);
		assert_int_equal(ts_endpoint_parse(&again, text, &err), 0);
		assert_memory_equal(&again, &ep, sizeof ep);
	}
}

static void the_longest_path_fits(void **state)
{
	char uri[200] = "unixgram:/", text[TS_ENDPOINT_TEXT_MAX];
	struct ts_endpoint ep;
	struct ts_err err = {0};

	(void)state;
	memset(uri + 10, 'p', 106);
	assert_int_equal(ts_endpoint_parse(&ep, uri, &err), 0);
	assert_string_equal(ts_endpoint_text(&ep, text, sizeof text), uri);
	strcat(uri, "p");
	assert_int_equal(ts_endpoint_parse(&ep, uri, &err), -EINVAL);
	assert_non_null(strstr(err.text, "at most 107 bytes, and is 108"));
	uri[9] = '@'; /* an abstract name needs no end */
	assert_int_equal(ts_endpoint_parse(&ep, uri, &err), 0);
	assert_string_equal(ts_endpoint_text(&ep, text, sizeof text), uri);
	strcat(uri, "p");
	assert_int_equal(ts_endpoint_parse(&ep, uri, &err), -EINVAL);
	assert_non_null(strstr(err.text, "at most 108 bytes, and is 109"));
}

/* Each refused as wrong usage, in a line that repeats the text and says what is allowed. */
static void wrong_forms_are_refused(void **state)
{
	static const char *const cases[][2] = {
	        {"http://x", "not an endpoint: must be tcp://HOST:PORT, udp://HOST:PORT, unix:PATH or unixgram:PATH"},
	        {"", "(empty): not an endpoint"},
	        {"127.0.0.1:80", "not an endpoint"},
	        {"TCP://a:1", "not an endpoint"},
	        {"tc://a:1", "not an endpoint"},
	        {"tcp://127.0.0.1:65536", "wrong port 65536: must be 0 to 65535"},
	        {"tcp://127.0.0.1:", "wrong port (empty)"},
	        {"tcp://127.0.0.1:-1", "wrong port -1"},
	        {"tcp://127.0.0.1:+1", "wrong port +1"},
	        {"tcp://127.0.0.1:80x", "wrong port 80x"},
	        {"tcp://127.0.0.1:99999999999999999999", "wrong port 9999"},
	        {"tcp://127.0.0.1:http", "wrong port http"},
	        {"tcp://::1:80", "needs brackets"},
	        {"tcp://[::1:80", "in brackets"},
	        {"tcp://[]:80", "in brackets"},
	        {"tcp://[::1]80", "in brackets"},
	        {"tcp://127.0.0.1:80/", "nothing after it"},
	        {"tcp://user@host:80", "nothing after it"},
	        {"unix:", "needs a path, such as unix:"},
	        {"unixgram:@", "needs a name, such as unixgram:@"},
	        {"unix://host/x", "takes no host"},
	        {"unix:@", "needs a name"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct ts_endpoint ep;
		struct ts_err err = {0};

		assert_int_equal(ts_endpoint_parse(&ep, cases[i][0], &err), -EINVAL);
		assert_int_equal(err.exit_status, TS_EXIT_USAGE);
		if (!strstr(err.text, cases[i][1]) || strncmp(err.text, cases[i][0], strlen(cases[i][0])) != 0 ||
		    strchr(err.text, '\n'))
			fail_msg("%s: said \"%s\"", cases[i][0], err.text);
	}
}

/* Fault caught: a ready line that is two, of which none is an endpoint. */
static void the_end_of_a_line_is_refused(void **state)
{
	struct ts_endpoint ep;
	struct ts_err err = {0};

	(void)state;
	assert_int_equal(ts_endpoint_parse(&ep, "unix:/tmp/a\nb", &err), -EINVAL);
	assert_int_equal(ts_endpoint_parse(&ep, "unixgram:@\r", &err), -EINVAL);
	assert_non_null(strstr(err.text, "the end of a line"));
}

static void an_unknown_host_is_the_environment(void **state)
{
	struct ts_endpoint ep;
	struct ts_err err = {0};

	(void)state;
	/* Fails without asking a name server: no label may be longer than 63 bytes. */
	assert_true(ts_endpoint_parse(
	                    &ep,
	                    "tcp://xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.invalid:1",
	                    &err) < 0);
	assert_int_equal(err.exit_status, TS_EXIT_ENVIRON);
	assert_non_null(strstr(err.text, "cannot find the host"));
}

static void noise_is_harmless(void **state)
{
	static const char letters[] = "tcpudpunixgram:/[]@.0123456789%";

	(void)state;
	srand48(5);
	for (int i = 0; i < 30000; i++) {
		char text[24] = "unix:";
		size_t at = i % 2 ? 5 : 0, n = at + (size_t)(drand48() * 14);
		struct ts_endpoint ep;
		char again[TS_ENDPOINT_TEXT_MAX];

		for (; at < n; at++)
			text[at] = letters[(size_t)(drand48() * (sizeof letters - 1))];
		text[n > 5 || !(i % 2) ? n : 5] = '\0';
		if ((strncmp(text, "tcp", 3) && strncmp(text, "udp", 3)) && ts_endpoint_parse(&ep, text, NULL) == 0)
			assert_string_equal(ts_endpoint_text(&ep, again, sizeof again), text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_form_there_and_back),
	        cmocka_unit_test(the_longest_path_fits),
	        cmocka_unit_test(wrong_forms_are_refused),
	        cmocka_unit_test(the_end_of_a_line_is_refused),
	        cmocka_unit_test(an_unknown_host_is_the_environment),
	        cmocka_unit_test(noise_is_harmless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

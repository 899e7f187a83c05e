/* What people read of the bytes on the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "trace.h"
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void quotes_what_cannot_be_printed(void **state)
{
	char out[64];

	(void)state;
	assert_string_equal(trace_quote("a\"\\\r\n\t\0\xff", 8, out, sizeof(out)), "\"a\\\"\\\\\\r\\n\\t\\x00\\xff\"");
	assert_string_equal(trace_quote("", 0, out, sizeof(out)), "\"\"");
}

/* At every size: never past the end, and cut text says so. */
static void quotes_within_its_size(void **state)
{
	char bytes[40], out[200];

	(void)state;
	memset(bytes, 1, sizeof(bytes));
	for (size_t size = 12; size < 100; size++) {
		memset(out, 'X', sizeof(out));
		trace_quote(bytes, sizeof(bytes), out, size);
		assert_true(strlen(out) < size);
		assert_int_equal(out[size], 'X');
		assert_string_equal(out + strlen(out) - 4, "\"...");
	}
}

/* Of a long turn the beginning, and the end: that is where it went wrong. */
static void keeps_the_first_events_and_the_last(void **state)
{
	struct trace trace = {0};
	char big[1000], last[80];
	const int n = 3 * TRACE_EVENTS + 5;

	(void)state;
	memset(big, 'b', sizeof(big));
	trace_begin(&trace, 1000);
	for (int i = 0; i < n; i++)
		trace_add(&trace, 1000 + i * INT64_C(1000000), 1 + i % 2, "send", big, sizeof(big));
	char *text = trace_text(&trace);
	assert_non_null(text);
	assert_non_null(strstr(text, "     2.000 ms  client 1   send         1000 bytes"));
	snprintf(last, sizeof(last), "%10.3f ms  client 1   send         1000 bytes", (double)n - 1);
	const char *left_out = strstr(text, "  (325 events left out)\n"), *end = strstr(text, last);
	assert_true(left_out && end && left_out < end);
	assert_null(strchr(strchr(end, '\n') + 1, '\n'));
	free(text);
	trace_release(&trace);
}

static int count_lines(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void leaves_nothing_out_of_what_fits(void **state)
{
	struct trace trace = {0};

	(void)state;
	trace_begin(&trace, 0);
	for (int i = 0; i < TRACE_EVENTS; i++)
		trace_add(&trace, i, 1, i % 2 ? "recv" : "send", "b", 1);
	char *text = trace_text(&trace);
	assert_non_null(text);
	assert_null(strstr(text, "left out"));
	assert_int_equal(count_lines(text), TRACE_EVENTS);
	free(text);
	trace_release(&trace);
}

/* Of many pieces in a row the first, the last, and how much there was between them. */
static void sums_up_what_comes_in_many_pieces(void **state)
{
	struct trace trace = {0};

	(void)state;
	trace_begin(&trace, 0);
	trace_add(&trace, 0, 1, "connect", NULL, 0);
	for (int i = 0; i < 30; i++)
		trace_add(&trace, i, 1, "recv", "abcdefghijkl", i == 7 ? 12 : 2);
	trace_add(&trace, 40, 1, "recv FIN", NULL, 0);
	char *text = trace_text(&trace);
	assert_non_null(text);
	assert_non_null(strstr(text, "\n  (22 more of these, with 54 bytes)\n"));
	assert_int_equal(count_lines(text), 1 + 4 + 1 + 4 + 1);
	free(text);
	trace_release(&trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(quotes_what_cannot_be_printed),
	        cmocka_unit_test(quotes_within_its_size),
	        cmocka_unit_test(keeps_the_first_events_and_the_last),
	        cmocka_unit_test(leaves_nothing_out_of_what_fits),
	        cmocka_unit_test(sums_up_what_comes_in_many_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

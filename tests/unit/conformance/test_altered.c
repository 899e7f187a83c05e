/* What became of a message, by example. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "altered.h"
#include "ts_clock.h"
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define BYTES(text) text, sizeof(text) - 1

/* said: the sentence, or a part of it; NULL: there is none */
struct example {
	const char *sent;
	size_t n_sent;
	const char *got;
	size_t n_got;
	const char *said;
};

static void a_known_way_is_named(void **state)
{
	static const struct example rows[] = {
	        {BYTES("abc\0def"), BYTES("abc"), "first NUL"},
	        {BYTES("\0abc\0def"), BYTES("abcdef"), "NUL bytes were left out"},
	        {BYTES("a\xff\xfe"), BYTES("a"), "not UTF-8 were left out"},
	        {BYTES("a\xc3\xa4"), BYTES("a"), "above 127 were left out"},
	        {BYTES("a\xff"), BYTES("a?"), "came back as ?"},
	        {BYTES("\xc3\xa4"), BYTES("\xc3\x83\xc2\xa4"), "Latin-1"},
	        {BYTES("abc\r\n"), BYTES("abc\n"), "CR LF came back as LF"},
	        {BYTES("abc\n"), BYTES("abc\r\n"), "LF came back as CR LF"},
	        {BYTES("abc\n"), BYTES("abc"), "from the end"},
	        {BYTES(" abc"), BYTES("abc"), "from the beginning"},
	        {BYTES("\tabc\t"), BYTES("abc"), "stripped from the data"},
	        {BYTES(" abc\n"), BYTES("abc\n"), "from the beginning"},
	        {BYTES(" abc \n"), BYTES("abc\n"), "blanks were stripped from the data"},
	        {BYTES("abc"), BYTES("abc\n"), "line's end was added"},
	        {BYTES("a\xff"), BYTES("a\xef\xbf\xbd"), "U+FFFD"},
	        {BYTES("\x80"), BYTES("\\x80"), "escapes"},
	        {BYTES("\xff\\n"), BYTES("\xff\n"), "a backslash and an n"},
	        {BYTES("\x80\\x41"), BYTES("\x81\\x41"), NULL},
	        {BYTES("\xef\xbf\xbd\x80"), BYTES("\xef\xbf\xbd\x81"), NULL},
	        {BYTES("abc\0"), BYTES("abc"), "NUL bytes at the end"},
	        {BYTES("\0abc\0def\0"), BYTES("\0abc\0def"), "NUL bytes at the end"},
	        {BYTES("a\0\"b"), BYTES("a\\0\\\"b"), "as they are in code"},
	        {BYTES("a\tb"), BYTES("a\\tb"), "as they are in code"},
	        {BYTES("\\"), BYTES("\\\\"), "as they are in code"},
	        {BYTES("<b>&amp;</b>"), BYTES("&lt;b&gt;&amp;amp;&lt;/b&gt;"), "as they are in HTML"},
	        {BYTES("'"), BYTES("&#039;"), "as they are in HTML"},
	        {BYTES("a\nb"), BYTES("a<br />\nb"), "as they are in HTML"},
	        {BYTES("a b%"), BYTES("a+b%25"), "as they are in a URL"},
	        {BYTES("\xc3\xa4"), BYTES("%C3%A4"), "as they are in a URL"},
	        {BYTES("a<b"), BYTES("a&gt;b"), NULL},
	        {BYTES("a<b"), BYTES("a&lt;b;"), NULL},
	        {BYTES("-0"), BYTES("-00"), NULL},
	        {BYTES("-0"), BYTES("-0.0"), "written anew"},
	        {BYTES("abc"), BYTES("ABC"), "another case"},
	        {BYTES("a\0b"), BYTES("A\0b"), "another case"},
	        {BYTES("a\0be"), BYTES("a\0ba"), NULL},
	        {BYTES("007"), BYTES("7"), "written anew"},
	        {BYTES("1e3\n"), BYTES("1000\n"), "written anew"},
	        {BYTES("9007199254740993"), BYTES("9.007199254740992e+15"), "written anew"},
	        {BYTES("1e3"), BYTES("1E3"), "written anew"},
	        {BYTES("007"), BYTES("8"), NULL},
	        {BYTES("0"), BYTES(""), NULL},
	        {BYTES("7 x"), BYTES("7.0 x"), NULL},
	        {BYTES("cafe\xcc\x81"), BYTES("caf\xc3\xa9"), "NFC"},
	        {BYTES("caf\xc3\xa9"), BYTES("cafe\xcc\x81"), "NFD"},
	        {BYTES("abc"), BYTES("abd"), NULL},
	        {BYTES("abc"), BYTES("abc"), NULL},
	        {BYTES("abcdef"), BYTES("abc"), NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *how = altered_how(rows[i].sent, rows[i].n_sent, rows[i].got, rows[i].n_got);
		print_message("%zu: %s\n", i, how ? how : "-");
		assert_int_equal(how != NULL, rows[i].said != NULL);
		assert_true(!how || strstr(how, rows[i].said));
	}
}

static void the_first_byte_that_differs_is_named(void **state)
{
	static const struct example rows[] = {
	        {BYTES("efg"), BYTES("afg"), "a byte of the data, \"e\", came back as \"a\""},
	        {BYTES("\xff"), BYTES("\xfe"), "a byte of the data, \"\\xff\", came back as \"\\xfe\""},
	        {BYTES("efghijklm"), BYTES("fghijklm"), "a byte of the data, \"e\", was left out"},
	        {BYTES("efgh"), BYTES("fgh[1795948200]abc"), "a byte of the data, \"e\", was left out"},
	        {BYTES("e"), BYTES("xe"), "a byte, \"x\", was put into the data before \"e\""},
	        {BYTES("efg"), BYTES("hij"), "\"h\" came where \"e\" stands in the data"},
	        {BYTES("ef"), BYTES("a[1795948200]abc"), "\"a\" came where \"e\" stands in the data"},
	        {BYTES(""), BYTES("abc"), ""},
	        {BYTES("abc"), BYTES(""), ""},
	};
	char text[80];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
		        altered_byte(rows[i].sent, rows[i].n_sent, rows[i].got, rows[i].n_got, text, sizeof(text)),
		        rows[i].said);
}

static void data_from_elsewhere_is_named(void **state)
{
	static const char sent[] = "abcdefghijklmnopqrstuvwxyz0123456789abcdef";
	static const struct {
		size_t from;
		const char *got, *said;
	} rows[] = {
	        {6, "mnopqrstuvwx", "6 bytes of the data did not come, and what follows them did"},
	        {6, "mnopqr[1795948200]stuvw", "6 bytes of the data did not come, and what follows them did"},
	        {6, "mnopqr[1795948200]ghijklmnopqrstuvwxyz",
	         "the data came in another order: what stands 6 bytes later in it came first"},
	        {26, "ghijklmn", "data came again that had come 20 bytes before"},
	        {6, "hijklmno", ""}, /* one byte is altered_byte's affair */
	        {6, "mnop", ""},     /* too few to tell */
	        {6, "bcdefz", ""},
	        {8, "abcdef", ""}, /* it stands there twice */
	};
	char text[120];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
		        altered_moved(BYTES(sent), rows[i].from, rows[i].got, strlen(rows[i].got), text, sizeof(text)),
		        rows[i].said);
}

static void few_bytes_are_shown(void **state)
{
	char text[80];

	(void)state;
	assert_string_equal(altered_which(BYTES("abc"), text, sizeof(text)), "");
	assert_string_equal(altered_which(BYTES("0"), text, sizeof(text)), ": \"0\"");
	assert_string_equal(altered_which(BYTES("q"), text, sizeof(text)), ": \"q\"");
	assert_string_equal(altered_which(BYTES("\xc3\xa4"), text, sizeof(text)), ": \"\\xc3\\xa4\"");
	assert_string_equal(altered_which(BYTES("a\xff\n"), text, sizeof(text)), ": \"a\\xff\\n\" (not UTF-8)");
	assert_string_equal(altered_which(BYTES("\xff"
	                                        "12345678"),
	                                  text, sizeof(text)),
	                    "");
}

#define S(seconds) ((int64_t)((seconds)*1e9))

/* The moments are seconds after 1795948200. */
static void a_wrong_time_is_named(void **state)
{
	static const struct {
		const char *text;
		double sent_s, read_s, last_s; /* 0: no reply came before it */
		const char *said;
	} rows[] = {{"1795948200", 0, 0, 0, ""},
	            {"1795948200", 10, 10, 0, "the time is 10 s behind"},
	            {"1795948200", -10, -10, 0, "the time is 10 s ahead"},
	            {"1795948200", -8 * 3600, -8 * 3600, 0, "the time is 8 h ahead"},
	            {"1795948200", 5 * 3600 + 1800, 5 * 3600 + 1800, 0, "the time is 5 h 30 min behind"},
	            {"1795948200", 31 * 86400, 31 * 86400, 0, "the time is 31 days behind"},
	            {"1795948200", -300, -300, 0, "the time is 5 min ahead"},
	            {"1795948203", 10, 10, 3, "the time is 7 s behind: it is still that of the reply before"},
	            {"1795948100", 10, 10, 0, "the time is 110 s behind: it is still that of the very first reply"},
	            {"1795948201", 2.25, 2.26, 0, "the time lies 0.25 s before the moment of sending"},
	            {"1795948201", 1.1, 1.2, 3, "the time went back by 2 s"},
	            {"1795948201", 0.5, 0.75, 0, "the time lies 0.25 s after the moment of reading"},
	            {"1795948201.001", 2.001, 2.0015, 2.0005,
	             "the time went back by 1 s: its second and its fraction are of two clocks"},
	            {"1795948202.999", 2.0, 2.0005, 1.9,
	             "the time lies 1 s after the moment of reading: its second and its fraction are of two clocks"},
	            {"1795948201.5", 1.004, 1.0056, 0, "the fraction of the second lacks the zeros at its front"},
	            {"1795948201.5", 1.0001, 1.0004, 0, "the time lies 0.5 s after the moment of reading"}};
	const int64_t base = S(1795948200);
	struct ts_reply_rule rule = {.stamp = {.kind = TS_STAMP_UNIX}};
	char text[160], reply[40];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct altered_moment m = {.sent_ns = base + S(rows[i].sent_s),
		                           .read_ns = base + S(rows[i].read_s),
		                           .last_ns = rows[i].last_s > 0 ? base + S(rows[i].last_s) : INT64_MIN,
		                           .first_ns = base - S(100),
		                           .age_ns = S(100)};
		snprintf(reply, sizeof(reply), "[%s]abc", rows[i].text);
		assert_string_equal(altered_time(&rule, reply, strlen(reply), &m, text, sizeof(text)), rows[i].said);
	}
	assert_string_equal(altered_time(&rule, BYTES("abc"), &(struct altered_moment){0}, text, sizeof(text)), "");
}

static void another_text_is_shown(void **state)
{
	const int64_t now_ns = S(1795948200);
	char text[200];

	(void)state;
	assert_string_equal(
	        altered_time_text(BYTES("[10:30:364] abc"), now_ns, text, sizeof(text)),
	        "\"10:30:364\" between the brackets is no time of the server's kind: its seconds have three digits");
	assert_string_equal(altered_time_text(BYTES("[10:30:36] abc"), now_ns, text, sizeof(text)),
	                    "\"10:30:36\" between the brackets is no time of the server's kind");
	assert_string_equal(altered_time_text(BYTES("10:30:36 abc"), now_ns, text, sizeof(text)), "");
}

static void another_separator_is_shown(void **state)
{
	static const struct {
		const char *separator, *reply, *said;
	} rows[] = {
	        {" ", "[t]: abc", "\": \" stands between the ] and the data, where it was \" \" before"},
	        {"", "[t] abc", "\" \" stands between the ] and the data, where it was nothing before"},
	        {" ", "[t]abc", "nothing stands between the ] and the data, where it was \" \" before"},
	        {" ", "[t]: xyz", ""},
	        {" ", "t abc", ""},
	};
	char text[120];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ts_reply_rule rule = {.n_separator = strlen(rows[i].separator)};
		memcpy(rule.separator, rows[i].separator, rule.n_separator);
		assert_string_equal(altered_separator(&rule, rows[i].reply, strlen(rows[i].reply), BYTES("abc"), text,
		                                      sizeof(text)),
		                    rows[i].said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_known_way_is_named),         cmocka_unit_test(the_first_byte_that_differs_is_named),
	        cmocka_unit_test(another_text_is_shown),        cmocka_unit_test(another_separator_is_shown),
	        cmocka_unit_test(data_from_elsewhere_is_named), cmocka_unit_test(few_bytes_are_shown),
	        cmocka_unit_test(a_wrong_time_is_named)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

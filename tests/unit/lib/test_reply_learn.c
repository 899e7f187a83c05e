/*
 * What is learnt from a first reply: the kinds and separators of the protocol, and a name for each wild shape.
 */
#include "reply_cuts.h"
#include <errno.h>

#define DATA     "kwxyzq\n"
#define NO(text) NULL, text

static const struct {
	const char *out;
	const char *separator; /* NULL: not the protocol */
	const char *why;       /* a part of the sentence */
	enum ts_stamp_kind kind;
	int32_t zone_s;
} cases[] = {
        {T DATA, "", "", TS_STAMP_CTIME, 0},
        {T " " DATA, " ", "", TS_STAMP_CTIME, 0},
        {T "    " DATA, "    ", "", TS_STAMP_CTIME, 0},
        {T "\t" DATA, "\t", "", TS_STAMP_CTIME, 0},
        {T ":" DATA, ":", "", TS_STAMP_CTIME, 0},
        {T ": " DATA, ": ", "", TS_STAMP_CTIME, 0},
        {T " -->  " DATA, " -->  ", "", TS_STAMP_CTIME, 0},
        {T "..............." DATA, "...............", "", TS_STAMP_CTIME, 0},
        {T " kwx" T " yzq\n", " ", "", TS_STAMP_CTIME, 0},
        {T " \xc2\xbb " DATA, " \xc2\xbb ", "", TS_STAMP_CTIME, 0},
        {T "\xef\xbc\x9a" DATA, "\xef\xbc\x9a", "", TS_STAMP_CTIME, 0}, /* a wide colon */
        {T " \xf0\x9f\x95\x92 " DATA, " \xf0\x9f\x95\x92 ", "", TS_STAMP_CTIME, 0},
        {"[Sun Nov 22 18:30:00 2026] " DATA, " ", "", TS_STAMP_CTIME, 8 * 3600},
        {"[Sun Nov 22 05:00:00 2026] " DATA, " ", "", TS_STAMP_CTIME, -5 * 3600 - 1800},
        {"[Mon Nov 23 00:30:00 2026] " DATA, " ", "", TS_STAMP_CTIME, 14 * 3600},
        {"[Sun Nov 22 10:30:00 2020] " DATA, " ", "", TS_STAMP_CTIME, 0}, /* wrong, and left to the window */
        {"[2026-11-22 10:30:00.123456]" DATA, "", "", TS_STAMP_RFC3339, 0},
        {"[2026-11-22T18:30:00+08:00]" DATA, "", "", TS_STAMP_RFC3339, 8 * 3600},
        {"[2026-11-22 10:30:00.5 +0000 UTC m=+1.5]" DATA, "", "", TS_STAMP_RFC3339, 0},
        {"[1795343400]" DATA, "", "", TS_STAMP_UNIX, 0},
        {"[1795343400.1234567] " DATA, " ", "", TS_STAMP_UNIX, 0},
        {"[18:30:00] " DATA, " ", "", TS_STAMP_TIME, 8 * 3600},
        {"[Sun Nov 22 02:30:00 PST 2026] " DATA, " ", "", TS_STAMP_DATE, -8 * 3600},
        {"[Sun, 22 Nov 2026 10:30:00 GMT] " DATA, " ", "", TS_STAMP_RFC1123, 0},
        {"[Sun Nov 22 2026 18:30:00 GMT+0800 (China Standard Time)] " DATA, " ", "", TS_STAMP_JS, 8 * 3600},

        {"", NO("nothing came back"), 0, 0},
        {DATA, NO("echo server"), 0, 0},
        {"kwxyzq", NO("echo server"), 0, 0},
        {"HTTP/1.1 400 Bad Request\r\n\r\n", NO("HTTP server"), 0, 0},
        {"SSH-2.0-OpenSSH_9.2p1\r\n", NO("SSH server"), 0, 0},
        {"Sun Nov 22 10:30:00 2026\r\n", NO("daytime server"), 0, 0},
        {"22 NOV 2026 10:30:00 GMT\r\n", NO("does not begin with a stamp"), 0, 0},
        {"[Sun Nov 22 10:30:00 2026\n]" DATA, NO("newline inside the stamp"), 0, 0},
        {"[Sun Nov 22 10:30:00 2026\n] " DATA, NO("newline inside the stamp"), 0, 0},
        {T " kwxyzq", NO("without its line's end"), 0, 0},
        {T " " DATA "\n", NO("a line's end was added"), 0, 0},
        {T " b'kwxyzq\\n'", NO("b'data'"), 0, 0},
        {T " b'kwxyzq'", NO("b'data'"), 0, 0},
        {T " \"kwxyzq\"\n", NO("b'data'"), 0, 0},
        {T " bytearray(b'kwxyzq')", NO("b'data'"), 0, 0},
        {T " unknown command 'kwxyzq'\n", NO("is not the data"), 0, 0},
        {"('" T "', b'kwxyzq\\n')", NO("a tuple or a list"), 0, 0},
        {"['" T "', 'kwxyzq\\n']", NO("a tuple or a list"), 0, 0},
        {"Z\n" T " kwxyzq", NO("such as a greeting"), 0, 0},
        {"b'" T " kwxyzq'", NO("the whole reply came back in quotes"), 0, 0},
        {"[Sun Nov 22 10:30:00 2026 kwxyzq]", NO("the data stands inside the brackets"), 0, 0},
        {"[kwxyzq] Sun Nov 22 10:30:00 2026\n", NO("the data stands inside the brackets"), 0, 0},
        {T " [107 119 120 121 122 113]\n", NO("numbers of its bytes"), 0, 0},
        {T " 107,119,120,121,122,113,10", NO("numbers of its bytes"), 0, 0},
        {T " <Buffer 6b 77 78 79 7a 71 0a>", NO("numbers of its bytes"), 0, 0},
        {T " [0x6b, 0x77, 0x78, 0x79, 0x7A, 0x71]", NO("numbers of its bytes"), 0, 0},
        {T " [107 119 120 121 122 114]\n", NO("is not the data"), 0, 0},
        {T " 6b7778797a71\n", NO("encoded"), 0, 0},
        {T " 6B7778797A710A", NO("encoded"), 0, 0},
        {T " a3d4eXpxCg==", NO("encoded"), 0, 0},
        {T " a3d4eXpx\n", NO("encoded"), 0, 0},
        {T " [B@1b6d3586", NO("name of an object"), 0, 0},
        {T " undefined\n", NO("name of an object"), 0, 0},
        {T " KWXYZQ\n", NO("another case"), 0, 0},
        {T "KWXYZQ", NO("another case"), 0, 0},
        {T, NO("without the data"), 0, 0},
        {T " \r\n", NO("without the data"), 0, 0},
        {T " kwx", NO("cut short"), 0, 0},
        {T " no such work", NO("is not the data"), 0, 0},
        {T " qzyxwk\n", NO("is not the data"), 0, 0},
        {T "'" DATA "'", NO(""), 0, 0},
        {T DATA "> ", NO("added after the data"), 0, 0},
        {T " kwxyzqkwxyzq\n", NO("added after the data"), 0, 0},
        {T " " T " " DATA, NO("two stamps"), 0, 0},
        {"[[Sun Nov 22 10:30:00 2026]] " DATA, NO("two pairs of brackets"), 0, 0},
        {"[[[Sun Nov 22 10:30:00 2026] " DATA, NO("stands before the stamp"), 0, 0},
        {"\xef\xbb\xbf" T " " DATA, NO("a byte order mark"), 0, 0},
        {"\x1b[1;32m" T " " DATA, NO("such as a colour"), 0, 0},
        {" " T " " DATA, NO("blanks or a line's end stand before"), 0, 0},
        {"\r\n" T " " DATA, NO("blanks or a line's end stand before"), 0, 0},
        {DATA T " " DATA, NO("the data stands before the stamp, too"), 0, 0},
        {T " [kwxyzq]\n", NO("brackets of its own"), 0, 0},
        {"(Sun Nov 22 10:30:00 2026) " DATA, NO("parentheses"), 0, 0},
        {"<10:30:00> " DATA, NO("other brackets"), 0, 0},
        {"{2026-11-22 10:30:00}" DATA, NO("other brackets"), 0, 0},
        {"kwxyzq [Sun Nov 22 10:30:00 2026]\n", NO("after the data"), 0, 0},
        {DATA T, NO("after the data"), 0, 0},
        {"Sun Nov 22 10:30:00 2026 " DATA, NO("no brackets"), 0, 0},
        {"2026-11-22 10:30:00: " DATA, NO("no brackets"), 0, 0},
        {"[info] " DATA, NO("no time that is known"), 0, 0},
        {"[127.0.0.1] " DATA, NO("no time that is known"), 0, 0},
        {"[Sun Nov 22 10:30:00 2026", NO("never closed"), 0, 0},
        {"[Sun Nov 22 10:30:00 2026 " DATA, NO("never closed"), 0, 0},
        {"Sun Nov 22 10:30:00 2026]" DATA, NO("never opened"), 0, 0},
        {"Welcome!\n" T " " DATA, NO("greeting"), 0, 0},
        {"220 mail ESMTP\r\n", NO("does not begin with a stamp"), 0, 0},
        {"OK\r\n", NO("and does not hold the data"), 0, 0},
        {"{\"time\": \"Sun Nov 22 10:30:00 2026\", \"data\": \"kwxyzq\"}\n", NO("JSON"), 0, 0},
        {"[\"Sun Nov 22 10:30:00 2026\", \"kwxyzq\"]", NO("JSON"), 0, 0},
        {"[b'Sun Nov 22 10:30:00 2026'] " DATA, NO("the time stands in quotes"), 0, 0},
        {"[b'Sun Nov 22 10:30:00 2026'] b'kwxyzq\\n'", NO("the time stands in quotes"), 0, 0},
        {"[2026-11-22T10:30:00.5Z[Etc/UTC]] " DATA, NO("a bracket stands inside the time"), 0, 0},
        {T " received: " DATA, NO("between the stamp and the data"), 0, 0},
        {T " \xe6\x94\xb6\xe5\x88\xb0 " DATA, NO("between the stamp and the data"), 0, 0}, /* received, in Chinese */
        {T " \xd0\xb2\xd1\x8b: " DATA, NO("between the stamp and the data"), 0, 0},
        {T " \xc3\xa9 " DATA, NO("between the stamp and the data"), 0, 0},
        {T " 127.0.0.1:40000: " DATA, NO("between the stamp and the data"), 0, 0},
        {T " kwxyzq\r\n", NO("CR LF"), 0, 0},
        {T " \xe4\xbd\xa0\xe5\xa5\xbd", NO("is not the data"), 0, 0},
        {"Echo => " DATA, NO("no time before it"), 0, 0},
        {"2026-12-01 13:57:56 [INFO] " DATA, NO("a time stands before the data, and not in brackets"), 0, 0},
        {"10:30:00[kwxyzq]\n", NO("brackets stand around the data"), 0, 0},
        {"Sun Nov 22 10:30:00 2026 b'kwxyzq'", NO("a time stands before the data"), 0, 0},
        {"kwxyzq,2026-11-22T10:30:00Z,1", NO("a time stands after the data"), 0, 0},
        {"received: kwxyzq at 2026-11-22T10:30:00Z", NO("a time stands after the data"), 0, 0},
        {"Echo: kwxyzq!!!", NO("among other bytes, and without a time"), 0, 0},
        {"KWXYZQ\n", NO("another case, and without a stamp"), 0, 0},
        {"\x15\x03\x01", NO("TLS server"), 0, 0},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct ts_reply_rule rule;
		struct ts_stamp stamp;
		const char *why = "";
		const char *out = cases[i].out;
		int result = ts_reply_learn(&rule, &stamp, DATA, strlen(DATA), out, strlen(out), READ_NS, &why);

		if ((result == 0) != (cases[i].separator != NULL) || !strstr(why, cases[i].why))
			fail_msg("\"%s\": %d, %s", out, result, why);
		if (!cases[i].separator)
			continue;
		assert_string_equal(rule.separator, cases[i].separator);
		assert_int_equal(rule.n_separator, strlen(cases[i].separator));
		assert_int_equal(rule.stamp.kind, cases[i].kind);
		assert_int_equal(rule.zone_s, cases[i].zone_s);
		assert_true(rule.check_time);
		assert_int_equal(stamp.kind, cases[i].kind);
	}
}

static void test_added_nul(void **state)
{
	static const char one[] = T DATA "\0", many[] = T " kwxyzq\0\0\0",
	                  in_stamp[] = "[Sun Nov 22 10:30:00 2026\0]" DATA;
	const struct {
		const char *out;
		size_t n;
		const char *why;
	} added[] = {{one, sizeof(one) - 1, "NUL bytes were added to the data"},
	             {many, sizeof(many) - 1, "NUL bytes were added to the data"},
	             {in_stamp, sizeof(in_stamp) - 1, "a NUL inside the stamp"}};

	(void)state;
	for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++) {
		struct ts_reply_rule rule;
		struct ts_stamp stamp;
		const char *why = "";
		assert_int_equal(
		        ts_reply_learn(&rule, &stamp, DATA, strlen(DATA), added[i].out, added[i].n, READ_NS, &why),
		        -EINVAL);
		assert_non_null(strstr(why, added[i].why));
	}
}

/* Whatever comes: an answer or a sentence, and no reading beyond the end. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(cases); i++)
		for (size_t n = 0; n < strlen(cases[i].out); n++) {
			struct ts_reply_rule rule;
			struct ts_stamp stamp;
			const char *why = NULL;
			char *out = malloc(n + 1);
			memcpy(out + 1, cases[i].out, n);
			int result = ts_reply_learn(&rule, &stamp, DATA, strlen(DATA), out + 1, n, READ_NS, &why);
			assert_true(result == 0 || why != NULL);
			free(out);
		}
}

/* Data of one byte, and data of any bytes. */
static void test_data(void **state)
{
	struct ts_reply_rule rule;
	struct ts_stamp stamp;
	const char *why;

	(void)state;
	assert_int_equal(ts_reply_learn(&rule, &stamp, "q", 1, T " q", 28, READ_NS, &why), 0);
	assert_string_equal(rule.separator, " ");
	assert_int_equal(ts_reply_learn(&rule, &stamp, "\0\xff", 2, T "\0\xff", 28, READ_NS, &why), 0);
	assert_string_equal(rule.separator, "");
	assert_true(ts_reply_learn(&rule, &stamp, "q", 1, "x", 1, READ_NS, NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_cases),
	        cmocka_unit_test(test_added_nul),
	        cmocka_unit_test(test_cut_anywhere),
	        cmocka_unit_test(test_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

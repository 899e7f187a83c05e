/*
 * Sessions: fed whole, byte by byte and in random splits, judged by the law of replies. Received data ends at a page
 * that cannot be touched.
 */
#include "session.h"
#include "ts_random.h"
#include "ts_reply.h"
#include "unit.h"
#include <sys/mman.h>
#include <unistd.h>

#define NOW_NS   1795343400123456789LL /* Sun Nov 22 10:30:00 2026 UTC */
#define STAMP    "[Sun Nov 22 10:30:00 2026]"
#define ROOM     8192
#define MAX_LINE 4096

struct fixture {
	struct session_desk desk;
	struct session session;
	char *page, *end; /* data is placed to end at `end`, where reading on is a crash */
	char out[1 << 17];
	size_t n_out;
	unsigned n_messages;
};

static void begin(struct fixture *f, enum session_framing framing, const char *separator)
{
	struct ts_stamp_format format = {.kind = TS_STAMP_CTIME, .utc = true};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	memset(f, 0, sizeof *f);
	assert_int_equal(session_desk_init(&f->desk, framing, &format, separator, ROOM, MAX_LINE), 0);
	f->page = mmap(NULL, 5 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(f->page, MAP_FAILED);
	f->end = f->page + 4 * page;
	assert_int_equal(mprotect(f->end, page, PROT_NONE), 0);
}

static void end(struct fixture *f)
{
	session_release(&f->session);
	session_desk_release(&f->desk);
	munmap(f->page, 5 * (size_t)sysconf(_SC_PAGESIZE));
}

static enum session_state feed(struct fixture *f, const void *data, size_t n)
{
	struct session_reply reply;
	enum session_state state;
	char *at = f->end - n;

	memcpy(at, data, n);
	state = session_take(&f->session, &f->desk, at, n, NOW_NS, &reply);
	assert_true(f->n_out + reply.n <= sizeof f->out);
	memcpy(f->out + f->n_out, reply.data ? reply.data : "", reply.n);
	f->n_out += reply.n;
	f->n_messages += reply.n_messages;
	return state;
}

static void assert_out(struct fixture *f, const char *text)
{
	assert_int_equal(f->n_out, strlen(text));
	assert_memory_equal(f->out, text, f->n_out);
}

static void test_stream(void **state)
{
	struct fixture *f = malloc(sizeof *f);

	(void)state;
	begin(f, SESSION_STREAM, " ");
	assert_int_equal(feed(f, "abc", 3), SESSION_GOES_ON);
	assert_int_equal(feed(f, "\n", 1), SESSION_GOES_ON);
	assert_int_equal(feed(f, "", 0), SESSION_CLIENT_END);
	assert_out(f, STAMP " abc" STAMP " \n");
	assert_int_equal(f->n_messages, 2);
	end(f);
	free(f);
}

static void test_lines(void **state)
{
	static const struct {
		const char *in;
		enum session_state last; /* of the data, or of the end of file after it */
		const char *out;
	} cases[] = {
	        {"a\n", SESSION_CLIENT_END, STAMP "a\n"},
	        {"a\r\nb\n", SESSION_CLIENT_END, STAMP "a\r\n" STAMP "b\n"},
	        {"a\n\nb\n", SESSION_EMPTY_LINE, STAMP "a\n"},
	        {"a\n\r\nb\n", SESSION_EMPTY_LINE, STAMP "a\n"},
	        {"\n", SESSION_EMPTY_LINE, ""},
	        {"\r\n", SESSION_EMPTY_LINE, ""},
	        {"\ra\n", SESSION_CLIENT_END, STAMP "\ra\n"},
	        {"\r\r\n", SESSION_CLIENT_END, STAMP "\r\r\n"},
	        {"unfinished", SESSION_CLIENT_END, STAMP "unfinished"},
	        {"\r", SESSION_CLIENT_END, STAMP "\r"},
	        {"", SESSION_CLIENT_END, ""},
	        {"a\nb", SESSION_CLIENT_END, STAMP "a\n" STAMP "b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (size_t cut = 1; cut <= 9; cut++) { /* 9: whole */
			struct fixture *f = malloc(sizeof *f);
			enum session_state got = SESSION_GOES_ON;
			size_t n = strlen(cases[i].in);

			begin(f, SESSION_LINE, "");
			for (size_t at = 0; at < n && got == SESSION_GOES_ON; at += cut)
				got = feed(f, cases[i].in + at, n - at < cut ? n - at : cut);
			if (got == SESSION_GOES_ON)
				got = feed(f, "", 0);
			assert_int_equal(got, cases[i].last);
			assert_out(f, cases[i].out);
			end(f);
			free(f);
		}
}

/* A line of exactly the limit is answered, one byte more ends, however it is cut; what came before is owed. */
static void test_line_limit(void **state)
{
	static char line[MAX_LINE + 2];
	static const size_t cuts[] = {1, 7, 1000, MAX_LINE + 2};

	(void)state;
	memset(line, 'x', sizeof line);
	for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
		for (size_t over = 0; over < 2; over++) {
			struct fixture *f = malloc(sizeof *f);
			enum session_state got = SESSION_GOES_ON;
			size_t n = MAX_LINE + over;

			begin(f, SESSION_LINE, "");
			line[n - 1] = '\n';
			assert_int_equal(feed(f, "a\n", 2), SESSION_GOES_ON);
			for (size_t at = 0; at < n && got == SESSION_GOES_ON; at += cuts[i])
				got = feed(f, line + at, n - at < cuts[i] ? n - at : cuts[i]);
			assert_int_equal(got, over ? SESSION_LINE_LIMIT : SESSION_GOES_ON);
			assert_int_equal(f->n_messages, over ? 1 : 2);
			line[n - 1] = 'x';
			end(f);
			free(f);
		}
}

/* Random bytes, brackets and line ends among them, in random pieces: the output is a legal answer to
 * all of the input. */
static void random_conversation(enum session_framing framing, const char *separator, struct ts_random *random)
{
	struct ts_reply_rule rule = {.stamp = {.kind = TS_STAMP_CTIME}, .n_separator = strlen(separator)};
	struct fixture *f = malloc(sizeof *f);
	struct ts_reply judge;
	char in[600];
	size_t n = 1 + ts_random_below(random, sizeof in - 1);

	begin(f, framing, separator);
	memcpy(rule.separator, separator, rule.n_separator);
	for (size_t i = 0; i < n; i++)
		in[i] = "ab[]\n\r0:"[ts_random_below(random, 8)];
	for (size_t i = 0; framing == SESSION_LINE && i < n; i++) /* no empty line */
		if (in[i] == '\n' && (i == 0 || in[i - 1] == '\n' || in[i - 1] == '\r'))
			in[i] = 'x';
	for (size_t at = 0; at < n;) {
		size_t piece = 1 + ts_random_below(random, 40);

		piece = piece < n - at ? piece : n - at;
		assert_int_equal(feed(f, in + at, piece), SESSION_GOES_ON);
		at += piece;
	}
	assert_int_equal(feed(f, "", 0), SESSION_CLIENT_END);
	ts_reply_init(&judge);
	assert_int_equal(ts_reply_feed(&judge, &rule, in, n, f->out, f->n_out, NOW_NS, NOW_NS), TS_REPLY_LEGAL);
	assert_int_equal(ts_reply_end(&judge, n), TS_REPLY_LEGAL);
	ts_reply_release(&judge);
	end(f);
	free(f);
}

static void test_law(void **state)
{
	struct ts_random *random = ts_random_new(1);

	(void)state;
	for (int i = 0; i < 300; i++) {
		random_conversation(SESSION_STREAM, "", random);
		random_conversation(SESSION_LINE, " ", random);
	}
	ts_random_free(random);
}

/* The shortest lines there are fill the desk's output to the last byte that was promised. */
static void test_worst_output(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct ts_stamp_format format = {.kind = TS_STAMP_STRFTIME};
	struct session_reply reply;

	(void)state;
	memset(format.strftime_text, 'y', sizeof format.strftime_text - 1);
	assert_int_equal(session_desk_init(&f->desk, SESSION_LINE, &format, "123456789012345", ROOM, MAX_LINE), 0);
	for (size_t i = 0; i < ROOM; i += 2)
		memcpy(f->desk.in + i, "z\n", 2);
	assert_int_equal(session_take(&f->session, &f->desk, f->desk.in, ROOM, NOW_NS, &reply), SESSION_GOES_ON);
	assert_int_equal(reply.n_messages, ROOM / 2);
	assert_true(reply.n <= f->desk.out_bytes);
	session_desk_release(&f->desk);
	free(f);
}

/* A clock that is set back a little does not make stamps go back; one that is set back far is believed. */
static void test_clock_back(void **state)
{
	struct fixture *f = malloc(sizeof *f);
	const char *text;

	(void)state;
	begin(f, SESSION_STREAM, "");
	session_stamp(&f->desk, NOW_NS, &text);
	session_stamp(&f->desk, NOW_NS - 200000000, &text);
	assert_memory_equal(text, STAMP, strlen(STAMP));
	session_stamp(&f->desk, NOW_NS - 60000000000, &text);
	assert_memory_equal(text, "[Sun Nov 22 10:29:00 2026]", strlen(STAMP));
	end(f);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_stream), cmocka_unit_test(test_lines),        cmocka_unit_test(test_line_limit),
	        cmocka_unit_test(test_law),    cmocka_unit_test(test_worst_output), cmocka_unit_test(test_clock_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

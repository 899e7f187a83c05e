/* The law of replies, case by case. */
#include "reply_cuts.h"
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* One row: what was sent, what came, and what the law says of it. The dialect is ctime, nothing after the ']'. */
static const struct row {
	const char *in;
	size_t n_in;
	const char *out;
	size_t n_out;
	enum ts_reply_verdict verdict;
} rows[] = {
        /* plain */
        {TEXT(""), TEXT(""), TS_REPLY_LEGAL},
        {TEXT("abc"), TEXT(T "abc"), TS_REPLY_LEGAL},
        {TEXT("abc"), TEXT(T "a" T "bc"), TS_REPLY_LEGAL},
        {TEXT("abc"), TEXT(T "a" T "b" T "c"), TS_REPLY_LEGAL},
        {TEXT("a\0b\r\n\xff\xfe"), TEXT(T "a\0b\r\n\xff\xfe"), TS_REPLY_LEGAL},
        {TEXT("\0"), TEXT(T "\0"), TS_REPLY_LEGAL},
        {TEXT("abc"), TEXT(""), TS_REPLY_SHORT},
        {TEXT("abc"), TEXT("[Sun Nov"), TS_REPLY_SHORT},
        {TEXT("abc"), TEXT(T), TS_REPLY_SHORT},
        {TEXT("["), TEXT("["), TS_REPLY_SHORT},
        {TEXT("[Sun"), TEXT("[Sun"), TS_REPLY_SHORT},
        {TEXT("abc"), TEXT(T "ab"), TS_REPLY_SHORT},
        {TEXT("abc"), TEXT(T "ab" T), TS_REPLY_SHORT},
        {TEXT("abc"), TEXT(T "abd"), TS_REPLY_WRONG_DATA},
        {TEXT("abc"), TEXT(T "ac"), TS_REPLY_WRONG_DATA},
        {TEXT("abc"), TEXT(T "xabc"), TS_REPLY_WRONG_DATA},
        {TEXT("abc"), TEXT(T " abc"), TS_REPLY_WRONG_DATA},
        {TEXT("abc"), TEXT(T "abcd"), TS_REPLY_EXCESS},
        {TEXT("abc"), TEXT(T "abc\n"), TS_REPLY_EXCESS},
        {TEXT("abc"), TEXT(T "abcabc"), TS_REPLY_EXCESS},
        {TEXT("abc"), TEXT(T "abc" T), TS_REPLY_EMPTY_CHUNK},
        {TEXT("abc"), TEXT(T "abc" T "abc"), TS_REPLY_EXCESS},
        {TEXT("abc"), TEXT(T "abc[Sun"), TS_REPLY_EXCESS},
        {TEXT("abc"), TEXT(T T "abc"), TS_REPLY_EMPTY_CHUNK},
        {TEXT("abc"), TEXT(T "a" T T "bc"), TS_REPLY_EMPTY_CHUNK},
        {TEXT(""), TEXT(T), TS_REPLY_EMPTY_CHUNK},
        {TEXT("abc"), TEXT("abc"), TS_REPLY_NO_BRACKET},
        {TEXT("abc"), TEXT("Sun Nov 22 10:30:00 2026 abc"), TS_REPLY_NO_BRACKET},
        {TEXT("abc"), TEXT("\0" T "abc"), TS_REPLY_NO_BRACKET},
        /* times */
        {TEXT("abc"), TEXT("[now]abc"), TS_REPLY_BAD_TIME},
        {TEXT("abc"), TEXT("[]abc"), TS_REPLY_BAD_TIME},
        {TEXT("abc"), TEXT("[[Sun Nov 22 10:30:00 2026]]abc"), TS_REPLY_BAD_TIME},
        {TEXT("abc"), TEXT("[Mon Nov 22 10:30:00 2026]abc"), TS_REPLY_BAD_TIME},
        {TEXT("abc"), TEXT("[Sun Nov 22 10:30:00 2026\n]abc"), TS_REPLY_BAD_TIME},
        {TEXT("abc"), TEXT("[2026-11-22T10:30:00Z]abc"), TS_REPLY_BAD_TIME},
        {TEXT("abc"), TEXT("[Sun Nov 22 10:30:00 2026\n"), TS_REPLY_BAD_TIME},
        {TEXT("abc"), TEXT(T "ab[10:30:00]c"), TS_REPLY_BAD_TIME},
        {TEXT("abc"), TEXT(OLD "abc"), TS_REPLY_STALE_TIME},
        {TEXT("abc"), TEXT(NEW "abc"), TS_REPLY_FUTURE_TIME},
        {TEXT("abc"), TEXT(T "a" OLD "bc"), TS_REPLY_STALE_TIME},
        {TEXT("abc"), TEXT(T "a" NEW "bc"), TS_REPLY_FUTURE_TIME},
        /* data with brackets */
        {TEXT("[["), TEXT(T "[["), TS_REPLY_LEGAL},
        {TEXT("[["), TEXT(T "[" T "["), TS_REPLY_LEGAL},
        {TEXT("["), TEXT(T "["), TS_REPLY_LEGAL},
        {TEXT("a["), TEXT(T "a["), TS_REPLY_LEGAL},
        {TEXT("a["), TEXT(T "a[["), TS_REPLY_EXCESS},
        {TEXT("a[S"), TEXT(T "a[S"), TS_REPLY_LEGAL},
        {TEXT("a[Sun Nov"), TEXT(T "a[Sun Nov"), TS_REPLY_LEGAL},
        {TEXT("a[Sun Nov"), TEXT(T "a[Sun No"), TS_REPLY_SHORT},
        {TEXT("]["), TEXT(T "]["), TS_REPLY_LEGAL},
        {TEXT("[now]"), TEXT(T "[now]"), TS_REPLY_LEGAL},
        {TEXT("x[[now]]y"), TEXT(T "x[[no" T "w]]y"), TS_REPLY_LEGAL},
        {TEXT("x[[now]]y"), TEXT(T "x[[no" OLD "w]]y"), TS_REPLY_STALE_TIME},
        /* data with forged stamps */
        {TEXT(OLD "a"), TEXT(T OLD "a"), TS_REPLY_LEGAL},
        {TEXT(T), TEXT(T T), TS_REPLY_LEGAL},
        {TEXT(T "a"), TEXT(T T "a"), TS_REPLY_LEGAL},
        {TEXT(T "a"), TEXT(T T), TS_REPLY_SHORT},
        {TEXT(T "a"), TEXT(T "a"), TS_REPLY_WRONG_DATA},
        {TEXT("x" T "a"), TEXT(T "x" T "a"), TS_REPLY_LEGAL},
        {TEXT("xa"), TEXT(T "x" T "a"), TS_REPLY_LEGAL},
        {TEXT("x" T "a"), TEXT(T "x" T T "a"), TS_REPLY_LEGAL},
        {TEXT("x" T "a"), TEXT(T "x" T T T "a"), TS_REPLY_LEGAL}, /* x, stamp, stamp as data, stamp, a */
        {TEXT("x" T "a"), TEXT(T "x" T T T T "a"), TS_REPLY_EMPTY_CHUNK},
        {TEXT("x" T T "a"), TEXT(T "x" T T T "a"), TS_REPLY_LEGAL},
        {TEXT("x" T T "a"), TEXT(T "x" T T T T T "a"), TS_REPLY_LEGAL},
        {TEXT("x" T T "a"), TEXT(T "x" T T T T T T "a"), TS_REPLY_EMPTY_CHUNK},
        {TEXT("x" T "[Sun Nov"), TEXT(T "x" T T "[Sun Nov"), TS_REPLY_LEGAL},
        {TEXT("x" T "[Sun Nov"), TEXT(T "x" T "[Sun " T "Nov"), TS_REPLY_LEGAL},
        {TEXT("x" T "y"), TEXT(T "x" T "[S" T "un Nov 22 10:30:00 2026]y"), TS_REPLY_LEGAL}, /* the first is a stamp */
};

static void test_rows(void **state)
{
	struct ts_reply_rule rule = rule_of(TS_STAMP_CTIME, "");

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const struct row *row = &rows[i];
		enum ts_reply_verdict verdict =
		        feed_cut(&rule, row->in, row->n_in, row->out, row->n_out, cut_whole, NULL);
		if (verdict != row->verdict)
			fail_msg("row %zu, \"%s\" for \"%s\": %s", i, row->out, row->in,
			         ts_reply_verdict_text(verdict));
		bool legal = judge(&rule, row->in, row->n_in, row->out, row->n_out) == TS_REPLY_LEGAL;
		assert_int_equal(legal, row->verdict == TS_REPLY_LEGAL);
	}
}

/* Every byte of a reply, changed or lost, is found. */
static void test_each_byte_counts(void **state)
{
	struct ts_reply_rule rule = rule_of(TS_STAMP_CTIME, ": ");
	const char reply[] = T ": abc[d" T ": ef";
	char out[sizeof(reply)];

	(void)state;
	assert_int_equal(judge(&rule, TEXT("abc[def"), TEXT(reply)), TS_REPLY_LEGAL);
	for (size_t i = 0; i + 1 < sizeof(reply); i++) {
		memcpy(out, reply, sizeof(reply));
		out[i] ^= 1;
		assert_int_not_equal(judge(&rule, TEXT("abc[def"), out, sizeof(out) - 1), TS_REPLY_LEGAL);
		memmove(out + i, reply + i + 1, sizeof(reply) - i - 1); /* lost */
		assert_int_not_equal(judge(&rule, TEXT("abc[def"), out, sizeof(out) - 2), TS_REPLY_LEGAL);
	}
}

static void test_separators(void **state)
{
	static const char *const separators[] = {
	        "", " ", "    ", ":", ": ", "\t", " -- ", "-> say: says: ", "]", "[", "[[a]"};

	(void)state;
	for (size_t i = 0; i < N(separators); i++) {
		struct ts_reply_rule rule = rule_of(TS_STAMP_CTIME, separators[i]);
		char out[256];
		size_t n = (size_t)snprintf(out, sizeof(out), T "%sab" T "%sc[", separators[i], separators[i]);
		assert_int_equal(judge(&rule, TEXT("abc["), out, n), TS_REPLY_LEGAL);
		assert_int_not_equal(judge(&rule, TEXT("abc["), TEXT(T "_abc[")), TS_REPLY_LEGAL);
		if (*separators[i]) {
			assert_int_not_equal(judge(&rule, TEXT("abc["), TEXT(T "abc[")), TS_REPLY_LEGAL);
			assert_int_not_equal(judge(&rule, TEXT("abc["), out, n - 1), TS_REPLY_LEGAL);
		}
	}
}

/* A conversation in lock-step: what was counted is forgotten, what was learnt about time is kept. */
static void test_lock_step(void **state)
{
	struct ts_reply_rule rule = rule_of(TS_STAMP_CTIME, " ");
	struct ts_reply r;

	(void)state;
	ts_reply_init(&r);
	for (int i = 0; i < 3; i++) {
		assert_false(ts_reply_complete(&r, 3));
		assert_int_equal(ts_reply_feed(&r, &rule, "abc", 3, TEXT(T " ab"), SENT_NS, READ_NS), TS_REPLY_LEGAL);
		assert_int_equal(r.matched, 2);
		assert_false(ts_reply_complete(&r, 3));
		assert_int_equal(ts_reply_feed(&r, &rule, "c", 1, TEXT("c"), SENT_NS, READ_NS), TS_REPLY_LEGAL);
		assert_true(ts_reply_complete(&r, 3));
		assert_int_equal(r.read, sizeof(T " abc") - 1);
		assert_int_equal(r.n_stamps, 1);
		ts_reply_next(&r);
		assert_int_equal(r.n_stamps, 0);
	}
	/* What follows the input in memory is none of it. */
	assert_int_equal(ts_reply_feed(&r, &rule, "abcd", 3, TEXT(T " abcd"), SENT_NS, READ_NS), TS_REPLY_EXCESS);
	ts_reply_next(&r);
	/* Where no stamp is remembered, for it had to make room, data alone is no answer. */
	assert_int_equal(ts_reply_feed(&r, &rule, "a[", 2, TEXT(T " a["), SENT_NS, READ_NS), TS_REPLY_LEGAL);
	ts_reply_next(&r);
	assert_int_equal(ts_reply_feed(&r, &rule, "abc", 3, TEXT("abc"), SENT_NS, READ_NS), TS_REPLY_NO_BRACKET);
	ts_reply_next(&r);
	/* A verdict stays until the next message. */
	assert_int_equal(ts_reply_feed(&r, &rule, "abc", 3, TEXT("x"), SENT_NS, READ_NS), TS_REPLY_NO_BRACKET);
	assert_int_equal(ts_reply_feed(&r, &rule, "abc", 3, TEXT(T " abc"), SENT_NS, READ_NS), TS_REPLY_NO_BRACKET);
	/* It tells where it is wrong. */
	ts_reply_next(&r);
	assert_int_equal(ts_reply_feed(&r, &rule, "abcdef", 6, TEXT(T " ab" T " cx"), SENT_NS, READ_NS),
	                 TS_REPLY_WRONG_DATA);
	assert_int_equal(r.matched, 3);
	assert_int_equal(r.read, sizeof(T " ab" T " c") - 1);
	assert_false(ts_reply_complete(&r, 3));
	ts_reply_release(&r);
}

/* What was sent grows while replies come: an answer to what was not sent yet is found. */
static void test_pipeline(void **state)
{
	struct ts_reply_rule rule = rule_of(TS_STAMP_CTIME, "");
	struct ts_reply r;

	(void)state;
	ts_reply_init(&r);
	assert_int_equal(ts_reply_feed(&r, &rule, "abc[", 4, TEXT(T "ab"), SENT_NS, READ_NS), TS_REPLY_LEGAL);
	assert_int_equal(ts_reply_base(&r), 2);
	assert_int_equal(ts_reply_feed(&r, &rule, "c[", 2, TEXT("c["), SENT_NS, READ_NS), TS_REPLY_LEGAL);
	assert_int_equal(r.matched, 4);
	assert_int_equal(ts_reply_base(&r), 3); /* the '[' may yet be a stamp's */
	assert_true(ts_reply_complete(&r, 4));
	assert_int_equal(ts_reply_feed(&r, &rule, "[def", 4, TEXT("de"), SENT_NS, READ_NS), TS_REPLY_LEGAL);
	assert_int_equal(ts_reply_base(&r), 6);
	assert_int_equal(ts_reply_feed(&r, &rule, "f", 1, TEXT("fg"), SENT_NS, READ_NS), TS_REPLY_EXCESS);
	ts_reply_release(&r);
}

/* Long and hostile data: judged right, and in time that grows with its length alone. */
static void hostile(const char *unit, size_t n_unit, size_t n_times, size_t chunk)
{
	struct ts_reply_rule rule = rule_of(TS_STAMP_CTIME, "");
	size_t n_in = n_unit * n_times, n_out = 0;
	char *in = malloc(n_in), *out = malloc(n_in + (n_in / chunk + 1) * (sizeof(T) - 1));

	for (size_t i = 0; i < n_times; i++)
		memcpy(in + i * n_unit, unit, n_unit);
	for (size_t i = 0; i < n_in; i += chunk) {
		size_t n = n_in - i < chunk ? n_in - i : chunk;
		memcpy(out + n_out, T, sizeof(T) - 1);
		memcpy(out + n_out + sizeof(T) - 1, in + i, n);
		n_out += sizeof(T) - 1 + n;
	}
	int64_t start = ts_clock_thread_cpu_ns();
	assert_int_equal(feed_cut(&rule, in, n_in, out, n_out, cut_whole, NULL), TS_REPLY_LEGAL);
	assert_true(ts_clock_thread_cpu_ns() - start < 5 * TS_S);
	out[n_out - 1] ^= 1;
	assert_int_not_equal(feed_cut(&rule, in, n_in, out, n_out, cut_whole, NULL), TS_REPLY_LEGAL);
	free(in);
	free(out);
}

static void test_hostile(void **state)
{
	(void)state;
	hostile(TEXT("abcdefghijklmnop"), 1 << 20, 1 << 16); /* 16 MiB */
	hostile(TEXT("["), 1 << 16, 1024);
	hostile(TEXT("["), 1 << 22, 1 << 20);
	hostile(TEXT("[S"), 1 << 15, 1024);
	hostile(TEXT("[1"), 1 << 15, 1024);
	hostile(TEXT(OLD), 1 << 12, 1024);
	hostile(TEXT(T), 2520, 1024);
	hostile(TEXT(T), 2520, 26 * 60); /* stamps where forged ones begin, too */
	hostile(TEXT(T "x"), 2520, 27 * 40);
	hostile(TEXT(T "[" T), 2520, 1000);
}

/* The input ends at a page that cannot be read, and so does the output. */
static void test_page_edge(void **state)
{
	struct ts_reply_rule rule = rule_of(TS_STAMP_CTIME, " ");
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const char in[] = "abc[de[", out[] = T " abc[d" T " e[";

	(void)state;
	assert_ptr_not_equal(pages, MAP_FAILED);
	assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
	assert_int_equal(mprotect(pages + 3 * page, page, PROT_NONE), 0);
	for (size_t n = 1; n < sizeof(out); n++) {
		char *in_at = pages + page - (sizeof(in) - 1), *out_at = pages + 3 * page - n;
		struct ts_reply r;
		memcpy(in_at, in, sizeof(in) - 1);
		memcpy(out_at, out, n);
		ts_reply_init(&r);
		assert_int_equal(ts_reply_feed(&r, &rule, in_at, sizeof(in) - 1, out_at, n, SENT_NS, READ_NS),
		                 TS_REPLY_LEGAL);
		ts_reply_datagram(&rule, in_at, sizeof(in) - 1, out_at, n, SENT_NS, READ_NS, NULL);
		ts_reply_release(&r);
	}
	munmap(pages, 4 * page);
}

static void test_datagram(void **state)
{
	static const struct {
		const char *in, *out;
		enum ts_reply_verdict verdict;
	} cases[] = {
	        {"abc", T " abc", TS_REPLY_LEGAL},        {"", T " ", TS_REPLY_LEGAL},
	        {T " x", T " " T " x", TS_REPLY_LEGAL},   {"abc", T " ab", TS_REPLY_SHORT},
	        {"abc", T " ", TS_REPLY_SHORT},           {"abc", T " abcd", TS_REPLY_EXCESS},
	        {"abc", T " abc" T " ", TS_REPLY_EXCESS}, {"abc", T " a" T " bc", TS_REPLY_WRONG_DATA},
	        {"abc", T "abc", TS_REPLY_BAD_SEPARATOR}, {"abc", T, TS_REPLY_BAD_SEPARATOR},
	        {"abc", "[Sun Nov", TS_REPLY_BAD_TIME},   {"abc", "[abc] abc", TS_REPLY_BAD_TIME},
	        {"abc", OLD " abc", TS_REPLY_STALE_TIME}, {"abc", NEW " abc", TS_REPLY_FUTURE_TIME},
	        {"abc", "abc", TS_REPLY_NO_BRACKET},      {"abc", "", TS_REPLY_NO_BRACKET},
	};
	struct ts_reply_rule rule = rule_of(TS_STAMP_CTIME, " ");
	int64_t stamp_ns = 0;

	(void)state;
	for (size_t i = 0; i < N(cases); i++)
		assert_int_equal(ts_reply_datagram(&rule, cases[i].in, strlen(cases[i].in), cases[i].out,
		                                   strlen(cases[i].out), SENT_NS, READ_NS, NULL),
		                 cases[i].verdict);
	ts_reply_datagram(&rule, "abc", 3, TEXT(T " abc"), SENT_NS, READ_NS, &stamp_ns);
	assert_int_equal(stamp_ns, NOW_S * TS_S);
}

static void test_texts(void **state)
{
	(void)state;
	for (int v = TS_REPLY_LEGAL; v <= TS_REPLY_SHORT; v++)
		assert_true(strlen(ts_reply_verdict_text((enum ts_reply_verdict)v)) > 3);
	assert_true(sizeof(struct ts_reply) <= 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rows),       cmocka_unit_test(test_each_byte_counts),
	        cmocka_unit_test(test_separators), cmocka_unit_test(test_lock_step),
	        cmocka_unit_test(test_pipeline),   cmocka_unit_test(test_hostile),
	        cmocka_unit_test(test_page_edge),  cmocka_unit_test(test_datagram),
	        cmocka_unit_test(test_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The law of replies on time: the window, never back, midnight, the form. */
#include "reply_cuts.h"
#include <stdio.h>

static enum ts_reply_verdict at_time(struct ts_reply *r, const struct ts_reply_rule *rule, const char *stamp,
                                     int64_t sent_ns, int64_t read_ns)
{
	char out[160];
	int n = snprintf(out, sizeof(out), "[%s]abc", stamp);

	ts_reply_next(r);
	ts_reply_feed(r, rule, "abc", 3, out, (size_t)n, sent_ns, read_ns);
	return ts_reply_end(r, 3);
}

static void test_window(void **state)
{
	struct ts_reply_rule rule = rule_of(TS_STAMP_CTIME, "");
	const char *stamp = "Sun Nov 22 10:30:00 2026";
	const int64_t begin = NOW_S * TS_S, end = begin + TS_S;
	struct ts_reply r;

	(void)state;
	ts_reply_init(&r);
	/* It means all of its second. */
	assert_int_equal(at_time(&r, &rule, stamp, begin - TS_S, begin), TS_REPLY_LEGAL);
	assert_int_equal(at_time(&r, &rule, stamp, begin - TS_S, begin - 1), TS_REPLY_FUTURE_TIME);
	assert_int_equal(at_time(&r, &rule, stamp, end - 1, end + 1), TS_REPLY_LEGAL);
	assert_int_equal(at_time(&r, &rule, stamp, end, end + 1), TS_REPLY_STALE_TIME);
	/* The tolerance widens the window on both sides. */
	rule.tolerance_ns = 5;
	assert_int_equal(at_time(&r, &rule, stamp, begin - TS_S, begin - 5), TS_REPLY_LEGAL);
	assert_int_equal(at_time(&r, &rule, stamp, begin - TS_S, begin - 6), TS_REPLY_FUTURE_TIME);
	assert_int_equal(at_time(&r, &rule, stamp, end + 4, end + 9), TS_REPLY_LEGAL);
	assert_int_equal(at_time(&r, &rule, stamp, end + 5, end + 9), TS_REPLY_STALE_TIME);
	/* The zone moves it; without a check all is well. */
	rule.zone_s = 8 * 3600;
	assert_int_equal(at_time(&r, &rule, "Sun Nov 22 18:30:00 2026", begin, end), TS_REPLY_LEGAL);
	assert_int_equal(at_time(&r, &rule, stamp, begin, end), TS_REPLY_STALE_TIME);
	rule.check_time = false;
	assert_int_equal(at_time(&r, &rule, stamp, begin, end), TS_REPLY_LEGAL);
	assert_int_equal(at_time(&r, &rule, "Sun Nov 22 10:30:00 2027", begin, end), TS_REPLY_BAD_TIME);
	assert_int_equal(at_time(&r, &rule, "Mon Nov 22 10:30:00 2027", begin, end), TS_REPLY_LEGAL);
	ts_reply_release(&r);
}

/* Time may stand still on a connection; it may not go back, as far as its resolution tells. */
static void test_never_back(void **state)
{
	struct ts_reply_rule rule = rule_of(TS_STAMP_RFC3339, "");
	const int64_t sent = NOW_S * TS_S - TS_S, read = NOW_S * TS_S + TS_S;
	struct ts_reply r;

	(void)state;
	ts_reply_init(&r);
	assert_int_equal(at_time(&r, &rule, "2026-11-22T10:30:00.500Z", sent, read), TS_REPLY_LEGAL);
	assert_int_equal(r.last_stamp_ns, NOW_S * TS_S + 500 * TS_MS);
	assert_int_equal(at_time(&r, &rule, "2026-11-22T10:30:00.500Z", sent, read), TS_REPLY_LEGAL);
	assert_int_equal(at_time(&r, &rule, "2026-11-22T10:30:00.499Z", sent, read), TS_REPLY_STALE_TIME);
	assert_int_equal(at_time(&r, &rule, "2026-11-22T10:30:00.5Z", sent, read), TS_REPLY_LEGAL);
	assert_int_equal(at_time(&r, &rule, "2026-11-22T10:30:00.502Z", sent, read), TS_REPLY_LEGAL);
	assert_int_equal(at_time(&r, &rule, "2026-11-22T10:30:00Z", sent, read), TS_REPLY_LEGAL);
	/* An older stamp that was but data in between is no excuse. */
	const char forged[] = "x[2026-11-22T10:30:00.400Z]",
	           reply[] = "[2026-11-22T10:30:00.502Z]x[2026-11-22T10:30:00.400Z]";
	ts_reply_next(&r);
	assert_int_equal(ts_reply_feed(&r, &rule, TEXT(forged), TEXT(reply), sent, read), TS_REPLY_LEGAL);
	assert_true(ts_reply_complete(&r, sizeof(forged) - 1));
	assert_int_equal(at_time(&r, &rule, "2026-11-22T10:30:00.400Z", sent, read), TS_REPLY_STALE_TIME);
	ts_reply_init(&r);
	assert_int_equal(at_time(&r, &rule, "2026-11-22T10:30:00.499Z", sent, read), TS_REPLY_LEGAL);
	ts_reply_release(&r);
}

/* The time of day of 23:59:59 is yesterday's when it is read a moment after midnight. */
static void test_midnight(void **state)
{
	struct ts_reply_rule rule = rule_of(TS_STAMP_TIME, "");
	const int64_t midnight = INT64_C(1795392000) * TS_S;
	struct ts_reply r;

	(void)state;
	ts_reply_init(&r);
	assert_int_equal(at_time(&r, &rule, "23:59:59", midnight - 1, midnight + 1), TS_REPLY_LEGAL);
	assert_int_equal(at_time(&r, &rule, "00:00:00", midnight - 1, midnight + 1), TS_REPLY_LEGAL);
	assert_int_equal(at_time(&r, &rule, "23:59:59", midnight - 1, midnight + 1), TS_REPLY_STALE_TIME);
	/* The same text a day later is another moment, though its bytes are those of the last stamp. */
	assert_int_equal(at_time(&r, &rule, "00:00:00", midnight, midnight + 1), TS_REPLY_LEGAL);
	const int64_t later = midnight + 86400 * TS_S;
	assert_int_equal(at_time(&r, &rule, "00:00:00", later, later + 1), TS_REPLY_LEGAL);
	assert_int_equal(r.last_stamp_ns, later);
	rule.check_time = false;
	assert_int_equal(at_time(&r, &rule, "00:00:00", later + 86400 * TS_S, later + 86400 * TS_S + 1),
	                 TS_REPLY_LEGAL);
	assert_int_equal(r.last_stamp_ns, later + 86400 * TS_S);
	ts_reply_release(&r);
}

/* A user's own format may begin with anything. */
static void test_strftime(void **state)
{
	struct ts_reply_rule rule = {.check_time = true};
	const char in[] = "a[<[x>]", out[] = "[<10.30>]a[<"
	                                     "[<10.30>][x>]";

	(void)state;
	assert_int_equal(ts_stamp_format_parse(&rule.stamp, "strftime:<%H.%M>", NULL), 0);
	assert_int_equal(judge(&rule, TEXT(in), TEXT(out)), TS_REPLY_LEGAL);
	assert_int_equal(judge(&rule, TEXT(in), TEXT("[<10.31>]a[<[x>]")), TS_REPLY_FUTURE_TIME);
}

/* Whether zeros are written is open. */
static void test_also(void **state)
{
	struct ts_reply_rule rule = rule_of(TS_STAMP_TIME, "");
	const int64_t five_s = INT64_C(1795343465) * TS_S;
	struct ts_reply r;

	(void)state;
	ts_reply_init(&r);
	assert_int_equal(at_time(&r, &rule, "10:31:5", five_s, five_s + 1), TS_REPLY_BAD_TIME);
	ts_reply_init(&r);
	assert_int_equal(ts_stamp_format_parse(&rule.also[0], "strftime:%-H:%-M:%-S", NULL), 0);
	assert_int_equal(ts_stamp_format_parse(&rule.also[1], "strftime:%H.%M.%S", NULL), 0);
	assert_int_equal(at_time(&r, &rule, "10:31:5", five_s, five_s + 1), TS_REPLY_LEGAL);
	assert_int_equal(at_time(&r, &rule, "10:31:05", five_s, five_s + 1), TS_REPLY_LEGAL);
	assert_int_equal(at_time(&r, &rule, "10.31.05", five_s, five_s + 1), TS_REPLY_LEGAL);
	assert_int_equal(at_time(&r, &rule, "10:31:6", five_s, five_s + 1), TS_REPLY_FUTURE_TIME);
	assert_int_equal(at_time(&r, &rule, "10:31:x", five_s, five_s + 1), TS_REPLY_BAD_TIME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_window),   cmocka_unit_test(test_never_back), cmocka_unit_test(test_midnight),
	        cmocka_unit_test(test_strftime), cmocka_unit_test(test_also),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

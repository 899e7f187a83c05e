/* Numbers with units: what is read, what is refused, and that what is shown can be read again. */
#include "ts_clock.h"
#include "ts_units.h"
#include "unit.h"
#include <math.h>
#include <stdio.h>

struct whole {
	const char *text;
	int64_t value;
};

static void check_whole(int (*parse)(const char *, int64_t *), const struct whole *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int64_t value = -1;
		int r = parse(cases[i].text, &value);

		if (r != 0 || value != cases[i].value)
			fail_msg("%s: %d, %lld", cases[i].text, r, (long long)value);
	}
}

static void durations(void **state)
{
	static const struct whole cases[] = {
	        {"10s", 10 * TS_S},
	        {"500ms", 500 * TS_MS},
	        {"20us", 20 * TS_US},
	        {"20µs", 20 * TS_US},
	        {"100ns", 100},
	        {"1.5m", 90 * TS_S},
	        {"2h", 7200 * TS_S},
	        {"2min", 120 * TS_S},
	        {"3", 3 * TS_S},
	        {"0", 0},
	        {"0.25", 250 * TS_MS},
	        {".5s", 500 * TS_MS},
	        {"1e-3s", TS_MS},
	        {"1h30m", 5400 * TS_S},
	        {"2 min 03 s", 123 * TS_S},
	        {"1.23 ms", 1230 * TS_US},
	        {"9223372036854775807ns", INT64_MAX},
	};

	(void)state;
	check_whole(ts_units_duration, cases, N(cases));
}

static void counts(void **state)
{
	static const struct whole cases[] = {
	        {"10", 10},     {"50k", 50000},     {"50K", 50000}, {"1M", 1000000}, {"1e6", 1000000},
	        {"1.5k", 1500}, {"2G", 2000000000}, {"0", 0},       {"007", 7},      {"9223372036854775807", INT64_MAX},
	        {"0.001k", 1},
	};

	(void)state;
	check_whole(ts_units_count, cases, N(cases));
}

static void bytes(void **state)
{
	static const struct whole cases[] = {
	        {"64", 64},       {"64B", 64},       {"1KiB", 1024},       {"4k", 4096},
	        {"4K", 4096},     {"1MiB", 1048576}, {"1GiB", 1073741824}, {"1kB", 1000},
	        {"1MB", 1000000}, {"1.5KiB", 1536},  {"12 KiB", 12288},
	};

	(void)state;
	check_whole(ts_units_bytes, cases, N(cases));
}

static void check_real(int (*parse)(const char *, double *), const char *text, double expected)
{
	double value = -1;

	if (parse(text, &value) != 0 || fabs(value - expected) > 1e-12 * fabs(expected))
		fail_msg("%s: %g", text, value);
}

static void rates_and_percents(void **state)
{
	(void)state;
	check_real(ts_units_rate, "200", 200);
	check_real(ts_units_rate, "50k", 50000);
	check_real(ts_units_rate, "0.5", 0.5);
	check_real(ts_units_rate, "12.5k", 12500);
	check_real(ts_units_rate, "100/s", 100);
	check_real(ts_units_rate, "10/ms", 10000);
	check_real(ts_units_rate, "1.5k/m", 25);
	check_real(ts_units_percent, "5%", 0.05);
	check_real(ts_units_percent, "0.05", 0.05);
	check_real(ts_units_percent, "99.99 %", 0.9999);
}

/* Catches: strtod's leniency (signs, blanks, nan, inf, hexadecimal) and any text that is read in part only. */
static void what_is_no_number_is_refused(void **state)
{
	static const char *const texts[] = {
	        "",   " ",   "-1", "+1",  " 1",  "1 ",   "nan",   "inf",  "0x10", "1,5",  ".",     "1..2",
	        "e5", "1e",  "s",  "1x",  "1ss", "1s ",  "1 2",   "1s2s", "1s1m", "1m30", "--1",   "1\n",
	        "%",  "5%%", "1/", "1/x", "/s",  "1//s", "1/s/s", "1/ s", "٣",    "1kk",  "1 k k",
	};
	int64_t whole;
	double real;

	(void)state;
	for (size_t i = 0; i < N(texts); i++)
		if (ts_units_duration(texts[i], &whole) != -EINVAL || ts_units_count(texts[i], &whole) != -EINVAL ||
		    ts_units_bytes(texts[i], &whole) != -EINVAL || ts_units_rate(texts[i], &real) != -EINVAL ||
		    ts_units_percent(texts[i], &real) != -EINVAL)
			fail_msg("\"%s\" was read by one of the five", texts[i]);
	assert_int_equal(ts_units_count("1.5", &whole), -EINVAL);
	assert_int_equal(ts_units_count("10s", &whole), -EINVAL);
	assert_int_equal(ts_units_bytes("0.5", &whole), -EINVAL);
	assert_int_equal(ts_units_duration("10k", &whole), -EINVAL);
	assert_int_equal(ts_units_duration("0.1ns", &whole), -EINVAL);
}

static void what_is_too_large_is_out_of_range(void **state)
{
	int64_t whole = 5;
	double real;

	(void)state;
	assert_int_equal(ts_units_count("9223372036854775808", &whole), -ERANGE);
	assert_int_equal(ts_units_duration("1e30", &whole), -ERANGE);
	assert_int_equal(ts_units_duration("300000000h", &whole), -ERANGE);
	assert_int_equal(ts_units_bytes("9999999999TiB", &whole), -ERANGE);
	assert_int_equal(ts_units_rate("1e4000", &real), -ERANGE);
	assert_int_equal(ts_units_rate("1e99999", &real), -ERANGE);
	assert_int_equal(whole, 5);
}

static void shown(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {
	        {0, "0 ns"},
	        {850, "850 ns"},
	        {12340, "12.3 us"},
	        {1200000, "1.20 ms"},
	        {999499, "999 us"},
	        {999500, "1.00 ms"},
	        {9995000, "10.0 ms"},
	        {99950000, "100 ms"},
	        {100 * TS_S, "100 s"},
	        {123 * TS_S, "2 min 03 s"},
	        {7199500 * TS_MS, "2 h 00 min"},
	        {7380 * TS_S, "2 h 03 min"},
	        {-12340, "-12.3 us"},
	        {-5, "-5 ns"},
	        {INT64_MIN, "-2562047 h 47 min"},
	};
	char buf[40];

	(void)state;
	for (size_t i = 0; i < N(cases); i++)
		assert_string_equal(ts_units_show_duration(cases[i].ns, buf, sizeof buf), cases[i].text);
	assert_string_equal(ts_units_show_count(999, buf, sizeof buf), "999");
	assert_string_equal(ts_units_show_count(999.6, buf, sizeof buf), "1.00k");
	assert_string_equal(ts_units_show_count(12345, buf, sizeof buf), "12.3k");
	assert_string_equal(ts_units_show_count(1.2e6, buf, sizeof buf), "1.20M");
	assert_string_equal(ts_units_show_count(0.5, buf, sizeof buf), "0.5");
	assert_string_equal(ts_units_show_bytes(64, buf, sizeof buf), "64 B");
	assert_string_equal(ts_units_show_bytes(12595, buf, sizeof buf), "12.3 KiB");
	assert_string_equal(ts_units_show_bytes(1023.9 * 1024, buf, sizeof buf), "1.00 MiB");
	assert_string_equal(ts_units_show_count(NAN, buf, sizeof buf), "nan");
	assert_string_equal(ts_units_show_duration(1200000, buf, 4), "1.2");
}

/* What is shown is read again as the same to three digits, over 19 orders of magnitude. */
static void what_is_shown_can_be_read(void **state)
{
	(void)state;
	srand48(7);
	for (int i = 0; i < 20000; i++) {
		double exact = pow(10, drand48() * 18);
		int64_t ns = (int64_t)exact, back;
		char buf[40];
		double rate;

		assert_int_equal(ts_units_duration(ts_units_show_duration(ns, buf, sizeof buf), &back), 0);
		if (llabs(back - ns) > (ns < 7200 * TS_S ? ns / 198 + 1 : 60 * TS_S))
			fail_msg("%lld ns: %s: %lld ns", (long long)ns, buf, (long long)back);
		if (exact < 1e15) {
			assert_int_equal(ts_units_rate(ts_units_show_count(exact, buf, sizeof buf), &rate), 0);
			assert_true(fabs(rate - exact) <= exact / 198);
		}
		assert_int_equal(ts_units_rate(ts_units_show_count(drand48(), buf, sizeof buf), &rate), 0);
	}
}

/* Random bytes: never a crash, never a value that was not announced. */
static void noise_is_harmless(void **state)
{
	static const char letters[] = "0123456789.eE+-kKMGTiBsmhnu%/ x";
	char text[12];

	(void)state;
	srand48(11);
	for (int i = 0; i < 200000; i++) {
		int64_t whole = -1;
		double real = -1;
		size_t n = (size_t)(drand48() * 11);

		for (size_t j = 0; j < n; j++)
			text[j] = letters[(size_t)(drand48() * (sizeof letters - 1))];
		text[n] = '\0';
		assert_true((ts_units_duration(text, &whole) == 0) == (whole >= 0));
		whole = -1;
		assert_true((ts_units_count(text, &whole) == 0) == (whole >= 0));
		whole = -1;
		assert_true((ts_units_bytes(text, &whole) == 0) == (whole >= 0));
		assert_true((ts_units_rate(text, &real) == 0) == (real >= 0));
	}
}

static void clock_texts(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(ts_clock_text(0, buf, sizeof buf), "1970-01-01T00:00:00.000Z");
	assert_string_equal(ts_clock_text(1795343400123999999, buf, sizeof buf), "2026-11-22T10:30:00.123Z");
	assert_string_equal(ts_clock_text(-1, buf, sizeof buf), "1969-12-31T23:59:59.999Z");
	assert_string_equal(ts_clock_text(-1000000, buf, sizeof buf), "1969-12-31T23:59:59.999Z");
}

/* The coarse clock is read between two reads of the true one: never ahead of it, never more than a tick behind. */
static void clocks(void **state)
{
	int64_t before_ns = ts_clock_mono_ns();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t coarse_ns = ts_clock_wall_coarse_ns();
		assert_true(coarse_ns <= ts_clock_wall_ns());
	}
	assert_true(ts_clock_wall_ns() - ts_clock_wall_coarse_ns() < TS_S);
	assert_true(ts_clock_thread_cpu_ns() > 0);
	assert_int_equal(ts_clock_sleep_until(-5), 0);
	assert_int_equal(ts_clock_sleep_until(before_ns + 20 * TS_MS), 0);
	assert_true(ts_clock_mono_ns() >= before_ns + 20 * TS_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(durations),
	        cmocka_unit_test(counts),
	        cmocka_unit_test(bytes),
	        cmocka_unit_test(rates_and_percents),
	        cmocka_unit_test(what_is_no_number_is_refused),
	        cmocka_unit_test(what_is_too_large_is_out_of_range),
	        cmocka_unit_test(shown),
	        cmocka_unit_test(what_is_shown_can_be_read),
	        cmocka_unit_test(noise_is_harmless),
	        cmocka_unit_test(clock_texts),
	        cmocka_unit_test(clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

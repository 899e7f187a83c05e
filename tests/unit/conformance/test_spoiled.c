/* Where a reply leaves the law, by example. */
#include "spoiled.h"
#include "unit.h"

#define T "[Sun Nov 22 10:30:00 2026]"

static const struct ts_reply_rule rule = {.stamp = {.kind = TS_STAMP_CTIME}, .separator = " ", .n_separator = 1};

static struct spoiled find(const char *in, const char *out)
{
	struct spoiled s;

	spoiled_find(&s, &rule, in, strlen(in), out, strlen(out));
	return s;
}

static void the_first_wrong_byte_is_found(void **state)
{
	static const struct {
		const char *in, *out;
		size_t matched, chunk;
		const char *rest;
	} rows[] = {
	        {"abc", T " abcxyz", 3, 0, "xyz"},
	        {"abc", T " abxyz", 2, 0, "xyz"},
	        {"abcd", T " ab" T " xy", 2, 2, "xy"},
	        {"abc", T "abc", 0, 0, T "abc"},
	        {"a[c", T " a[c", 3, 0, ""},
	        {"abc", "tick", 0, 0, "tick"},
	        {"abc", T " abc" T " abc", 3, 0, T " abc"},
	        {"abc", "", 0, 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct spoiled s = find(rows[i].in, rows[i].out);
		assert_int_equal(s.matched, rows[i].matched);
		assert_int_equal(s.chunk, rows[i].chunk);
		assert_int_equal(s.n_rest, strlen(rows[i].rest));
		assert_memory_equal(s.rest, rows[i].rest, s.n_rest);
	}
}

static void a_reply_that_comes_twice_is_known(void **state)
{
	struct spoiled twice = find("abc", T " abc" T " abc"), once = find("abc", T " abc"),
	               other = find("abc", T " abc" T " xyz");

	(void)state;
	assert_true(spoiled_comes_twice(&twice, &rule, "abc", 3));
	assert_false(spoiled_comes_twice(&once, &rule, "abc", 3));
	assert_false(spoiled_comes_twice(&other, &rule, "abc", 3));
	assert_false(spoiled_goes_on(&twice, 3));
}

static void bytes_of_an_earlier_message_are_known(void **state)
{
	struct spoiled s = find("abc", T " abcxyz" T " a"), one = find("abc", T " abcx");

	(void)state;
	assert_true(spoiled_goes_on(&s, 3));
	assert_true(spoiled_is_from(&s, "uvwxyz", 6));
	assert_false(spoiled_is_from(&s, "uvwxy", 5));
	assert_false(spoiled_is_from(&one, "uvwxyz", 6));
	assert_int_equal(s.n_data, 6);
}

static void a_reply_behind_wrong_bytes_is_found(void **state)
{
	struct spoiled s = find("abc", T " tick" T " tock" T " abcdef"), none = find("abc", T " tick" T " ab");

	(void)state;
	assert_true(spoiled_is_before(&s, &rule, "abc", 3));
	assert_false(spoiled_is_before(&s, &rule, "bcd", 3));
	assert_false(spoiled_is_before(&none, &rule, "abc", 3));
}

static void the_reply_before_is_known(void **state)
{
	struct spoiled again = find("def", T " abc"), own = find("def", T " def"), other = find("def", T " xyz");

	(void)state;
	assert_true(spoiled_is_again(&again, "abc", 3));
	assert_true(spoiled_is_again(&again, "xyzabc", 6));
	assert_false(spoiled_is_again(&again, "abcxyz", 6));
	assert_false(spoiled_is_again(&again, "bc", 2));
	assert_false(spoiled_is_again(&own, "abc", 3));
	assert_false(spoiled_is_again(&other, "abc", 3));
}

static void the_chunk_before_is_known(void **state)
{
	struct spoiled twice = find("abcd", T " ab" T " ab"), like = find("abac", T " ab" T " ab"),
	               byte = find("abc", T " a" T " a" T " b" T " b"), chance = find("abc", T " a" T " ac"),
	               once = find("abcd", T " ab" T " cd"), another = find("abcd", T " ab" T " xb");

	(void)state;
	assert_true(spoiled_is_chunk_again(&twice, &rule, "abcd", 4));
	assert_true(spoiled_is_chunk_again(&like, &rule, "abac", 4)); /* what was due begins like it */
	assert_true(spoiled_is_chunk_again(&byte, &rule, "abc", 3));
	assert_false(spoiled_is_chunk_again(&chance, &rule, "abc", 3));
	assert_false(spoiled_is_chunk_again(&once, &rule, "abcd", 4));
	assert_false(spoiled_is_chunk_again(&another, &rule, "abcd", 4));
}

static void all_that_was_sent_so_far_is_known(void **state)
{
	struct spoiled s = find("def", T " abcdef"), cut = find("abcdef", T " ab" T " abcd"),
	               brackets = find("]", T " []"), good = find("abc", T " abc"), other = find("def", T " abcxyz"),
	               again = find("def", T " abc"), twice = find("abcdef", T " ab" T " ab" T " cdef");

	(void)state;
	assert_true(spoiled_has_all(&s, "abcdef", 6, 3));
	assert_false(spoiled_has_all(&twice, "abcdef", 6, 0));
	assert_false(spoiled_has_all(&again, "abcd", 4, 9)); /* less than is kept */
	assert_true(spoiled_has_all(&s, "abcd", 4, 3));      /* no more of it is kept */
	assert_true(spoiled_has_all(&cut, "abcdef", 6, 0));
	assert_true(spoiled_has_all(&brackets, "[]", 2, 1));
	assert_false(spoiled_has_all(&again, "abcdef", 6, 3)); /* the reply before it, and nothing of its own */
	assert_false(spoiled_has_all(&good, "abc", 3, 0));
	assert_false(spoiled_has_all(&other, "abcdef", 6, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_first_wrong_byte_is_found),
	        cmocka_unit_test(a_reply_that_comes_twice_is_known),
	        cmocka_unit_test(a_reply_behind_wrong_bytes_is_found),
	        cmocka_unit_test(the_reply_before_is_known),
	        cmocka_unit_test(the_chunk_before_is_known),
	        cmocka_unit_test(all_that_was_sent_so_far_is_known),
	        cmocka_unit_test(bytes_of_an_earlier_message_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a request says, made whole and in pieces, and read back; and the memory of datagrams that were given up. */
#include "late.h"
#include "payload.h"
#include "unit.h"

static void whole(const struct payload *p, char *out)
{
	payload_write(p, 0, out, p->size);
}

/* Fault caught: a piece that differs from the same bytes of the whole, so that good replies are blamed. */
static void pieces_make_the_whole(void **state)
{
	static const uint32_t sizes[] = {1, 2, 7, 8, 9, 16, 17, 64, 511, 512, 1500};

	(void)state;
	for (size_t s = 0; s < 2 * sizeof(sizes) / sizeof(*sizes); s++) {
		uint32_t size = sizes[s / 2];
		struct payload p = {123456, 98765, size, size > 1, size > 2 && s % 2};
		char all[1500], piece[1500];
		whole(&p, all);
		for (uint32_t from = 0; from < p.size; from += 1 + p.size / 50)
			for (uint32_t n = 1; from + n <= p.size; n += 1 + p.size / 40) {
				payload_write(&p, from, piece, n);
				assert_memory_equal(piece, all + from, n);
			}
	}
}

static void only_letters_and_a_line_feed(void **state)
{
	struct payload p = {4000000000u, 77, 600, true, false};
	char all[600];

	(void)state;
	whole(&p, all);
	for (int i = 0; i < 599; i++)
		assert_in_range(all[i], 'a', 'z');
	assert_int_equal(all[599], '\n');
	p.cr = true;
	for (p.size = 3; p.size <= 600; p.size++) {
		whole(&p, all);
		for (uint32_t i = 0; i < p.size - 2; i++)
			assert_in_range(all[i], 'a', 'z');
		assert_memory_equal(all + p.size - 2, "\r\n", 2);
	}
}

/* Fault caught: a comparison that leaves a byte out, or that is shy of messages of a usual size. */
static void every_byte_is_compared(void **state)
{
	static const uint32_t sizes[] = {1, 2, 16, 17, 18, 32, 33, 64, 511, 512, 513, 1500};

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++)
		for (unsigned end = 0; end < 3; end++) {
			struct payload p = {77, 123456, sizes[s], end > 0 && sizes[s] > 1, end == 2 && sizes[s] > 2};
			struct payload other = p;
			char all[1500];
			whole(&p, all);
			assert_int_equal(payload_is(&p, all), sizes[s] > 17 && sizes[s] <= 512);
			for (uint32_t i = 0; i < p.size; i++) {
				all[i] ^= 1;
				assert_false(payload_is(&p, all));
				all[i] ^= 1;
			}
			other.sequence++;
			assert_false(payload_is(&other, all));
		}
}

static void messages_differ(void **state)
{
	struct payload a = {1, 2, 64, true, false}, b = {1, 3, 64, true, false}, c = {2, 2, 64, true, false};
	char x[64], y[64];

	(void)state;
	whole(&a, x);
	whole(&b, y);
	assert_memory_not_equal(x, y, 64);
	whole(&c, y);
	assert_memory_not_equal(x, y, 64);
}

static void the_sequence_is_read_back(void **state)
{
	char out[32];
	uint32_t read;

	(void)state;
	for (uint32_t sequence = 1; sequence < 4000000000u; sequence = sequence * 3 + 1) {
		struct payload p = {9, sequence, 20, false, false};
		whole(&p, out);
		assert_int_equal(payload_read_sequence(out, 20, &read), 8);
		assert_int_equal(read, sequence);
	}
	assert_int_equal(payload_read_sequence("ab\n", 3, &read), 2);
	assert_int_equal(payload_read_sequence("z", 1, &read), 0);
}

/* Fault caught: short datagrams whose few letters are taken for the number itself. */
static void short_numbers_are_widened(void **state)
{
	(void)state;
	for (uint32_t next = 1; next < 100000; next = next * 2 + 3)
		for (uint32_t back = 1; back <= 200 && back <= next; back++)
			assert_int_equal(payload_widen((next - back) & 0xff, 2, next), next - back);
	assert_int_equal(payload_widen(5, 8, 1000), 5);
}

/* Fault caught: a deletion that breaks the search for another entry. */
static void the_given_up_are_found_once(void **state)
{
	struct late_table t = {0};
	struct late_request found;

	(void)state;
	assert_false(late_take(&t, 1, &found));
	for (uint64_t i = 0; i < 20000; i++) {
		struct late_request r = {.key = i << 32 | (i * 7), .planned_ns = (int64_t)i};
		assert_int_equal(late_add(&t, &r), 0);
	}
	for (uint64_t i = 0; i < 20000; i += 2) {
		assert_true(late_take(&t, i << 32 | (i * 7), &found));
		assert_int_equal(found.planned_ns, i);
		assert_false(late_take(&t, i << 32 | (i * 7), &found));
	}
	for (uint64_t i = 1; i < 20000; i += 2)
		assert_true(late_take(&t, i << 32 | (i * 7), &found));
	assert_int_equal(t.n, 0);
	late_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(pieces_make_the_whole),        cmocka_unit_test(every_byte_is_compared),
	        cmocka_unit_test(only_letters_and_a_line_feed), cmocka_unit_test(messages_differ),
	        cmocka_unit_test(the_sequence_is_read_back),    cmocka_unit_test(short_numbers_are_widened),
	        cmocka_unit_test(the_given_up_are_found_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

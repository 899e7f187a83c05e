/* The V2 encoding: there and back, and against hostile texts. tests/hdr.bats asks the official decoder. */
#include "ts_base64.h"
#include "ts_hist.h"
#include "ts_random.h"
#include "unit.h"
#include <math.h>
#include <zlib.h>

#define BUCKETS TS_HIST_BUCKETS

static void check_round_trip(const struct ts_hist *h)
{
	struct ts_hist *back = ts_hist_new();
	char *text = ts_hist_encode(h);
	struct ts_err err = {0};

	assert_non_null(text);
	assert_int_equal(ts_hist_decode(back, text, &err), 0);
	assert_int_equal(back->n, h->n);
	assert_memory_equal(back->counts, h->counts, sizeof(h->counts));
	if (h->n > 0) {
		assert_int_equal(back->min_ns, ts_hist_bucket_low(ts_hist_index(h->min_ns)));
		assert_true(back->max_ns >= h->max_ns || h->n_overflow > 0);
	}
	free(text);
	ts_hist_free(back);
}

/* Catches: runs of zeros off by one (one zero, two, at either end), counts of more than 7, 32 and 56 bits. */
static void every_shape_comes_back(void **state)
{
	static const uint64_t times[] = {1, 63, 64, 8191, 8192, 1ULL << 32, (1ULL << 55) - 1, 1ULL << 55, 1ULL << 61};
	static const int64_t places[] = {0, 1, 2, 3, 5, 2047, 2048, 2050, 1000000, TS_HIST_MAX_NS};
	struct ts_hist *h = ts_hist_new();

	(void)state;
	check_round_trip(h);
	for (size_t i = 0; i < N(times); i++) {
		for (size_t j = 0; j < N(places); j++) {
			ts_hist_reset(h);
			ts_hist_record_n(h, places[j], times[i]);
			check_round_trip(h);
			ts_hist_record_n(h, 3, times[i]);
			check_round_trip(h);
		}
	}
	ts_hist_record(h, INT64_MAX); /* above the top: in the last bucket */
	check_round_trip(h);
	for (unsigned i = 0; i < BUCKETS; i++)
		ts_hist_record_n(h, ts_hist_bucket_low(i), i % 3);
	check_round_trip(h);
	ts_hist_free(h);
}

static void random_histograms_come_back(void **state)
{
	struct ts_random *r = ts_random_new(5);
	struct ts_hist *h = ts_hist_new();

	(void)state;
	for (int round = 0; round < 30; round++) {
		ts_hist_reset(h);
		for (uint64_t n = ts_random_below(r, 5000); n > 0; n--)
			ts_hist_record_n(h, (int64_t)exp2(ts_random_unit(r) * 42), 1 + ts_random_below(r, 1ULL << 40));
		check_round_trip(h);
	}
	ts_hist_free(h);
	ts_random_free(r);
}

/* --- hostile texts, packed by hand --- */

struct forgery {
	uint32_t outer_cookie, outer_length_error, cookie, length_error, offset, digits;
	uint64_t lowest, highest, ratio;
	const unsigned char *counts;
	size_t n_counts;
};

static const struct forgery honest = {
        .outer_cookie = 0x1c849314,
        .cookie = 0x1c849313,
        .digits = 3,
        .lowest = 1,
        .highest = TS_HIST_MAX_NS,
        .ratio = 0x3ff0000000000000,
        .counts = (const unsigned char *)"\x01\x04", /* once nothing, then two of 1 ns */
        .n_counts = 2,
};

static void put(unsigned char **out, uint64_t value, int n_bytes)
{
	while (n_bytes-- > 0)
		*(*out)++ = (unsigned char)(value >> 8 * n_bytes);
}

/* The text of a forgery. Owned. */
static char *forge(const struct forgery *f)
{
	unsigned char *plain = malloc(40 + f->n_counts), *out = plain;
	uLongf n_packed = compressBound(40 + f->n_counts);
	unsigned char *packed = malloc(8 + n_packed), *head = packed;
	char *text;

	put(&out, f->cookie, 4);
	put(&out, f->n_counts + f->length_error, 4);
	put(&out, f->offset, 4);
	put(&out, f->digits, 4);
	put(&out, f->lowest, 8);
	put(&out, f->highest, 8);
	put(&out, f->ratio, 8);
	memcpy(out, f->counts, f->n_counts);
	assert_int_equal(compress(packed + 8, &n_packed, plain, 40 + f->n_counts), Z_OK);
	put(&head, f->outer_cookie, 4);
	put(&head, n_packed + f->outer_length_error, 4);
	text = malloc(TS_BASE64_TEXT(8 + n_packed));
	ts_base64_encode(packed, 8 + n_packed, text);
	free(plain);
	free(packed);
	return text;
}

static void check_refused(const char *text, const char *why)
{
	struct ts_hist *h = ts_hist_new();
	struct ts_err err = {0};

	ts_hist_record(h, 5);
	assert_int_equal(ts_hist_decode(h, text, &err), -EINVAL);
	assert_non_null(strstr(err.text, why));
	assert_int_equal(h->n, 0); /* not half read */
	for (unsigned i = 0; i < BUCKETS; i++)
		assert_int_equal(h->counts[i], 0);
	ts_hist_free(h);
}

static void check_forgery(const struct forgery *f, const char *why)
{
	char *text = forge(f);

	check_refused(text, why);
	free(text);
}

/* The forger itself is right: what it makes without a lie is read. */
static void an_honest_text_is_read(void **state)
{
	struct ts_hist *h = ts_hist_new();
	char *text = forge(&honest);

	(void)state;
	assert_int_equal(ts_hist_decode(h, text, NULL), 0);
	assert_int_equal(h->n, 2);
	assert_int_equal(h->counts[1], 2);
	free(text);
	ts_hist_free(h);
}

#define FORGE(field, value, why)                                                                                       \
	do {                                                                                                           \
		struct forgery f = honest;                                                                             \
		f.field = (value);                                                                                     \
		check_forgery(&f, why);                                                                                \
	} while (0)

static void wrong_heads_are_refused(void **state)
{
	(void)state;
	FORGE(outer_cookie, 0x1c849302, "does not begin");
	FORGE(outer_length_error, 1, "its length");
	FORGE(outer_length_error, (uint32_t)-1, "its length");
	FORGE(cookie, 0x1c849301, "no V2 histogram");
	FORGE(length_error, 1, "length of its counts");
	FORGE(length_error, 0x80000000, "length of its counts");
	FORGE(offset, 1, "geometry");
	FORGE(digits, 2, "geometry");
	FORGE(lowest, 1000, "geometry");
	FORGE(highest, 3600000000, "geometry");
	FORGE(ratio, 1, "geometry");
}

static void check_counts(const void *counts, size_t n, const char *why)
{
	struct forgery f = honest;

	f.counts = counts;
	f.n_counts = n;
	check_forgery(&f, why);
}

/* Catches: writes beyond the last bucket by a long run, by many counts, or by a run of -2^63; sums that wrap. */
static void wrong_counts_are_refused(void **state)
{
	unsigned char *many = malloc(BUCKETS + 1);

	(void)state;
	memset(many, 2, BUCKETS + 1);
	check_counts(many, BUCKETS + 1, "more buckets");
	free(many);
	check_counts("\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9, "more buckets");        /* -2^63 */
	check_counts("\x83\x90\x04\x02", 4, "more buckets");                            /* 33,794 zeros at once */
	check_counts("\x80", 1, "inside a number");                                     /* a number cut short */
	check_counts("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, "add up to more"); /* 2^63 - 1, and 1 */
}

/* Catches: memory that grows with what a stream claims: 64 MiB of zeros in 64 KiB, of which 304 KB are unpacked. */
static void a_bomb_is_refused(void **state)
{
	struct forgery f = honest;
	size_t n = 64 << 20;
	void *zeros = calloc(1, n);

	(void)state;
	assert_non_null(zeros);
	f.counts = zeros;
	f.n_counts = n;
	check_forgery(&f, "too long");
	free(zeros);
}

static void wrong_texts_are_refused(void **state)
{
	size_t n = (2 << 20) + 4;
	char *longest = malloc(n + 1), *text = forge(&honest);

	(void)state;
	check_refused("", "does not begin");
	check_refused("hello", "not base64");
	check_refused("HIST", "does not begin");
	check_refused("HISTFAAAAAA=", "zlib");
	memset(longest, 'A', n);
	longest[n] = '\0';
	check_refused(longest, "longer than any");
	free(longest);
	for (size_t length = strlen(text); length-- > 0;) { /* cut anywhere */
		text[length] = '\0';
		check_refused(text, "not a histogram");
	}
	free(text);
}

/* One bit wrong anywhere is noticed (zlib's checksum) or harmless; never a crash. */
static void any_bit_may_be_wrong(void **state)
{
	struct ts_hist *h = ts_hist_new();
	char *text = forge(&honest);

	(void)state;
	for (size_t i = 0; text[i]; i++) {
		for (int bit = 0; bit < 7; bit++) {
			text[i] ^= (char)(1 << bit);
			if (text[i] != '\0')
				assert_in_range(ts_hist_decode(h, text, NULL) + 1000, 1000 - EINVAL, 1000);
			text[i] ^= (char)(1 << bit);
		}
	}
	free(text);
	ts_hist_free(h);
}

/* RFC 4648, section 10, and texts that no encoder writes. Catches: padding lost, garbage bits taken. */
static void base64_vectors(void **state)
{
	static const char *const texts[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
	static const char *const wrong[] = {
	        "Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm-_"};
	char text[16], bytes[16];

	(void)state;
	for (size_t n = 0; n <= 6; n++) {
		assert_int_equal(ts_base64_encode("foobar", n, text), strlen(texts[n]));
		assert_string_equal(text, texts[n]);
		assert_int_equal(ts_base64_decode(text, strlen(text), bytes), n);
		assert_memory_equal(bytes, "foobar", n);
	}
	for (size_t i = 0; i < N(wrong); i++)
		assert_int_equal(ts_base64_decode(wrong[i], strlen(wrong[i]), bytes), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_shape_comes_back),   cmocka_unit_test(random_histograms_come_back),
	        cmocka_unit_test(an_honest_text_is_read),   cmocka_unit_test(wrong_heads_are_refused),
	        cmocka_unit_test(wrong_counts_are_refused), cmocka_unit_test(a_bomb_is_refused),
	        cmocka_unit_test(wrong_texts_are_refused),  cmocka_unit_test(any_bit_may_be_wrong),
	        cmocka_unit_test(base64_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The V2 encoding of HdrHistogram, all numbers big-endian:
 *
 *   compressed   4  cookie 0x1c849314          histogram   4  cookie 0x1c849313
 *                4  bytes that follow                      4  bytes of counts
 *                   zlib stream of a histogram             4  offset of the first index: 0
 *                                                          4  significant digits: 3
 *                                                          8  lowest discernible value: 1
 *                                                          8  highest value
 *                                                          8  1.0, a double: what one unit is worth
 *                                                             counts from index 0 to that of the largest value
 *
 * A count is a ZigZag LEB128 number of at most 9 bytes, the ninth whole; -k stands for k times 0. The geometry of this
 * file (three digits, from 1) has exactly the indices of ts_hist_index, so counts are copied as they are.
 */
#include "ts_base64.h"
#include "ts_hist.h"
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define COOKIE            0x1c849313
#define COOKIE_COMPRESSED 0x1c849314
#define COOKIE_SIZE_BITS  0xf0 /* of the word size, which V2 does not use: readers mask it */
#define N_OUTER           8
#define N_HEAD            40
#define N_COUNT_MAX       9
#define N_PLAIN_MAX       (N_HEAD + TS_HIST_BUCKETS * N_COUNT_MAX)
#define N_TEXT_MAX        (2 << 20) /* no histogram of this geometry is longer; a text that is, is not read at all */
#define ONE_AS_DOUBLE     0x3ff0000000000000

/* --- numbers --- */

static unsigned char *put32(unsigned char *out, uint32_t value)
{
	value = htobe32(value);
	memcpy(out, &value, sizeof(value));
	return out + sizeof(value);
}

static unsigned char *put64(unsigned char *out, uint64_t value)
{
	return put32(put32(out, (uint32_t)(value >> 32)), (uint32_t)value);
}

static uint32_t get32(const unsigned char *in)
{
	uint32_t value;

	memcpy(&value, in, sizeof(value));
	return be32toh(value);
}

static uint64_t get64(const unsigned char *in)
{
	return (uint64_t)get32(in) << 32 | get32(in + 4);
}

static unsigned char *put_count(unsigned char *out, int64_t value)
{
	uint64_t z = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
	int i = 1;

	for (; i < N_COUNT_MAX && z > 0x7f; i++, z >>= 7)
		*out++ = (unsigned char)(z | 0x80);
	*out++ = (unsigned char)z;
	return out;
}

/* Returns what follows the number, or NULL when the bytes end inside it. */
static const unsigned char *get_count(const unsigned char *in, const unsigned char *end, int64_t *value)
{
	uint64_t z = 0;
	bool more = true;

	for (int i = 0; more; i++, in++) {
		if (in == end)
			return NULL;
		more = i < N_COUNT_MAX - 1 && *in & 0x80;
		z |= (uint64_t)(i < N_COUNT_MAX - 1 ? *in & 0x7f : *in) << (7 * i);
	}
	*value = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
	return in;
}

/* --- encoding --- */

static unsigned char *put_counts(unsigned char *out, const struct ts_hist *h)
{
	unsigned n = 1, i = 0;

	if (h->n > 0)
		n = ts_hist_index(h->max_ns < TS_HIST_MAX_NS ? h->max_ns : TS_HIST_MAX_NS) + 1;
	while (i < n) {
		unsigned begin = i;

		while (i < n && h->counts[i] == 0)
			i++;
		if (i - begin > 1)
			out = put_count(out, -(int64_t)(i - begin));
		else if (i - begin == 1)
			out = put_count(out, 0);
		if (i < n)
			out = put_count(out, (int64_t)h->counts[i++]);
	}
	return out;
}

static size_t put_histogram(unsigned char *plain, const struct ts_hist *h)
{
	unsigned char *end = put_counts(plain + N_HEAD, h), *out = plain;

	out = put32(out, COOKIE);
	out = put32(out, (uint32_t)(end - plain - N_HEAD));
	out = put32(out, 0);
	out = put32(out, 3);
	out = put64(out, 1);
	out = put64(out, TS_HIST_MAX_NS);
	put64(out, ONE_AS_DOUBLE);
	return (size_t)(end - plain);
}

char *ts_hist_encode(const struct ts_hist *h)
{
	uLongf n_packed = compressBound(N_PLAIN_MAX);
	unsigned char *plain = malloc(N_PLAIN_MAX), *packed = malloc(N_OUTER + n_packed);
	char *text = NULL;

	if (!plain || !packed)
		goto free_buffers;
	if (compress(packed + N_OUTER, &n_packed, plain, put_histogram(plain, h)) != Z_OK)
		goto free_buffers;
	put32(put32(packed, COOKIE_COMPRESSED), (uint32_t)n_packed);
	text = malloc(TS_BASE64_TEXT(N_OUTER + n_packed));
	if (text)
		ts_base64_encode(packed, N_OUTER + n_packed, text);
free_buffers:
	free(packed);
	free(plain);
	return text;
}

/* --- decoding: each function returns NULL or a sentence that says what is wrong --- */

static const char *get_head(const unsigned char *plain, size_t n)
{
	if (n < N_HEAD || (get32(plain) | COOKIE_SIZE_BITS) != (COOKIE | COOKIE_SIZE_BITS))
		return "there is no V2 histogram inside";
	if (get32(plain + 4) != n - N_HEAD)
		return "the length of its counts is wrong";
	if (get32(plain + 8) != 0 || get32(plain + 12) != 3 || get64(plain + 16) != 1 ||
	    get64(plain + 24) != TS_HIST_MAX_NS || get64(plain + 32) != ONE_AS_DOUBLE)
		return "its geometry is not 1 ns to 2^42 ns with three significant digits";
	return NULL;
}

static const char *get_counts(struct ts_hist *h, const unsigned char *in, const unsigned char *end)
{
	unsigned i = 0;

	while (in < end) {
		int64_t count;

		in = get_count(in, end, &count);
		if (!in)
			return "its counts end inside a number";
		if (count < -(int64_t)(TS_HIST_BUCKETS - i) || (count >= 0 && i == TS_HIST_BUCKETS))
			return "it has more buckets than its geometry";
		if (count < 0) {
			i += (unsigned)-count;
			continue;
		}
		if (h->n + (uint64_t)count > INT64_MAX)
			return "its counts add up to more than 2^63";
		if (count > 0)
			ts_hist_record_n(h, ts_hist_bucket_low(i), (uint64_t)count);
		i++;
	}
	if (h->n > 0)
		h->max_ns = ts_hist_bucket_high(ts_hist_index(h->max_ns));
	return NULL;
}

static const char *unpack(struct ts_hist *h, const unsigned char *packed, size_t n, unsigned char *plain)
{
	uLongf n_plain = N_PLAIN_MAX;
	const char *wrong;

	if (n < N_OUTER || (get32(packed) | COOKIE_SIZE_BITS) != (COOKIE_COMPRESSED | COOKIE_SIZE_BITS))
		return "it does not begin like a compressed V2 histogram";
	if (get32(packed + 4) != n - N_OUTER)
		return "its length is wrong";
	/* A stream that would grow beyond the largest histogram is refused by zlib itself: Z_BUF_ERROR. */
	if (uncompress(plain, &n_plain, packed + N_OUTER, (uLong)(n - N_OUTER)) != Z_OK)
		return "its zlib stream is damaged or too long";
	wrong = get_head(plain, n_plain);
	return wrong ? wrong : get_counts(h, plain + N_HEAD, plain + n_plain);
}

static const char *decode(struct ts_hist *h, const char *text, size_t n, unsigned char *packed, unsigned char *plain)
{
	long n_packed = ts_base64_decode(text, n, packed);

	return n_packed < 0 ? "it is not base64" : unpack(h, packed, (size_t)n_packed, plain);
}

int ts_hist_decode(struct ts_hist *h, const char *text, struct ts_err *err)
{
	size_t n = strlen(text);
	const char *wrong = "it is longer than any histogram";
	unsigned char *plain, *packed;

	ts_hist_reset(h);
	if (n > N_TEXT_MAX)
		return ts_err_set(err, EINVAL, "not a histogram: %s", wrong);
	plain = malloc(N_PLAIN_MAX);
	packed = malloc(TS_BASE64_BYTES(n) + 1);
	wrong = plain && packed ? decode(h, text, n, packed, plain) : "not enough memory";
	free(packed);
	free(plain);
	if (!wrong)
		return 0;
	ts_hist_reset(h);
	return ts_err_set(err, EINVAL, "not a histogram: %s", wrong);
}

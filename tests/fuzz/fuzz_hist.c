/*
 * Any text as a histogram: no crash, and what is read can be encoded and read again. Base64 and zlib's checksum would
 * stop nearly every mutation, so an input whose first byte is odd is packed here: the fuzzer then writes the counts
 * themselves.
 */
#include "ts_base64.h"
#include "ts_hist.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned char head[] = {
        0x1c, 0x84, 0x93, 0x13, 0, 0, 0, 0, 0, 0, 0, 0,    0,    0,    0,    3,    /* cookie, length, offset, digits */
        0,    0,    0,    0,    0, 0, 0, 1, 0, 0, 3, 0xff, 0xff, 0xff, 0xff, 0xff, /* lowest, highest */
        0x3f, 0xf0, 0,    0,    0, 0, 0, 0,                                        /* 1.0 */
};

static void put_length(unsigned char *out, size_t n)
{
	for (int i = 0; i < 4; i++)
		out[i] = (unsigned char)(n >> (24 - 8 * i));
}

/* The text of a histogram with these bytes for counts. Owned. */
static char *pack(const uint8_t *counts, size_t n)
{
	size_t n_plain = sizeof(head) + n;
	uLongf n_packed = compressBound(n_plain);
	unsigned char *plain = malloc(n_plain), *packed = malloc(8 + n_packed);
	char *text;

	memcpy(plain, head, sizeof(head));
	memcpy(plain + sizeof(head), counts, n);
	put_length(plain + 4, n);
	if (compress2(packed + 8, &n_packed, plain, n_plain, 1) != Z_OK)
		abort();
	memcpy(packed, "\x1c\x84\x93\x14", 4);
	put_length(packed + 4, n_packed);
	text = malloc(TS_BASE64_TEXT(8 + n_packed));
	ts_base64_encode(packed, 8 + n_packed, text);
	free(plain);
	free(packed);
	return text;
}

static void check_reads_back(const struct ts_hist *h)
{
	struct ts_hist *back = ts_hist_new();
	char *text = ts_hist_encode(h);

	if (ts_hist_decode(back, text, NULL) < 0 || memcmp(back, h, sizeof(*h)) != 0)
		abort();
	free(text);
	ts_hist_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool inner = size > 0 && data[0] & 1;
	struct ts_hist *h = ts_hist_new();
	char *text = inner ? pack(data + 1, size - 1) : strndup((const char *)data, size);

	if (ts_hist_decode(h, text, NULL) == 0) {
		check_reads_back(h);
		ts_hist_percentile(h, 99.9);
		ts_hist_count_above(h, 1000);
	}
	free(text);
	ts_hist_free(h);
	return 0;
}

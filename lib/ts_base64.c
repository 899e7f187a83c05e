#include "ts_base64.h"
#include <errno.h>
#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t ts_base64_encode(const void *bytes, size_t n, char *text)
{
	const unsigned char *in = bytes;
	char *out = text;

	for (size_t i = 0; i < n; i += 3) {
		size_t n_here = n - i < 3 ? n - i : 3;
		uint32_t group = 0;

		for (size_t j = 0; j < 3; j++)
			group = group << 8 | (j < n_here ? in[i + j] : 0);
		for (size_t j = 0; j < 4; j++)
			*out++ = j <= n_here ? alphabet[group >> (18 - 6 * j) & 63] : '=';
	}
	*out = '\0';
	return (size_t)(out - text);
}

/* Four characters, of which the last n_pad are '='. Bits that would be dropped must be 0. */
static int decode_group(const char *text, int n_pad, unsigned char *out)
{
	uint32_t group = 0;

	for (int j = 0; j < 4; j++) {
		const char *at = j < 4 - n_pad ? strchr(alphabet, text[j]) : alphabet;
		if (!at || !*at)
			return -EINVAL;
		group = group << 6 | (uint32_t)(at - alphabet);
	}
	if (group & ((1U << (8 * n_pad)) - 1))
		return -EINVAL;
	for (int j = 0; j < 3 - n_pad; j++)
		out[j] = (unsigned char)(group >> (16 - 8 * j));
	return 3 - n_pad;
}

long ts_base64_decode(const char *text, size_t n, void *bytes)
{
	unsigned char *out = bytes;
	long n_out = 0;

	if (n % 4 != 0)
		return -EINVAL;
	for (size_t i = 0; i < n; i += 4) {
		int n_pad = i + 4 < n ? 0 : (text[i + 3] == '=') + (text[i + 3] == '=' && text[i + 2] == '=');
		int got = decode_group(text + i, n_pad, out + n_out);
		if (got < 0)
			return got;
		n_out += got;
	}
	return n_out;
}

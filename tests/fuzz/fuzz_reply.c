/*
 * The law of replies, fed by anybody: a right server's output is legal however it is cut, anything else gets the same
 * answer whole, byte by byte and cut in two, and nothing is read beyond what was given.
 *
 * The input: one byte picks the separator, one where to cut, one a chunk's length, one how many bytes are I; the rest
 * is O, in which 0x01 stands for a current stamp, so that the fuzzer need not find one.
 */
#include "ts_reply.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define NOW_NS INT64_C(1795343400500000000)
#define STAMP  "[10:30:00]"
#define N_MAX  8192

struct bytes {
	char *at; /* a heap block of its own, so that a sanitizer sees its end */
	size_t n;
};

static void check(int truth)
{
	if (!truth)
		abort();
}

static struct bytes expand(const uint8_t *data, size_t n)
{
	struct bytes b = {malloc(n * sizeof(STAMP) + 1), 0};

	for (size_t i = 0; i < n; i++) {
		if (data[i] == 1) {
			memcpy(b.at + b.n, STAMP, sizeof(STAMP) - 1);
			b.n += sizeof(STAMP) - 1;
		} else {
			b.at[b.n++] = (char)data[i];
		}
	}
	return b;
}

static void feed(struct ts_reply *r, const struct ts_reply_rule *rule, struct bytes in, const char *out, size_t n_out)
{
	uint64_t base = ts_reply_base(r);

	check(base <= in.n && r->matched <= in.n && r->matched >= base);
	char *part = malloc(n_out ? n_out : 1);
	memcpy(part, out, n_out);
	ts_reply_feed(r, rule, in.at + base, in.n - base, part, n_out, NOW_NS, NOW_NS);
	free(part);
}

/* Judge O, cut after `first` bytes and then every `step` bytes (0: not at all). */
static enum ts_reply_verdict judge(const struct ts_reply_rule *rule, struct bytes in, struct bytes out, size_t first,
                                   size_t step)
{
	struct ts_reply r;

	ts_reply_init(&r);
	for (size_t done = 0, n; done < out.n; done += n) {
		n = done == 0 && first ? first : step ? step : out.n - done;
		if (n > out.n - done)
			n = out.n - done;
		feed(&r, rule, in, out.at + done, n);
	}
	bool complete = ts_reply_complete(&r, in.n);
	enum ts_reply_verdict verdict = ts_reply_end(&r, in.n);
	check(complete == (verdict == TS_REPLY_LEGAL));
	ts_reply_release(&r);
	return verdict;
}

static bool is_legal(const struct ts_reply_rule *rule, struct bytes in, struct bytes out, size_t first)
{
	bool whole = judge(rule, in, out, 0, 0) == TS_REPLY_LEGAL;

	check(whole == (judge(rule, in, out, 0, 1) == TS_REPLY_LEGAL));
	check(whole == (judge(rule, in, out, first, 0) == TS_REPLY_LEGAL));
	check(whole == (judge(rule, in, out, first, 7) == TS_REPLY_LEGAL));
	return whole;
}

/* What a right server sends when it receives `chunk` bytes at once. */
static struct bytes serve(const struct ts_reply_rule *rule, struct bytes in, size_t chunk)
{
	size_t n_stamp = sizeof(STAMP) - 1 + rule->n_separator;
	struct bytes out = {malloc((in.n / chunk + 1) * (n_stamp + chunk)), 0};

	for (size_t i = 0; i < in.n; i += chunk) {
		size_t n = in.n - i < chunk ? in.n - i : chunk;
		memcpy(out.at + out.n, STAMP, sizeof(STAMP) - 1);
		memcpy(out.at + out.n + sizeof(STAMP) - 1, rule->separator, rule->n_separator);
		memcpy(out.at + out.n + n_stamp, in.at + i, n);
		out.n += n_stamp + n;
	}
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const separators[] = {"", " ", ": ", "[", "]1["};
	struct ts_reply_rule rule = {.stamp.kind = TS_STAMP_TIME, .check_time = true};
	struct ts_stamp stamp;
	const char *why = NULL;

	if (n < 4 || n > N_MAX)
		return 0;
	strcpy(rule.separator, separators[data[0] % 5]);
	rule.n_separator = strlen(rule.separator);
	size_t first = 1 + data[1], chunk = 1 + data[2], n_in = data[3] < n - 4 ? data[3] : n - 4;
	struct bytes in = expand(data + 4, n_in), out = expand(data + 4 + n_in, n - 4 - n_in);

	is_legal(&rule, in, out, first);
	ts_reply_datagram(&rule, in.at, in.n, out.at, out.n, NOW_NS, NOW_NS, NULL);
	if (in.n > 0 && ts_reply_learn(&rule, &stamp, in.at, in.n, out.at, out.n, NOW_NS, &why) < 0)
		check(why != NULL && *why);
	free(out.at);

	/* Again, for learning may have changed it. A long row of forged stamps is allowed to be too much: see
	 * TS_REPLY_WAYS. */
	rule = (struct ts_reply_rule){.stamp.kind = TS_STAMP_TIME, .check_time = true};
	out = serve(&rule, in, chunk);
	if (in.n / (sizeof(STAMP) - 1) < TS_REPLY_WAYS)
		check(is_legal(&rule, in, out, first));
	free(out.at);
	free(in.at);
	return 0;
}

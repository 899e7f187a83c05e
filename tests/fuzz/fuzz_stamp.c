/*
 * Time texts from anybody: what is read must mean the same when it is written and read again, and nothing may be read
 * beyond the text. The first byte picks the kind that is expected; a strftime format stands before a NUL.
 */
#include "ts_stamp.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(int truth)
{
	if (!truth)
		abort();
}

/* Written as RFC 3339 in nine digits, a moment comes back as it was. */
static void round_trip(const struct ts_stamp *stamp)
{
	const struct ts_stamp_format format = {.kind = TS_STAMP_RFC3339, .digits = 9, .utc = true};
	struct ts_stamp_writer w;
	struct ts_stamp again;
	const char *text;

	if (stamp->begin_ns < 0)
		return;
	ts_stamp_writer_init(&w, &format, "]");
	size_t n_text = ts_stamp_write(&w, stamp->begin_ns, &text);
	check(ts_stamp_read(&again, NULL, text + 1, n_text - 2, NULL) == 0);
	check(again.kind == TS_STAMP_RFC3339 && again.begin_ns == stamp->begin_ns);
}

static void read_one(const struct ts_stamp_format *expected, const char *text, size_t n)
{
	struct ts_stamp stamp;
	const char *why = NULL;

	if (ts_stamp_read(&stamp, expected, text, n, &why) < 0) {
		check(why != NULL && *why);
		return;
	}
	check(stamp.digits >= 0 && stamp.digits <= 9 && stamp.resolution_ns > 0);
	check(!expected || stamp.kind == expected->kind);
	round_trip(&stamp);
	ts_stamp_guess_zone(&stamp, INT64_C(1795343400000000000));
	ts_stamp_instant_ns(&stamp, 0, INT64_C(1795343400000000000));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ts_stamp_format format = {.digits = 0};
	const char *text = (const char *)data + 1;

	if (n == 0)
		return 0;
	format.kind = (enum ts_stamp_kind)(data[0] % TS_STAMP_N);
	n--;
	if (format.kind == TS_STAMP_STRFTIME) {
		char pattern[sizeof("strftime:") + 64] = "strftime:";
		const char *end = memchr(text, 0, n);
		if (!end || end - text >= 64)
			return 0;
		strcat(pattern, text);
		n -= (size_t)(end - text) + 1;
		text = end + 1;
		if (ts_stamp_format_parse(&format, pattern, NULL) < 0)
			return 0;
		struct ts_stamp_writer w;
		const char *written;
		ts_stamp_writer_init(&w, &format, "] ");
		size_t n_written = ts_stamp_write(&w, INT64_C(1795343400123456789), &written);
		check(n_written <= TS_STAMP_MAX + 2);
		read_one(&format, written + 1, n_written - 3);
	}
	read_one(&format, text, n);
	read_one(NULL, text, n);
	return 0;
}

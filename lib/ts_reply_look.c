#include "ts_reply_inside.h"
#include <string.h>

static struct ts_reply_seen no_stamp(enum ts_reply_verdict verdict, bool like_stamp)
{
	return (struct ts_reply_seen){.sight = TS_REPLY_NO_STAMP, .verdict = verdict, .like_stamp = like_stamp};
}

static bool has_line_end(const char *text, size_t n)
{
	return memchr(text, '\n', n) || memchr(text, '\r', n);
}

static bool has_digit(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] >= '0' && text[i] <= '9')
			return true;
	return false;
}

/* Every time text but the user's own begins with a letter or a digit: most brackets are told from a stamp by this. */
static bool can_begin(const struct ts_reply_rule *rule, char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || rule->stamp.kind == TS_STAMP_STRFTIME;
}

int ts_reply_read_time(const struct ts_reply_rule *rule, struct ts_stamp *stamp, const char *text, size_t n)
{
	int result = ts_stamp_read(stamp, &rule->stamp, text, n, NULL);

	for (size_t i = 0; result < 0 && i < TS_REPLY_ALSO && rule->also[i].strftime_text[0]; i++)
		result = ts_stamp_read(stamp, &rule->also[i], text, n, NULL);
	return result;
}

static bool same_as_memo(const struct ts_reply_judge *judge, const char *o, size_t n)
{
	const struct ts_reply_memo *memo = &judge->memo;

	return memo->bytes && n >= memo->n && memcmp(o, memo->bytes, memo->n) == 0 &&
	       ts_reply_memo_holds(memo->begin_ns, judge->read_ns);
}

/* A stamp has been read, now or before: its time decides. */
static struct ts_reply_seen in_window(const struct ts_reply_judge *judge)
{
	const struct ts_reply_memo *memo = &judge->memo;
	enum ts_reply_verdict verdict =
	        ts_reply_window(judge->rule, memo->begin_ns, memo->resolution_ns, judge->sent_ns, judge->read_ns);

	if (verdict != TS_REPLY_LEGAL)
		return no_stamp(verdict, true);
	return (struct ts_reply_seen){.sight = TS_REPLY_STAMP,
	                              .n = memo->n,
	                              .begin_ns = memo->begin_ns,
	                              .resolution_ns = memo->resolution_ns};
}

struct ts_reply_seen ts_reply_look(struct ts_reply_judge *judge, const char *o, size_t n)
{
	const struct ts_reply_rule *rule = judge->rule;
	struct ts_stamp stamp;

	if (same_as_memo(judge, o, n))
		return in_window(judge);
	if (n > 1 && !can_begin(rule, o[1]))
		return no_stamp(TS_REPLY_BAD_TIME, false);

	size_t n_text_max = n - 1 < TS_STAMP_MAX ? n - 1 : TS_STAMP_MAX; /* with its ']' */
	const char *close = memchr(o + 1, ']', n_text_max);
	if (!close && (n_text_max == TS_STAMP_MAX || has_line_end(o + 1, n_text_max)))
		return no_stamp(TS_REPLY_BAD_TIME, false);
	if (!close)
		return (struct ts_reply_seen){.sight = TS_REPLY_CUT};

	size_t n_text = (size_t)(close - o - 1);
	if (ts_reply_read_time(rule, &stamp, o + 1, n_text) < 0)
		return no_stamp(TS_REPLY_BAD_TIME, has_digit(o + 1, n_text) && !has_line_end(o + 1, n_text));
	size_t n_after = n - n_text - 2;
	size_t n_compare = n_after < rule->n_separator ? n_after : rule->n_separator;
	if (memcmp(close + 1, rule->separator, n_compare) != 0)
		return no_stamp(TS_REPLY_BAD_SEPARATOR, true);
	if (n_compare < rule->n_separator)
		return (struct ts_reply_seen){.sight = TS_REPLY_CUT};

	judge->memo = (struct ts_reply_memo){
	        .bytes = o,
	        .n = n_text + 2 + rule->n_separator,
	        .begin_ns = ts_stamp_instant_ns(&stamp, rule->zone_s, judge->read_ns),
	        .resolution_ns = stamp.resolution_ns,
	};
	return in_window(judge);
}

enum ts_reply_verdict ts_reply_datagram(const struct ts_reply_rule *rule, const char *in, size_t n_in, const char *out,
                                        size_t n_out, int64_t sent_ns, int64_t read_ns, int64_t *stamp_ns)
{
	struct ts_reply_judge judge = {.rule = rule, .sent_ns = sent_ns, .read_ns = read_ns};

	if (n_out == 0 || out[0] != '[')
		return TS_REPLY_NO_BRACKET;
	struct ts_reply_seen seen = ts_reply_look(&judge, out, n_out);
	if (judge.memo.bytes && stamp_ns)
		*stamp_ns = judge.memo.begin_ns;
	if (seen.sight == TS_REPLY_CUT)
		return memchr(out, ']', n_out) ? TS_REPLY_BAD_SEPARATOR : TS_REPLY_BAD_TIME;
	if (seen.sight == TS_REPLY_NO_STAMP)
		return seen.verdict;
	size_t n_data = n_out - seen.n, n_same = n_data < n_in ? n_data : n_in;
	if (n_same > 0 && memcmp(out + seen.n, in, n_same) != 0)
		return TS_REPLY_WRONG_DATA;
	return n_data < n_in ? TS_REPLY_SHORT : n_data > n_in ? TS_REPLY_EXCESS : TS_REPLY_LEGAL;
}

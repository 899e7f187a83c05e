/* The rule out of a first reply: the shortest separator with which the whole of it obeys the law. */
#include "ts_reply.h"
#include "ts_reply_shape.h"
#include <errno.h>
#include <string.h>

/* A reply and the data it answers. Borrowed. */
struct reply {
	const char *in, *out;
	size_t n_in, n_out;
};

/* A separator ends before a letter, a digit or a bracket. (A quotation mark on both sides of the data is none: then the
 * law is not obeyed.) */
static size_t separator_max(const char *text, size_t n)
{
	size_t n_plain = ts_reply_separator_max(text, n);

	return n_plain < TS_SEPARATOR_MAX ? n_plain : TS_SEPARATOR_MAX;
}

static bool obeys(const struct ts_reply_rule *rule, const struct reply *reply, int64_t now_ns)
{
	struct ts_reply r;

	ts_reply_init(&r);
	ts_reply_feed(&r, rule, reply->in, reply->n_in, reply->out, reply->n_out, now_ns, now_ns);
	enum ts_reply_verdict verdict = ts_reply_end(&r, reply->n_in);
	ts_reply_release(&r);
	return verdict == TS_REPLY_LEGAL;
}

/* The shortest separator with which the whole reply obeys the law; its time is judged by nobody yet. */
static bool learn_separator(struct ts_reply_rule *rule, const struct reply *reply, size_t n_stamp, int64_t now_ns)
{
	size_t n_max = separator_max(reply->out + n_stamp, reply->n_out - n_stamp);

	for (size_t n = 0; n <= n_max; n++) {
		memcpy(rule->separator, reply->out + n_stamp, n);
		rule->separator[n] = 0;
		rule->n_separator = n;
		if (obeys(rule, reply, now_ns))
			return true;
	}
	return false;
}

int ts_reply_learn(struct ts_reply_rule *rule, struct ts_stamp *stamp, const char *in, size_t n_in, const char *out,
                   size_t n_out, int64_t now_ns, const char **why)
{
	const struct reply reply = {.in = in, .n_in = n_in, .out = out, .n_out = n_out};
	size_t n_stamp = ts_reply_stamp_at(out, n_out, stamp);

	if (n_stamp > 0) {
		int32_t zone_s = ts_stamp_guess_zone(stamp, now_ns);
		*rule = (struct ts_reply_rule){.stamp = {.kind = stamp->kind, .digits = stamp->digits},
		                               .zone_s = zone_s == INT32_MIN ? 0 : zone_s};
		rule->stamp.utc = rule->zone_s == 0;
		if (learn_separator(rule, &reply, n_stamp, now_ns)) {
			rule->check_time = true;
			return 0;
		}
	}
	if (why)
		*why = ts_reply_shape(in, n_in, out, n_out);
	return -EINVAL;
}

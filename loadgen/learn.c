#include "learn.h"
#include <errno.h>
#include <string.h>

#define CERTAIN 8 /* letters of our own data in a row: no stamp holds those */

/* How much of `in` stands at `at`. */
static size_t common(const char *at, size_t n_at, const char *in, size_t n_in)
{
	size_t n = 0;
	while (n < n_at && n < n_in && at[n] == in[n])
		n++;
	return n;
}

/* With a time text that the user has stated: "[text]separator", and the data at out[n_head]. */
static int learn_stated(struct ts_reply_rule *rule, const struct learn_stated *stated, const char *out, size_t n_head,
                        int64_t wall_ns, const char **why)
{
	const char *close = memchr(out, ']', n_head);
	struct ts_stamp stamp;

	*why = "no [time] of the stated form before the data";
	if (out[0] != '[' || !close ||
	    ts_stamp_read(&stamp, &stated->stamp, out + 1, (size_t)(close - out) - 1, why) < 0)
		return -EINVAL;
	memset(rule, 0, sizeof(*rule));
	rule->stamp = stated->stamp;
	rule->n_separator = n_head - (size_t)(close + 1 - out);
	if (rule->n_separator > TS_SEPARATOR_MAX)
		return -EINVAL;
	memcpy(rule->separator, close + 1, rule->n_separator);
	if (!stamp.has_zone)
		rule->zone_s = ts_stamp_guess_zone(&stamp, wall_ns);
	if (rule->zone_s == INT32_MIN) /* no zone makes it true: the law will say by how much it is wrong */
		rule->zone_s = 0;
	return 0;
}

static bool separator_differs(const struct ts_reply_rule *rule, const struct learn_stated *stated)
{
	size_t n = strlen(stated->separator_text);

	return stated->separator && (rule->n_separator != n || memcmp(rule->separator, stated->separator_text, n) != 0);
}

/* A server may cut a message, and answer each piece behind a stamp of its own: the first piece ends where the second
 * stamp begins. */
static const char *find_piece(const char *in, size_t n_in, const char *out, size_t n_out)
{
	const char *close = memchr(out, ']', n_out);
	const char *next = close ? memchr(close, '[', n_out - (size_t)(close - out)) : NULL;

	for (const char *at = close + 1; next && at < next; at++)
		if (common(at, (size_t)(next - at), in, n_in) == (size_t)(next - at))
			return at;
	return NULL;
}

/* Where the data of the reply begin; NULL: not known yet. */
static const char *find_data(const char *in, size_t n_in, const char *out, size_t n_out)
{
	const char *data = NULL;

	if (n_in >= CERTAIN)
		data = memmem(out, n_out, in, CERTAIN);
	else if (n_out > n_in && memcmp(out + n_out - n_in, in, n_in) == 0)
		data = out + n_out - n_in; /* too short to be told from a time text's letters, but for its place */
	return data ? data : find_piece(in, n_in, out, n_out);
}

/* "[time]" at the beginning, of the stated form or of any known one: its bytes, or 0. */
static size_t stamp_length(const struct learn_stated *stated, const char *out, size_t n_out)
{
	const char *close = n_out > 0 && out[0] == '[' ? memchr(out, ']', n_out) : NULL;
	struct ts_stamp stamp;

	if (!close ||
	    ts_stamp_read(&stamp, stated->time ? &stated->stamp : NULL, out + 1, (size_t)(close - out) - 1, NULL) < 0)
		return 0;
	return (size_t)(close - out) + 1;
}

/* Which part of "[time]data" is not there? */
static enum ts_reply_verdict verdict_of(const struct learn_text *t, size_t n_stamp, bool has_data)
{
	if (n_stamp > 0)
		return has_data ? TS_REPLY_NO_BRACKET : TS_REPLY_WRONG_DATA;
	return t->out[0] == '[' && memchr(t->out, ']', t->n_out) ? TS_REPLY_BAD_TIME : TS_REPLY_NO_BRACKET;
}

/* May our data still come, behind what is there? */
static bool may_go_on(const struct learn_text *t, size_t n_stamp)
{
	size_t n_most = n_stamp > 0 && t->n_in >= CERTAIN ? n_stamp + TS_SEPARATOR_MAX + CERTAIN : LEARN_BYTES;

	return !t->whole && t->n_out < n_most;
}

int learn_rule(struct ts_reply_rule *rule, const struct learn_stated *stated, const struct learn_text *t,
               int64_t wall_ns, struct learn_fault *fault)
{
	const char *data = find_data(t->in, t->n_in, t->out, t->n_out);
	size_t n_stamp = stamp_length(stated, t->out, t->n_out), n_in = t->n_in, n_out = t->n_out;
	struct ts_stamp stamp;
	int result;

	if (!data && may_go_on(t, n_stamp))
		return -EAGAIN;
	*fault = (struct learn_fault){.verdict = verdict_of(t, n_stamp, data != NULL)};
	if (data) {
		n_in = common(data, t->n_out - (size_t)(data - t->out), t->in, t->n_in);
		n_out = (size_t)(data - t->out) + n_in;
	}
	result = data && stated->time
	                 ? learn_stated(rule, stated, t->out, (size_t)(data - t->out), wall_ns, &fault->why)
	                 : ts_reply_learn(rule, &stamp, t->in, n_in, t->out, n_out, wall_ns, &fault->why);
	if (result == 0 && separator_differs(rule, stated)) {
		fault->why = "another separator than the stated one";
		return -EINVAL;
	}
	return result;
}

void learn_example(const struct learner *l, struct errors *errors, enum error_class id, const struct client *c)
{
	if (l->client && (!c || l->client == c))
		errors_example_bytes(errors, id, "no [time]data in what came", l->bytes, l->n);
}

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

int learn_rule(struct ts_reply_rule *rule, const char *in, size_t n_in, const char *out, size_t n_out, int64_t wall_ns,
               const char **why)
{
	struct ts_stamp stamp;
	const char *data;
	size_t n;

	*why = "";
	if (n_in >= CERTAIN) {
		data = memmem(out, n_out, in, CERTAIN);
	} else {
		/* Too short to be told from the letters of a time text: then it must be the end of what came. */
		data = n_out > n_in && memcmp(out + n_out - n_in, in, n_in) == 0 ? out + n_out - n_in : NULL;
	}
	if (!data)
		return n_out < LEARN_BYTES ? -EAGAIN : ts_reply_learn(rule, &stamp, in, n_in, out, n_out, wall_ns, why);
	n = common(data, n_out - (size_t)(data - out), in, n_in);
	return ts_reply_learn(rule, &stamp, in, n, out, (size_t)(data - out) + n, wall_ns, why);
}

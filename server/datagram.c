#include "datagram.h"
#include <ctype.h>
#include <string.h>

#define STAMP_BYTES 192 /* the longest, of any server */

/* Behind the stamp that begins at `at`; NULL: there is none. */
static const char *behind_stamp(const char *at, const char *end)
{
	const char *last = end - at > STAMP_BYTES ? at + STAMP_BYTES : end;
	bool has_digit = false;

	if (at == end || *at++ != '[')
		return NULL;
	for (; at < last && *at != '[' && *at != ']'; at++)
		has_digit |= isdigit((unsigned char)*at) != 0;
	return at < last && *at == ']' && has_digit ? at + 1 : NULL;
}

/* Does it begin with more stamps than data has? */
static bool is_echo(const char *data, size_t n)
{
	const char *at = data, *end = data + n;

	for (int i = 0; i <= DATAGRAM_STAMPS_MAX; i++) {
		const char *next;

		at = behind_stamp(at, end);
		if (!at)
			return false;
		next = memchr(at, '[', (size_t)(end - at > TS_SEPARATOR_MAX ? TS_SEPARATOR_MAX + 1 : end - at));
		at = next ? next : end;
	}
	return true;
}

enum datagram_fate datagram_take(const struct datagram *in, struct guard *guard, const char *stamp, size_t n_stamp,
                                 int64_t mono_ns, struct iovec reply[2])
{
	if (in->n == 0)
		return DATAGRAM_EMPTY;
	if (in->truncated)
		return DATAGRAM_TRUNCATED;
	switch (guard_judge(guard, in->source, in->source_len, mono_ns)) {
	case GUARD_NO_SOURCE: return DATAGRAM_NO_SOURCE;
	case GUARD_PORT: return DATAGRAM_GUARDED;
	case GUARD_RATE: return DATAGRAM_RATE;
	case GUARD_ANSWER: break;
	}
	if (in->source->sa_family != AF_UNIX && is_echo(in->data, in->n))
		return DATAGRAM_ECHO;
	reply[0] = (struct iovec){.iov_base = (char *)stamp, .iov_len = n_stamp};
	reply[1] = (struct iovec){.iov_base = in->data, .iov_len = in->n};
	return DATAGRAM_ANSWER;
}

#include "datagram.h"

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
	reply[0] = (struct iovec){.iov_base = (char *)stamp, .iov_len = n_stamp};
	reply[1] = (struct iovec){.iov_base = in->data, .iov_len = in->n};
	return DATAGRAM_ANSWER;
}

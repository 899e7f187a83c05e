/* Which replies are spoilt, and how. */
#include "delay.h"

#define OLD_S (3600 + 2 * 60 + 3) /* SPOIL_BAD_TIME */

static bool rate_hits(const struct rate *rate, uint64_t number)
{
	return rate->n && number * rate->k / rate->n != (number - 1) * rate->k / rate->n;
}

enum spoil spoil_choose(const struct options *options, uint64_t number)
{
	for (enum spoil spoil = SPOIL_NONE + 1; spoil < SPOIL_N; spoil++)
		if (rate_hits(&options->spoil[spoil], number))
			return spoil;
	return SPOIL_NONE;
}

void reply_write(struct peer_text *out, const struct options *options, const struct reply *reply)
{
	time_t now = peer_now_ns(CLOCK_REALTIME) / 1000000000 - (reply->spoil == SPOIL_BAD_TIME ? OLD_S : 0);
	bool round = reply->spoil == SPOIL_BAD_FORMAT;
	size_t start = out->n, n_data;
	char stamp[32];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%a %b %e %H:%M:%S %Y", &tm);
	peer_add_text(out, round ? "(" : "[");
	peer_add_text(out, stamp);
	peer_add_text(out, round ? ")" : "]");
	peer_add_text(out, options->space ? " " : "");
	n_data = out->n;
	peer_add(out, reply->bytes, reply->n);

	switch (reply->spoil) {
	case SPOIL_CORRUPT: out->p[out->n - 1] ^= 1; break;
	case SPOIL_TRUNCATE:
	case SPOIL_SHORT_REPLY: out->n--; break;
	case SPOIL_OVERSIZE: peer_add_text(out, "zz"); break;
	case SPOIL_RESET_IN_REPLY: out->n = start + (out->n - start) / 2; break;
	case SPOIL_WRONG_DATA:
		for (size_t i = n_data; i < out->n; i++)
			out->p[i] = out->p[i] == 'z' ? 'y' : 'z';
		break;
	default: break;
	}
}

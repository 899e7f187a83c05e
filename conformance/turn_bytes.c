/* How much a case sends: what the server returns in the time there is, as far as is known. And with what it is filled.
 */
#include "suite.h"
#include "ts_clock.h"

/* Until it is measured: a quick server is quick with much data, too; of a slow one, 1 KiB a round trip is hoped for. It
 * is known to wait for each line of turn_filler, if it waits. */
static double bytes_hoped_per_s(const struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;
	double round_trips_per_s = 1e9 / (double)(d->least_rtt_ns + 1);

	if (turn_takes_lines(t) && d->least_rtt_ns > DIALECT_WAITING_NS)
		return FILLER_LINE * round_trips_per_s;
	return dialect_is_slow(d) ? 1024 * round_trips_per_s : 32e6;
}

size_t turn_bytes(const struct turn *t, size_t wanted, int64_t budget_ns)
{
	int64_t rtt_ns = t->subject->dialect.least_rtt_ns, measured = t->subject->bytes_per_s;
	double per_s = measured ? (double)measured : bytes_hoped_per_s(t);
	bool scarce = t->subject->dialect.capacity == 1 && rtt_ns > DIALECT_LEISURELY_NS;
	double fit = per_s * (double)budget_ns / (scarce ? 2e9 : 1e9);

	return fit < (double)wanted ? (size_t)fit : wanted;
}

#define CRAWL_PER_S 100000 /* small buffers of a client hold some 100 KB, those of the server 2.5 MB */

bool turn_crawls(struct turn *t)
{
	const int64_t per_s = t->subject->bytes_per_s;

	if (per_s == 0 || per_s >= CRAWL_PER_S)
		return false;
	turn_skip(t, "the server returns %.1f KB a second, and the kernel holds more for it than that",
	          (double)per_s / 1e3);
	return true;
}

/* More than the buffers between the two hold. A slow server is not filled up: it would take minutes to empty. */
size_t turn_bytes_unread(const struct turn *t)
{
	size_t n = dialect_is_slow(&t->subject->dialect) ? turn_bytes(t, 4000, 2 * TS_S)
	                                                 : turn_bytes(t, (size_t)24 << 20, TS_S);

	return turn_takes_lines(t) ? n + FILLER_LINE - n % FILLER_LINE : n;
}

/* No vowels, so that no words come of it; small and capital, and digits, so that a long text changed in these shows. */
#define LETTERS TURN_LETTERS "BFGHJKMNPTVWZ0123456789"

/* Without a pattern, so that a few of them tell which they are: a multiplicative hash, stirred once. */
static char letter_at(uint64_t at)
{
	uint64_t hash = (at + 1) * UINT64_C(0x9e3779b97f4a7c15);

	hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return LETTERS[(hash >> 32) * (sizeof(LETTERS) - 1) >> 32];
}

void turn_filler(const struct turn *t, char *out, size_t n, size_t at)
{
	const struct dialect *d = &t->subject->dialect;

	for (size_t i = 0; i < n; i++, at++)
		out[i] = letter_at(at);
	for (size_t i = FILLER_LINE - 1; d->line && i < n; i += FILLER_LINE) {
		out[i] = '\n';
		if (d->crlf)
			out[i - 1] = '\r';
	}
}

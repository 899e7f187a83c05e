/* Is a zone that was guessed one that anybody keeps? Pure. */
#include "dialect.h"
#include "ts_clock.h"
#include <stdlib.h>
#include <time.h>

int32_t dialect_zone_doubted(const struct ts_stamp *stamp, int32_t zone_s, int64_t now_ns)
{
	const time_t now_s = now_ns / TS_S;
	const int64_t minute = stamp->begin_ns / (60 * TS_S) % 60;
	struct tm tm;

	if (stamp->has_zone || zone_s == 0 || abs(zone_s) >= 3600 || !gmtime_r(&now_s, &tm))
		return zone_s;
	return minute == tm.tm_mon + 1 ? 0 : zone_s;
}

/* Weeks of the year, as strftime(3) counts them. */
#include "ts_stamp_inside.h"

/* The first day of the year's week 1, which is that of 4 January, from Monday (%V), or begins at the first Sunday (%U)
 * or Monday (%W). */
static int64_t week_one(char kind, int year)
{
	int64_t day = ts_stamp_days(year, 1, kind == 'V' ? 4 : 7);

	return day - (day + (kind == 'U' ? 4 : 3)) % 7; /* 1 January 1970 was a Thursday */
}

int64_t ts_stamp_week_day(char kind, int year, int week, int weekday)
{
	return week_one(kind, year) + (week - 1) * 7 + (kind == 'U' ? weekday : (weekday + 6) % 7);
}

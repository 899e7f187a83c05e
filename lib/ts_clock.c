#include "ts_clock.h"
#include <errno.h>
#include <stdio.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now); /* cannot fail for the clocks below: Linux always has them */
	return now.tv_sec * TS_S + now.tv_nsec;
}

int64_t ts_clock_mono_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t ts_clock_wall_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

int64_t ts_clock_wall_coarse_ns(void)
{
	return read_ns(CLOCK_REALTIME_COARSE);
}

int64_t ts_clock_thread_cpu_ns(void)
{
	return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

int ts_clock_sleep_until(int64_t mono_ns)
{
	struct timespec at = {0};

	if (mono_ns > 0) {
		at.tv_sec = mono_ns / TS_S;
		at.tv_nsec = mono_ns % TS_S;
	}
	return -clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

const char *ts_clock_text(int64_t wall_ns, char *buf, unsigned long size)
{
	int64_t ms = wall_ns / TS_MS - (wall_ns % TS_MS < 0); /* rounded down, before 1970 too */
	int64_t ms_of_s = ((ms % 1000) + 1000) % 1000;
	time_t second = (ms - ms_of_s) / 1000;
	char date[40];
	struct tm tm;

	gmtime_r(&second, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf, size, "%s.%03dZ", date, (int)ms_of_s);
	return buf;
}

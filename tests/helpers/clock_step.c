/*
 * A wall clock that steps, for tests: a library for LD_PRELOAD. From CLOCK_STEP_AT_MS after the first look at it on,
 * CLOCK_REALTIME is CLOCK_STEP_MS ahead (or, below 0, behind). The machine's own clock is left alone.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static long long setting(const char *name)
{
	const char *text = getenv(name);

	return text ? atoll(text) : 0;
}

static long long ms_of(const struct timespec *t)
{
	return t->tv_sec * 1000LL + t->tv_nsec / 1000000;
}

/* Threads may look first at the same time: then each sets about the same moment. */
int clock_gettime(clockid_t id, struct timespec *now)
{
	static int (*real)(clockid_t, struct timespec *);
	static long long begin_ms;
	long long step_ms = setting("CLOCK_STEP_MS");
	struct timespec elapsed;
	int result;

	if (!real)
		real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	result = real(id, now);
	if (result != 0 || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE))
		return result;
	real(CLOCK_MONOTONIC, &elapsed);
	if (begin_ms == 0)
		begin_ms = ms_of(&elapsed);
	if (ms_of(&elapsed) - begin_ms < setting("CLOCK_STEP_AT_MS"))
		return 0;
	now->tv_sec += step_ms / 1000;
	now->tv_nsec += step_ms % 1000 * 1000000;
	now->tv_sec += now->tv_nsec >= 1000000000 ? 1 : now->tv_nsec < 0 ? -1 : 0;
	now->tv_nsec += now->tv_nsec >= 1000000000 ? -1000000000 : now->tv_nsec < 0 ? 1000000000 : 0;
	return 0;
}

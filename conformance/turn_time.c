#include "altered.h"
#include "suite.h"
#include "ts_clock.h"

void turn_wrong_time(const struct turn *t, const char *reply, size_t n, int64_t sent_ns, int64_t last_ns, char *text,
                     size_t size)
{
	const struct dialect *d = &t->subject->dialect;
	struct altered_moment m = {.sent_ns = sent_ns, .read_ns = ts_clock_wall_ns(), .last_ns = last_ns};

	m.age_ns = ts_clock_mono_ns() - t->subject->probed_ns;
	m.first_ns = ts_stamp_instant_ns(&d->stamp, d->rule.zone_s, m.read_ns);
	altered_time(&d->rule, reply, n, &m, text, size);
}

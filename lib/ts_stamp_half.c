/* The halves of the day, as they are written beside a clock of twelve hours. */
#include "ts_stamp_inside.h"
#include <string.h>

bool ts_stamp_half(struct ts_stamp_scan *s, bool *pm)
{
	static const char *const names[][2] = {
	        {"AM", "PM"}, {"am", "pm"}, {"a.m.", "p.m."}, {"a.\xc2\xa0m.", "p.\xc2\xa0m."}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const size_t n = strlen(names[i][0]);
		if ((size_t)(s->end - s->p) < n)
			continue;
		*pm = memcmp(s->p, names[i][1], n) == 0;
		if (*pm || memcmp(s->p, names[i][0], n) == 0) {
			s->p += n;
			return true;
		}
	}
	return false;
}

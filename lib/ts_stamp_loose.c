/* Fractions of a second whose digits a pattern of strftime does not count. */
#include "ts_stamp_inside.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The fraction's conversion, if it stands behind a point; or NULL. No digits may follow it, and *n are its bytes. */
static const char *loose_fraction(const char *pattern, size_t *n)
{
	for (const char *p = pattern; *p; p += *n) {
		*n = *p == '%' ? ts_stamp_conversion(p) : 1;
		if (*n == 0)
			return NULL;
		if (*n > 1 && strchr("fN", p[*n - 1]))
			return p > pattern && strchr(".,", p[-1]) && !isdigit((unsigned char)p[*n]) ? p : NULL;
	}
	return NULL;
}

/* Behind a point there may be more digits or fewer than the pattern shows, and neither point nor digits for none: some
 * languages write no zeros at the end. */
bool ts_stamp_read_pattern(struct ts_stamp *stamp, const char *pattern, struct ts_stamp_scan *s)
{
	char loose[sizeof(((struct ts_stamp_format *)0)->strftime_text)], digits[4];
	struct ts_stamp_scan first = *s;
	size_t n_fraction = 0;

	if (ts_stamp_read_fixed(stamp, pattern, s))
		return true;
	const char *fraction = loose_fraction(pattern, &n_fraction);
	for (int n = 9; n >= 0 && fraction; n--) {
		struct ts_stamp_scan again = first;
		snprintf(digits, sizeof(digits), n ? "%%%dN" : "", n);
		int size = snprintf(loose, sizeof(loose), "%.*s%s%s", (int)(fraction - pattern) - !n, pattern, digits,
		                    fraction + n_fraction);
		if (size < (int)sizeof(loose) && ts_stamp_read_fixed(stamp, loose, &again)) {
			*s = again;
			return true;
		}
	}
	return false;
}

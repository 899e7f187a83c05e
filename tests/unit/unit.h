/* What every unit test includes: cmocka, what cmocka needs, the length of an array, and doubles that
 * are nearly equal. */
#ifndef UNIT_H
#define UNIT_H

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

static inline void check_near(double got, double expected, double tolerance)
{
	if (!(fabs(got - expected) <= tolerance)) {
		print_error("%.10g is not within %g of %.10g\n", got, tolerance, expected);
		fail();
	}
}

#endif

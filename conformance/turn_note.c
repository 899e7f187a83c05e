/* What a turn has to say: the first thing that went wrong, or what there is to report. */
#include "suite.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The first thing that goes wrong is what the message says. False: it stands there already. */
static bool note(struct turn *t, const char *format, va_list args)
{
	if (t->blame != NOBODY)
		return false;
	vsnprintf(t->message, sizeof(t->message), format, args);
	return true;
}

bool turn_fail(struct turn *t, enum blame blame, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (note(t, format, args))
		t->blame = blame;
	va_end(args);
	return false;
}

bool turn_sees_end(struct turn *t, enum blame blame)
{
	char how[300];

	if (!launch_ended(t->subject->launch, how, sizeof(how)))
		return false;
	t->subject->gone = true;
	if (t->blame == NOBODY)
		t->sort = ENDED;
	turn_fail(t, blame, "%s", how);
	return true;
}

void turn_contrast(struct turn *t, const char *expected, const char *actual)
{
	if (t->blame != NOBODY)
		return;
	snprintf(t->expected, sizeof(t->expected), "%s", expected);
	snprintf(t->actual, sizeof(t->actual), "%s", actual);
}

void turn_precede(struct turn *t, const char *format, ...)
{
	char what[300];
	va_list args;

	snprintf(what, sizeof(what), "%.299s", t->message);
	va_start(args, format);
	vsnprintf(t->message, sizeof(t->message) - sizeof(what), format, args);
	va_end(args);
	size_t n = strnlen(t->message, sizeof(t->message) - 1);
	snprintf(t->message + n, sizeof(t->message) - n, "%s", what);
}

void turn_forgive(struct turn *t)
{
	t->blame = NOBODY;
	t->sort = ANY;
	t->message[0] = t->expected[0] = t->actual[0] = '\0';
}

void turn_report(struct turn *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(t, format, args);
	va_end(args);
}

void turn_skip(struct turn *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	bool noted = note(t, format, args);
	va_end(args);
	if (noted)
		turn_precede(t, "not tried: ");
	t->skipped |= noted;
}

void turn_warn(struct turn *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	t->warned |= note(t, format, args);
	va_end(args);
}

#include "ts_err.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One line, whatever a file's name or an option's value holds. */
static void flatten(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

static void fill(struct ts_err *err, enum ts_exit exit_status, const char *format, va_list args)
{
	if (err == NULL)
		return;
	err->exit_status = exit_status;
	vsnprintf(err->text, sizeof err->text, format, args);
	flatten(err->text);
}

int ts_err_set(struct ts_err *err, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(err, TS_EXIT_ENVIRON, format, args);
	va_end(args);
	return -error;
}

int ts_err_usage(struct ts_err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(err, TS_EXIT_USAGE, format, args);
	va_end(args);
	return -EINVAL;
}

int ts_err_prefix(struct ts_err *err, int result, const char *prefix)
{
	char text[sizeof err->text];

	if (err == NULL)
		return result;
	memcpy(text, err->text, sizeof text);
	/* What does not fit is cut at the end: the name of the thing at fault matters more than the last words. */
	if (snprintf(err->text, sizeof err->text, "%s: ", prefix) < (int)sizeof err->text)
		strncat(err->text, text, sizeof err->text - strlen(err->text) - 1);
	flatten(err->text);
	return result;
}

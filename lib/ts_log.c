/*
 * A line is built on the stack and written by one write(2). Texts from outside (a file's name, a peer's bytes) may hold
 * control characters: they are shown as \n, \t or \xNN, so that a message stays one line and cannot steer a terminal.
 * Bytes from 128 up pass, because UTF-8 needs them; its C1 controls (0xc2 0x80 to 0x9f) do not.
 */
#include "ts_log.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX       1024
#define LINE_MAX_BYTES (TEXT_MAX * 4 + 128) /* each byte may become \xNN */

/* How many bytes from `at` are a control character: 0, 1, or the 2 of a C1 control. */
static int control_length(const unsigned char *at)
{
	if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)
		return 2;
	return at[0] < 0x20 || at[0] == 0x7f;
}

static size_t append_escaped(char *line, size_t n, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef", plain[] = "\n\t\r", letters[] = "ntr";
	const char *found = strchr(plain, byte);

	line[n++] = '\\';
	if (found != NULL) {
		line[n++] = letters[found - plain];
		return n;
	}
	line[n++] = 'x';
	line[n++] = hex[byte >> 4];
	line[n++] = hex[byte & 15];
	return n;
}

/* Append `text` to line[n], made visible; returns the new length. The caller has left room for four bytes each. */
static size_t append_visible(char *line, size_t n, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at != '\0') {
		int n_control = control_length(at);

		if (n_control == 0)
			line[n++] = (char)*at++;
		for (; n_control > 0; n_control--)
			n = append_escaped(line, n, *at++);
	}
	return n;
}

static void write_line(const struct ts_log *log, const char *text)
{
	char line[LINE_MAX_BYTES];
	size_t n = 0;
	ssize_t written;

	if (log->program != NULL)
		n = (size_t)snprintf(line, 64, "%.60s: ", log->program);
	n = append_visible(line, n, text);
	line[n++] = '\n';
	do
		written = write(STDERR_FILENO, line, n);
	while (written < 0 && errno == EINTR);
	/* There is nobody to tell when standard error itself fails. */
}

void ts_log(const struct ts_log *log, enum ts_log_level level, const char *format, ...)
{
	int saved = errno;
	char text[TEXT_MAX];
	va_list args;

	if (level > log->level)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	write_line(log, text);
	errno = saved;
}

bool ts_log_first(struct ts_log_once *once)
{
	return atomic_fetch_add_explicit(&once->n_seen, 1, memory_order_relaxed) == 0;
}

int ts_log_fail(const struct ts_log *log, const struct ts_err *err)
{
	ts_log(log, TS_LOG_ERROR, "%s", err->text);
	return (int)err->exit_status;
}

#include "errors.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *error_name(enum error_class id)
{
	static const char *const names[] = {
#define X(id, text) #id,
#include "errors.def"
#undef X
	};
	return names[id];
}

const char *error_text(enum error_class id)
{
	static const char *const texts[] = {
#define X(id, text) text,
#include "errors.def"
#undef X
	};
	return texts[id];
}

enum error_class error_of_connect(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case ENOENT: return ERROR_refused;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN: return ERROR_unreachable;
	case ETIMEDOUT: return ERROR_connect_timeout;
	case EAGAIN: return ERROR_backlog_full;
	case EADDRNOTAVAIL:
	case EADDRINUSE: return ERROR_no_local_address;
	case EMFILE:
	case ENFILE: return ERROR_no_descriptors;
	case ENOMEM:
	case ENOBUFS: return ERROR_no_memory;
	default: return ERROR_connect_failed;
	}
}

enum error_class error_of_verdict(enum ts_reply_verdict verdict)
{
	switch (verdict) {
	case TS_REPLY_BAD_TIME: return ERROR_bad_time;
	case TS_REPLY_STALE_TIME: return ERROR_stale_time;
	case TS_REPLY_FUTURE_TIME: return ERROR_future_time;
	case TS_REPLY_WRONG_DATA: return ERROR_wrong_data;
	case TS_REPLY_EXCESS: return ERROR_oversized_reply;
	case TS_REPLY_SHORT: return ERROR_short_reply;
	default: return ERROR_bad_format;
	}
}

void errors_note(struct errors *e, enum error_class id, uint64_t n, int64_t now_ns)
{
	struct error_entry *entry = &e->entry[id];

	if (entry->n == 0)
		entry->first_ns = now_ns;
	entry->last_ns = now_ns;
	entry->n += n;
}

void errors_example(struct errors *e, enum error_class id, const char *format, ...)
{
	struct error_entry *entry = &e->entry[id];
	va_list args;

	if (entry->example[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(entry->example, sizeof(entry->example), format, args);
	va_end(args);
}

void errors_example_bytes(struct errors *e, enum error_class id, const char *expected, const char *bytes, size_t n)
{
	struct error_entry *entry = &e->entry[id];
	char text[120];
	size_t at = 0;

	if (entry->example[0] != '\0')
		return;
	for (size_t i = 0; i < n && at + 5 < sizeof(text); i++) {
		unsigned char byte = (unsigned char)bytes[i];
		if (byte >= 0x20 && byte < 0x7f && byte != '\\')
			text[at++] = (char)byte;
		else
			at += (size_t)snprintf(text + at, sizeof(text) - at, "\\x%02x", byte);
	}
	text[at] = '\0';
	snprintf(entry->example, sizeof(entry->example), "%s: %s", expected, text);
}

void errors_merge(struct errors *dst, const struct errors *src)
{
	for (int i = 0; i < ERROR_N; i++) {
		struct error_entry *d = &dst->entry[i];
		const struct error_entry *s = &src->entry[i];
		if (s->n == 0)
			continue;
		if (d->n == 0 || s->first_ns < d->first_ns) {
			d->first_ns = s->first_ns;
			memcpy(d->example, s->example, sizeof(d->example));
		}
		if (d->n == 0 || s->last_ns > d->last_ns)
			d->last_ns = s->last_ns;
		d->n += s->n;
		d->n_warmup += s->n_warmup;
	}
}

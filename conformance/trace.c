#include "trace.h"
#include <stdlib.h>
#include <string.h>

void trace_begin(struct trace *trace, int64_t now_ns)
{
	trace->begin_ns = now_ns;
	trace->n = trace->n_dropped = 0;
}

void trace_add(struct trace *trace, int64_t now_ns, int client, const char *what, const void *bytes, size_t n)
{
	if (!trace->events)
		trace->events = calloc(TRACE_EVENTS, sizeof(*trace->events));
	if (!trace->events || trace->n == TRACE_EVENTS) {
		trace->n_dropped++;
		return;
	}
	struct trace_event *event = &trace->events[trace->n++];
	event->at_ns = now_ns - trace->begin_ns;
	event->client = client;
	snprintf(event->what, sizeof(event->what), "%s", what);
	event->n = n;
	if (n > 0)
		memcpy(event->bytes, bytes, n < TRACE_BYTES ? n : TRACE_BYTES);
}

static size_t quote_byte(unsigned char c, char *out)
{
	static const char names[] = "\nn\rr\tt\"\"\\\\";

	for (size_t i = 0; i + 1 < sizeof(names); i += 2)
		if (c == (unsigned char)names[i]) {
			out[0] = '\\';
			out[1] = names[i + 1];
			return 2;
		}
	if (c >= 0x20 && c < 0x7f) {
		out[0] = (char)c;
		return 1;
	}
	return (size_t)sprintf(out, "\\x%02x", c);
}

char *trace_quote(const void *bytes, size_t n, char *out, size_t size)
{
	const unsigned char *b = bytes;
	size_t at = 0, i = 0;

	out[at++] = '"';
	for (; i < n && at + 10 < size; i++)
		at += quote_byte(b[i], out + at);
	snprintf(out + at, size - at, i < n ? "\"..." : "\"");
	return out;
}

char *trace_text(const struct trace *trace)
{
	char *text = NULL, quoted[TRACE_BYTES * 4 + 16];
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return NULL;
	for (int i = 0; i < trace->n; i++) {
		const struct trace_event *e = &trace->events[i];
		fprintf(f, "%10.3f ms  client %-3d %-10s", (double)e->at_ns / 1e6, e->client, e->what);
		if (e->n > 0)
			fprintf(f, " %6zu bytes  %s%s", e->n,
			        trace_quote(e->bytes, e->n < TRACE_BYTES ? e->n : TRACE_BYTES, quoted, sizeof(quoted)),
			        e->n > TRACE_BYTES ? "..." : "");
		fputc('\n', f);
	}
	if (trace->n_dropped > 0)
		fprintf(f, "  and %d further events\n", trace->n_dropped);
	fclose(f);
	return text;
}

void trace_release(struct trace *trace)
{
	free(trace->events);
	memset(trace, 0, sizeof(*trace));
}

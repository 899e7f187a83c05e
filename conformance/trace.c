#include "trace.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define RUN_SHOWN 4 /* events at each end of a long run that are shown */

void trace_begin(struct trace *trace, int64_t now_ns)
{
	trace->begin_ns = now_ns;
	trace->n = 0;
}

/* The place of the i-th event: what lies behind the head is a ring. */
static struct trace_event *event_at(const struct trace *trace, int i)
{
	return &trace->events[i < TRACE_HEAD ? i : TRACE_HEAD + (i - TRACE_HEAD) % (TRACE_EVENTS - TRACE_HEAD)];
}

void trace_add(struct trace *trace, int64_t now_ns, int client, const char *what, const void *bytes, size_t n)
{
	if (!trace->events)
		trace->events = calloc(TRACE_EVENTS, sizeof(*trace->events));
	if (!trace->events)
		return;
	struct trace_event *event = event_at(trace, trace->n++);
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

static void print_event(FILE *f, const struct trace_event *e)
{
	char quoted[TRACE_BYTES * 4 + 16];

	fprintf(f, "%10.3f ms  client %-3d %-10s", (double)e->at_ns / 1e6, e->client, e->what);
	if (e->n > 0)
		fprintf(f, " %6zu bytes  %s%s", e->n,
		        trace_quote(e->bytes, e->n < TRACE_BYTES ? e->n : TRACE_BYTES, quoted, sizeof(quoted)),
		        e->n > TRACE_BYTES ? "..." : "");
	fputc('\n', f);
}

/* From the i-th on: how many events, of those before the last-th, are sends or receives of one client? */
static int run_length(const struct trace *trace, int i, int last)
{
	const struct trace_event *first = event_at(trace, i), *e;
	int n = 1;

	while (i + n < last && (e = event_at(trace, i + n))->n > 0 && e->client == first->client &&
	       strcmp(e->what, first->what) == 0)
		n++;
	return n;
}

/* Those from the i-th to the last-th; of a long run the middle is summed up. */
static void print_events(FILE *f, const struct trace *trace, int i, int last)
{
	while (i < last) {
		int n = run_length(trace, i, last);
		size_t n_bytes = 0;
		for (int j = 0; j < n; j++, i++) {
			bool in_middle = n > 3 * RUN_SHOWN && j >= RUN_SHOWN && j < n - RUN_SHOWN;
			n_bytes += in_middle ? event_at(trace, i)->n : 0;
			if (in_middle && j == n - RUN_SHOWN - 1)
				fprintf(f, "  (%d more of these, with %zu bytes)\n", n - 2 * RUN_SHOWN, n_bytes);
			else if (!in_middle)
				print_event(f, event_at(trace, i));
		}
	}
}

char *trace_text(const struct trace *trace)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	int n_left_out = trace->n > TRACE_EVENTS ? trace->n - TRACE_EVENTS : 0;

	if (!f)
		return NULL;
	print_events(f, trace, 0, n_left_out > 0 ? TRACE_HEAD : trace->n);
	if (n_left_out > 0) {
		fprintf(f, "  (%d events left out)\n", n_left_out);
		print_events(f, trace, TRACE_HEAD + n_left_out, trace->n);
	}
	fclose(f);
	return text;
}

void trace_release(struct trace *trace)
{
	free(trace->events);
	memset(trace, 0, sizeof(*trace));
}

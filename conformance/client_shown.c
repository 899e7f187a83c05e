/* What a client has printed: was the data of the replies in it? */
#include "client_play.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 4 /* the shortest piece of a reply that is looked for */

const char *play_said(const struct play *p, char *buf, size_t size)
{
	char out[120], err[120];

	trace_quote(p->out.at, p->out.n, out, sizeof(out));
	if (p->err.n == 0)
		return snprintf(buf, size, "%s", out), buf;
	size_t n = p->err.n < 80 ? p->err.n : 80; /* the last words say most */
	trace_quote(p->err.at + p->err.n - n, n, err, sizeof(err));
	snprintf(buf, size, "%s, and its messages end in %s", out, err);
	return buf;
}

/*
 * Clients show a long reply in parts, each with a line's end, and prompts between them. So blanks are left out, and
 * the data is looked for in pieces of at least PIECE bytes.
 */
static const char *find(const char *from, const char *end, const char *data, size_t n)
{
	for (size_t done = 0; done < n;) {
		const char *at = n - done < PIECE ? NULL : memmem(from, (size_t)(end - from), data + done, PIECE);
		if (!at)
			return NULL;
		while (done < n && at < end && *at == data[done]) {
			at++;
			done++;
		}
		from = at;
	}
	return from;
}

int play_times_shown(const struct play *p, int i)
{
	const char *data = p->typed.at + p->lines[i].from, *at = p->out.at;
	int n = 0;

	while (at && (at = memmem(at, (size_t)(p->out.at + p->out.n - at), data, p->lines[i].n))) {
		at += p->lines[i].n;
		n++;
	}
	return n;
}

bool play_shown(struct play *p, int first)
{
	char *plain = malloc(p->out.n + 1), said[280];
	size_t n = 0;
	bool ok = true;

	for (size_t i = 0; plain && i < p->out.n; i++)
		if (!isspace((unsigned char)p->out.at[i]))
			plain[n++] = p->out.at[i];
	const char *at = plain;
	for (int i = first; plain && ok && i < p->n_lines; i++) {
		const char *data = p->typed.at + p->lines[i].from;
		at = find(at, plain + n, data, p->lines[i].n);
		if (at)
			continue;
		trace_quote(data, p->lines[i].n, p->t->expected, sizeof(p->t->expected));
		snprintf(p->t->actual, sizeof(p->t->actual), "%s", play_said(p, said, sizeof(said)));
		ok = turn_fail(p->t, BYTES, "the reply to line %d of %zu bytes is not shown whole", i + 1,
		               p->lines[i].n);
	}
	free(plain);
	return ok;
}

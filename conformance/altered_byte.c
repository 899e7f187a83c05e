/* What became of the byte from which on the data is another? */
#include "altered.h"
#include "trace.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LIKE 6 /* so many bytes behind it tell */

/* Do both go on alike, as far as they go and no stamp may begin? */
static bool go_on_alike(const char *a, size_t n_a, const char *b, size_t n_b)
{
	size_t n = n_a < n_b ? n_a : n_b, i = 0;

	while (i < n && i < LIKE && a[i] == b[i] && a[i] != '[')
		i++;
	return i == LIKE || (n_a == n_b && i == n) || (i > 1 && (i == n || a[i] == '[' || b[i] == '['));
}

char *altered_byte(const char *sent, size_t n_sent, const char *got, size_t n_got, char *text, size_t size)
{
	char in[16], out[16];

	text[0] = '\0';
	if (n_sent == 0 || n_got == 0)
		return text;
	trace_quote(sent, 1, in, sizeof(in));
	trace_quote(got, 1, out, sizeof(out));
	if (go_on_alike(sent + 1, n_sent - 1, got + 1, n_got - 1))
		snprintf(text, size, "a byte of the data, %s, came back as %s", in, out);
	else if (go_on_alike(sent + 1, n_sent - 1, got, n_got))
		snprintf(text, size, "a byte of the data, %s, was left out", in);
	else if (go_on_alike(sent, n_sent, got + 1, n_got - 1))
		snprintf(text, size, "a byte, %s, was put into the data before %s", out, in);
	else
		snprintf(text, size, "%s came where %s stands in the data", out, in);
	return text;
}

/* Is the data that came another part of what was sent? */
#include "altered.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LEAST 6  /* so many bytes tell where they are from, if they stand there only once, */
#define MOST  16 /* and more need not be compared */

static size_t n_telling(const char *got, size_t n)
{
	const char *bracket = memchr(got, '[', n);

	n = bracket ? (size_t)(bracket - got) : n;
	return n < MOST ? n : MOST;
}

/* Where do these stand, once and not more often? NULL: nowhere, or in several places. */
static const char *only_place(const char *in, size_t n_in, const char *part, size_t n)
{
	const char *end = in + n_in, *at = memmem(in, n_in, part, n);

	return at && !memmem(at + 1, (size_t)(end - at) - 1, part, n) ? at : NULL;
}

char *altered_moved(const char *sent, size_t n_sent, size_t from, const char *got, size_t n_got, char *text,
                    size_t size)
{
	size_t n = n_got > 0 ? n_telling(got, n_got) : 0;
	const char *at = n >= LEAST ? only_place(sent, n_sent, got, n) : NULL;

	text[0] = '\0';
	if (!at)
		return text;
	size_t place = (size_t)(at - sent), n_missing = n_sent - from < MOST ? n_sent - from : MOST;
	bool comes_late = n_missing >= LEAST && memmem(got, n_got, sent + from, n_missing);
	if (place < from)
		snprintf(text, size, "data came again that had come %zu bytes before", from - place);
	else if (place > from + 1 && comes_late)
		snprintf(text, size, "the data came in another order: what stands %zu bytes later in it came first",
		         place - from);
	else if (place > from + 1)
		snprintf(text, size, "%zu bytes of the data did not come, and what follows them did", place - from);
	return text;
}

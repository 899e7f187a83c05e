/* What follows the data, where nothing was due? */
#include "altered.h"
#include "trace.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SHOWN 40 /* bytes */

const char *altered_more(const char *sent, size_t n_sent, const char *more, size_t n_more, char *text, size_t size)
{
	char quoted[100];
	const char *bracket = n_more > 0 ? memchr(more, '[', n_more) : NULL;

	if (bracket > more) /* it may be that of the next reply */
		n_more = (size_t)(bracket - more);
	size_t n_shown = n_more < SHOWN ? n_more : SHOWN;
	bool again = n_more > 0 && n_more <= n_sent && memcmp(sent + n_sent - n_more, more, n_more) == 0;

	if (n_more == 0)
		snprintf(text, size, "bytes follow the data that are not of its message");
	else if (again)
		snprintf(text, size, "the end of the data came twice: %s",
		         trace_quote(more, n_shown, quoted, sizeof(quoted)));
	else
		snprintf(text, size, "bytes follow the data that are not of its message: %s",
		         trace_quote(more, n_shown, quoted, sizeof(quoted)));
	return text;
}

/* Which separator came, instead of the server's? */
#include "altered.h"
#include "trace.h"
#include <stdio.h>
#include <string.h>

const char *altered_separator(const struct ts_reply_rule *rule, const char *reply, size_t n, const char *data,
                              size_t n_data, char *text, size_t size)
{
	const char *close = n > 1 && reply[0] == '[' ? memchr(reply, ']', n) : NULL, *end = reply + n;
	size_t n_telling = n_data < 8 ? n_data : 8;
	const char *at = close && n_telling > 0 ? memmem(close + 1, (size_t)(end - close) - 1, data, n_telling) : NULL;
	char came[40], due[40];

	text[0] = '\0';
	if (!at || (size_t)(at - close) > sizeof(rule->separator))
		return text;
	snprintf(text, size, "%s stands between the ] and the data, where it was %s before",
	         at == close + 1 ? "nothing" : trace_quote(close + 1, (size_t)(at - close) - 1, came, sizeof(came)),
	         rule->n_separator == 0 ? "nothing"
	                                : trace_quote(rule->separator, rule->n_separator, due, sizeof(due)));
	return text;
}

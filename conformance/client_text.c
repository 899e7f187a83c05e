/* The tables of the client's suite, and a client's style for people and for programs. */
#include "client.h"
#include "ts_json.h"
#include <stdio.h>

const struct requirement client_requirements[] = {
#define CLIENT(id, level, transports, depends, function, anchor, sentence) {id, level, transports, anchor, sentence},
#include "client_cases.def"
#undef CLIENT
};

const struct case_row client_cases[] = {
#define CLIENT(id, level, transports, depends, function, anchor, sentence) {id, 0, 1, FIRST, depends, function},
#include "client_cases.def"
#undef CLIENT
};
const size_t n_client_cases = sizeof(client_cases) / sizeof(client_cases[0]);

const char *client_words(const struct client_style *style, char *buf, size_t size)
{
	if (!style->known)
		snprintf(buf, size, "not known: the client sent no line");
	else
		snprintf(buf, size, "a client, line end: %s%s%s", style->ending, style->end ? ", ends at: " : "",
		         style->end ? style->end : "");
	return buf;
}

cJSON *client_json(const struct client_style *style, const char *transport)
{
	cJSON *o;

	if (!style->known)
		return cJSON_CreateNull();
	o = cJSON_CreateObject();
	ts_json_add_text(o, "role", "client");
	ts_json_add_text(o, "transport", transport);
	ts_json_add_text(o, "line_end", style->ending);
	ts_json_add_text(o, "ended_by", style->end);
	return o;
}

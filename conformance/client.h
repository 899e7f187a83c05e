/*
 * The suite for clients (--client): tables of the same shape as the server's, and how one client speaks.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "suite.h"
#include <cjson/cJSON.h>

/* Found by the cases; written by their only thread. */
struct client_style {
	bool known;  /* it sent a line */
	bool absent; /* the shell did not find the command */
	char absent_why[200];
	const char *ending; /* what it sends after a line: "none", "LF", "CR LF", or NULL */
	const char *end;    /* what ends it: "empty line", "end of input", or NULL */
};

/* Can the server that we play listen there? 0, or -1 with err. */
int client_check_endpoint(const struct ts_endpoint *at, struct ts_err *err);

extern const struct requirement client_requirements[];
extern const struct case_row client_cases[];
extern const size_t n_client_cases; /* as many as requirements */

/* For people, one line; and for programs. */
const char *client_words(const struct client_style *style, char *buf, size_t size);
cJSON *client_json(const struct client_style *style, const char *transport);

#define CLIENT(id, level, transports, depends, function, anchor, sentence) void function(struct turn *t);
#include "client_cases.def"
#undef CLIENT

#endif

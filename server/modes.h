/*
 * The table of modes, made from modes.def. A row without a function does not link, a function without a row does not
 * compile without a warning.
 */
#ifndef MODES_H
#define MODES_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct server;

/* Serve until the stop. Returns 0, or -errno with a sentence logged: then the server ends with exit status 3. */
typedef int mode_run(struct server *server);

struct mode {
	const char *name, *summary;
	mode_run *run;       /* NULL when not available */
	unsigned transports; /* bits of 1 << enum ts_transport */
	bool concurrent, multiplexes, available;
	int workers; /* see modes.def */
};

size_t modes_count(void);
const struct mode *modes_at(size_t i);

/* --list-modes: a table for people, or {"schema": "tsbench.modes/1", ...} (owned). */
int modes_print(void); /* 0 or -errno */
cJSON *modes_json(void);

#define MODE(function, ...) mode_run mode_##function;
#include "modes.def"
#undef MODE

#endif

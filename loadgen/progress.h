/*
 * The live line on a terminal: rate, median, 99th percentile, errors, open connections, time left. It is rewritten in
 * place on standard error and wiped before any other text. Quiet where standard error is no terminal, unless asked.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "plan.h"
#include "sampler.h"
#include "ts_live.h"

struct progress {
	struct ts_live line;
	int64_t next_ns;
	uint64_t completed_before;
	int64_t before_ns;
	const char *title; /* borrowed: shown before the line, for searches; "" */
};

void progress_init(struct progress *p, const struct plan *plan);
void progress_show(struct progress *p, const struct plan *plan, const struct sampler *s, int64_t now_ns);
void progress_wipe(struct progress *p);

#endif

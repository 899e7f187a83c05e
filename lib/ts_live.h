/*
 * A live line on standard error that says how far a program is: written anew in place on a terminal, one line each time
 * elsewhere. One thread at a time.
 */
#ifndef TS_LIVE_H
#define TS_LIVE_H

#include <stdbool.h>

enum ts_live_when { TS_LIVE_AUTO, TS_LIVE_ALWAYS, TS_LIVE_NEVER };
#define TS_LIVE_CHOICES "auto|always|never" /* for an option of type TS_OPT_CHOICE, in the order above */

struct ts_live {
	bool on, rewrites; /* rewrites: a terminal */
	bool shown;
};

/* auto: on a terminal alone. */
void ts_live_init(struct ts_live *l, enum ts_live_when when);

void ts_live_put(struct ts_live *l, const char *text); /* at most 250 bytes */
void ts_live_wipe(struct ts_live *l);                  /* before any other text */

#endif

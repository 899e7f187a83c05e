/*
 * The figures of one trial, read from the generator's result and the server's counts. Pure. Unknown is NaN.
 */
#ifndef FIGURES_H
#define FIGURES_H

#include <cjson/cJSON.h>

enum figure {
#define FIGURE_ROW(ID, name, title, unit, better, path) FIGURE_##ID,
#include "figures.def"
#undef FIGURE_ROW
	FIGURE_N
};

enum figure_better { FIGURE_HIGHER, FIGURE_LOWER, FIGURE_NEITHER };

struct figure_row {
	const char *name, *title, *unit;
	const char *path; /* in the generator's result; NULL: made of several fields */
	enum figure_better better;
};

const struct figure_row *figure_row(enum figure figure);
int figure_find(const char *name); /* enum figure, or -1 */

/* Fill out[FIGURE_N]. `server` (tsbench.server/1) may be NULL. */
void figures_read(double *out, const cJSON *load, const cJSON *server);

#endif

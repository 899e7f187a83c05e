/*
 * The conformance matrix as a chart: a row for each case, a column for each server, a mark in each place. Marks differ
 * in shape and in colour, so print and the colour-blind lose nothing. Cases stand together by area, the word before the
 * dot.
 */
#ifndef MATRIX_CHART_H
#define MATRIX_CHART_H

#include "matrix.h"
#include "ts_err.h"
#include <stdbool.h>

#define MATRIX_CHART_SERVERS_MAX 36  /* columns that have room beside each other */
#define MATRIX_CHART_CASES_MAX   500 /* rows that a PNG can hold */

/*
 * Draw matrix.svg and matrix.png, with matrix.dat and matrix.gp, into dir (which is made). shown[row]: is it drawn?
 * 0, or -errno with err: too many servers or cases, nothing to draw, no gnuplot, a folder that cannot be written.
 */
int matrix_chart_draw(const struct matrix *m, const bool *shown, const char *dir, struct ts_err *err);

#endif

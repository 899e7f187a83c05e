/*
 * A run's page: one HTML file that needs no network. The answer, a table that sorts, the charts, how it was measured,
 * how to repeat it, and links to the raw files beside it.
 */
#ifndef HTML_H
#define HTML_H

#include "charts.h"
#include "summary.h"

/* Write the page to `path`; the charts are read from charts_dir, and linked to as `charts_link` from
 * the page's place. */
int html_write(const char *path, const struct summary *s, const char *charts_dir, const char *charts_link,
               const struct chart_drawn *drawn, size_t n_drawn, struct ts_err *err);

#endif

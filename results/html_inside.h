/* What the parts of a run's page (html.h) share, and nobody else needs. */
#ifndef HTML_INSIDE_H
#define HTML_INSIDE_H

#include "charts.h"
#include "summary.h"
#include <stdio.h>

/* Print with every argument's text escaped: the only format is %s. */
void html_put(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The charts, read from `dir`, and linked to as `link` from the page's place. 0, or -errno with err. */
int html_charts(FILE *out, const struct summary *s, const char *dir, const char *link, const struct chart_drawn *drawn,
                size_t n, struct ts_err *err);

void html_method(FILE *out, const struct summary *s);
void html_raw(FILE *out, const struct runset *set);

#endif

/*
 * gnuplot's SVG, made fit to stand inside a page: no ground of its own, black and greys that follow the page's light or
 * dark, colours as CSS variables (--rgb-RRGGBB, with the colour itself as fall-back), identifiers that are unique in
 * the page, a name for those who cannot see it, and texts that appear under the pointer (gnuplot's hypertext needs a
 * script from elsewhere). Pure. Knows gnuplot 5.4's output; what it does not know it leaves as it is.
 */
#ifndef SVG_H
#define SVG_H

#include <stdio.h>

/* Write `svg` to out as an inline <svg> element. id: a prefix for its identifiers; alt: its accessible name. */
void svg_inline(FILE *out, const char *svg, const char *id, const char *alt);

/* Text as HTML or XML can hold it: & < > " ' are escaped, control characters left out. */
void svg_escape(FILE *out, const char *text);

#endif
